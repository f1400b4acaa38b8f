#include "app/recovery/changedcells.h"

#include <algorithm>
#include <utility>

namespace farcell {

using recovery::Batch;
using recovery::CellChange;

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

// On its own: what the base holds of the cell is not needed.
CellChange ChangedCells::whole(const Cell &cell)
{
    CellChange change{cell.id, cell, -1, {}, {}};
    if (cell.outputs.text().isNull()) {
        change.outputsFrom = 0;
        change.outputs = cell.outputs.items();
        change.cell->outputs = OutputList();
    }
    return change;
}

CellChange ChangedCells::part(const Cell &cell, const Pending &pending)
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
        if (index < count)
            change.appended.emplace_back(index,
                                         outputs[static_cast<size_t>(index)].text.right(length));
    }
    return change;
}

Batch ChangedCells::takeNew()
{
    Batch batch;
    batch.cells.reserve(static_cast<size_t>(m_pending.size()));
    for (auto it = m_pending.cbegin(); it != m_pending.cend(); ++it) {
        const Cell *const cell = m_document.findCell(it.key());
        if (cell == nullptr)
            continue; // removed; brought back by undo it is told as inserted
        batch.cells.push_back(m_known.contains(it.key()) && it->outputsFrom != 0 ? part(*cell, *it)
                                                                                 : whole(*cell));
        m_known.insert(it.key());
    }
    if (std::exchange(m_order, false))
        batch.order = order();
    if (std::exchange(m_metadata, false))
        batch.metadata = m_document.metadata();
    m_pending.clear();
    return batch;
}

Batch ChangedCells::takeAll()
{
    Batch batch;
    m_known.clear();
    batch.cells.reserve(static_cast<size_t>(m_cells.size()));
    for (const CellId &id : std::as_const(m_cells)) {
        if (const Cell *const cell = m_document.findCell(id)) {
            batch.cells.push_back(whole(*cell));
            m_known.insert(id);
        }
    }
    batch.order = order();
    batch.metadata = m_document.metadata();
    m_pending.clear();
    m_order = false;
    m_metadata = false;
    return batch;
}

} // namespace farcell
