#include "app/recovery/changedcells.h"

#include <algorithm>
#include <utility>

namespace farcell {

using recovery::Batch;
using recovery::CellChange;

namespace {

constexpr qsizetype longOutput = 200'000; // characters; longer ones are written in parts
constexpr qsizetype longestBatch = qsizetype{4} << 20; // characters of outputs in one record

} // namespace

ChangedCells::ChangedCells(NotebookDocument &document)
    : m_document(document)
{
    const auto reordered = [this] {
        m_order = true;
        emit changed();
    };
    connect(&document, &NotebookDocument::cellsInserted, this,
            [this, reordered](int first, int count) {
                for (int i = first; i < first + count; ++i)
                    touch(m_document.cellAt(i).id).outputsFrom = 0;
                reordered();
            });
    connect(&document, &NotebookDocument::cellsRemoved, this, reordered);
    connect(&document, &NotebookDocument::cellsMoved, this, reordered);
    connect(&document, &NotebookDocument::sourceEdited, this, [this](const CellId &id) {
        touch(id);
        emit changed();
    });
    connect(&document, &NotebookDocument::cellChanged, this, [this](const CellId &id) {
        touch(id);
        emit changed();
    });
    connect(&document, &NotebookDocument::outputsChanged, this,
            [this](const CellId &id, int firstOutput) {
                Pending &pending = touch(id);
                pending.outputsFrom = std::min(pending.outputsFrom, firstOutput);
                pending.appended.erase(pending.appended.lower_bound(firstOutput),
                                       pending.appended.end());
                emit changed();
            });
    connect(&document, &NotebookDocument::streamAppended, this, &ChangedCells::append);
    connect(&document, &NotebookDocument::metadataChanged, this, [this] {
        m_metadata = true;
        emit changed();
    });
}

void ChangedCells::clear()
{
    m_pending.clear();
    m_cells.clear();
    m_known.clear();
    m_appendedTo.clear();
    m_appended = 0;
    m_order = false;
    m_metadata = false;
}

void ChangedCells::saveStarted()
{
    m_sinceSave.clear();
}

void ChangedCells::saveFinished()
{
    m_cells = m_sinceSave;
}

std::vector<CellId> ChangedCells::order() const
{
    std::vector<CellId> order;
    order.reserve(static_cast<size_t>(m_document.cellCount()));
    for (int i = 0; i < m_document.cellCount(); ++i)
        order.push_back(m_document.cellAt(i).id);
    return order;
}

ChangedCells::Pending &ChangedCells::touch(const CellId &id)
{
    m_cells.insert(id);
    m_sinceSave.insert(id);
    Pending &pending = m_pending[id];
    pending.fields = true;
    return pending;
}

void ChangedCells::append(const CellId &id, int output, int added)
{
    m_cells.insert(id);
    m_sinceSave.insert(id);
    Pending &pending = m_pending[id];
    if (output < pending.outputsFrom)
        pending.appended[output] += added;
    emit changed();
}

void ChangedCells::forgetAppended(const CellId &id)
{
    m_appended -= m_appendedTo.take(id);
}

// On its own: what the base holds of the cell is not needed.
CellChange ChangedCells::whole(const Cell &cell, Pending &rest)
{
    CellChange change{cell.id, cell, -1, {}, {}};
    forgetAppended(cell.id);
    if (!cell.outputs.text().isNull())
        return change;
    change.outputsFrom = 0;
    change.outputs = cell.outputs.items();
    change.cell->outputs = OutputList();
    for (size_t i = 0; i < change.outputs.size(); ++i) {
        QString &text = change.outputs[i].text;
        if (text.size() > longOutput) {
            rest.appended[static_cast<int>(i)] = text.size();
            text.clear();
            change.outputs[i].origin = JsonText();
        }
    }
    return change;
}

CellChange ChangedCells::part(const Cell &cell, const Pending &pending, Pending &rest)
{
    CellChange change{cell.id, {}, -1, {}, {}};
    if (pending.fields) {
        change.cell = cell;
        change.cell->outputs = OutputList();
    }
    if (pending.outputsFrom == none && pending.appended.empty())
        return change;
    const std::vector<Output> &outputs = cell.outputs.items();
    const auto count = static_cast<int>(outputs.size());
    if (pending.outputsFrom != none) {
        change.outputsFrom = std::min(pending.outputsFrom, count);
        change.outputs.assign(outputs.begin() + change.outputsFrom, outputs.end());
    }
    for (const auto &[index, length] : pending.appended) {
        if (index >= count)
            continue;
        const QString &text = outputs[static_cast<size_t>(index)].text;
        const qsizetype taken = std::min(length, m_room);
        if (taken > 0)
            change.appended.emplace_back(index, text.mid(text.size() - length, taken));
        if (taken < length)
            rest.appended[index] = length - taken;
        m_room -= taken;
        m_appended += taken;
        m_appendedTo[cell.id] += taken;
    }
    return change;
}

Batch ChangedCells::takeNew()
{
    Batch batch;
    m_room = longestBatch;
    batch.cells.reserve(static_cast<size_t>(m_pending.size()));
    const QHash<CellId, Pending> taken = std::exchange(m_pending, {});
    for (auto it = taken.cbegin(); it != taken.cend(); ++it) {
        const Cell *const cell = m_document.findCell(it.key());
        if (cell == nullptr)
            continue; // removed; brought back by undo it is told as inserted
        Pending rest;
        batch.cells.push_back(m_known.contains(it.key()) && it->outputsFrom != 0
                                  ? part(*cell, *it, rest)
                                  : whole(*cell, rest));
        m_known.insert(it.key());
        if (!rest.appended.empty())
            m_pending.insert(it.key(), rest);
    }
    m_hasRest = !m_pending.isEmpty();
    if (std::exchange(m_order, false))
        batch.order = order();
    if (std::exchange(m_metadata, false))
        batch.metadata = m_document.metadata();
    return batch;
}

Batch ChangedCells::takeAll()
{
    Batch batch;
    m_known.clear();
    m_pending.clear();
    batch.cells.reserve(static_cast<size_t>(m_cells.size()));
    for (const CellId &id : std::as_const(m_cells)) {
        const Cell *const cell = m_document.findCell(id);
        if (cell == nullptr)
            continue;
        Pending rest;
        batch.cells.push_back(whole(*cell, rest));
        m_known.insert(id);
        if (!rest.appended.empty())
            m_pending.insert(id, rest);
    }
    m_hasRest = !m_pending.isEmpty();
    batch.order = order();
    batch.metadata = m_document.metadata();
    m_order = false;
    m_metadata = false;
    return batch;
}

} // namespace farcell
