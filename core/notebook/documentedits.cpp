#include "core/notebook/notebookdocument_p.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

using nlohmann::ordered_json;

struct Replacement
{
    int position = 0;
    int length = 0;
    QString text;
};

// The smallest single replacement that makes `before` into `after`; never inside a surrogate pair.
Replacement differenceOf(const QString &before, const QString &after)
{
    const qsizetype shorter = std::min(before.size(), after.size());
    qsizetype head = 0;
    while (head < shorter && before[head] == after[head])
        ++head;
    if (head > 0 && before[head - 1].isHighSurrogate())
        --head;
    qsizetype tail = 0;
    while (tail < shorter - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
        ++tail;
    if (tail > 0 && before[before.size() - tail].isLowSurrogate())
        --tail;
    return {static_cast<int>(head), static_cast<int>(before.size() - head - tail),
            after.mid(head, after.size() - head - tail)};
}

// The parts of `source` between the cuts; one line break at each cut goes away.
QStringList partsOf(const QString &source, std::span<const int> positions)
{
    std::vector<qsizetype> cuts;
    for (const int position : positions) {
        if (position >= 0 && position <= source.size())
            cuts.push_back(position);
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    QStringList parts;
    qsizetype start = 0;
    for (const qsizetype cut : cuts) {
        const QString part = source.mid(start, cut - start);
        const QStringView after = QStringView(source).mid(cut);
        if (part.endsWith(QLatin1String("\r\n")) || part.endsWith(QLatin1Char('\n'))) {
            parts.append(part.chopped(part.endsWith(QLatin1String("\r\n")) ? 2 : 1));
            start = cut;
        } else {
            parts.append(part);
            start = cut + (after.startsWith(QLatin1String("\r\n")) ? 2
                           : after.startsWith(QLatin1Char('\n'))   ? 1
                                                                   : 0);
        }
    }
    parts.append(source.mid(start));
    return parts;
}

} // namespace

CellId NotebookDocument::insertCell(int index, CellKind kind, const QString &source)
{
    std::vector<Cell> cells(1);
    cells.front().kind = kind;
    cells.front().source = source;
    const int at = std::clamp(index, 0, cellCount());
    insertCells(at, std::move(cells));
    return cellAt(at).id;
}

void NotebookDocument::insertCells(int index, std::vector<Cell> cells)
{
    if (cells.empty())
        return;
    m_d->prepareNewCells(cells);
    const int count = static_cast<int>(cells.size());
    m_d->make(SpanChange{std::clamp(index, 0, cellCount()), count, std::move(cells)});
}

void NotebookDocument::removeCells(std::span<const CellId> ids)
{
    m_d->removeSorted(m_d->sortedIndices(ids));
}

void NotebookDocument::moveCells(std::span<const CellId> ids, int index)
{
    const std::vector<int> moved = m_d->sortedIndices(ids);
    const std::vector<CellId> before = m_d->cells.order();
    std::vector<bool> isMoved(before.size(), false);
    for (const int i : moved)
        isMoved[static_cast<size_t>(i)] = true;
    const auto target = static_cast<size_t>(std::clamp(index, 0, cellCount()));
    std::vector<CellId> after;
    after.reserve(before.size());
    const auto addStaying = [&](size_t from, size_t to) {
        for (size_t i = from; i < to; ++i) {
            if (!isMoved[i])
                after.push_back(before[i]);
        }
    };
    addStaying(0, target);
    for (const int i : moved)
        after.push_back(before[static_cast<size_t>(i)]);
    addStaying(target, before.size());
    if (after != before)
        m_d->make(OrderChange{std::move(after)});
}

void NotebookDocument::editSource(const CellId &id, int position, int length, const QString &text)
{
    const Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr)
        return;
    const int size = static_cast<int>(cell->source.size());
    const int at = std::clamp(position, 0, size);
    const QString removed = cell->source.mid(at, std::clamp(length, 0, size - at));
    if (removed != text)
        m_d->make(TextChange{id, at, removed, text});
}

void NotebookDocument::setSource(const CellId &id, const QString &source)
{
    const Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || cell->source == source)
        return;
    const Replacement change = differenceOf(cell->source, source);
    editSource(id, change.position, change.length, change.text);
}

void NotebookDocument::setKind(const CellId &id, CellKind kind)
{
    const Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || cell->kind == kind || kind == CellKind::Unknown)
        return;
    FieldsChange change{id, CellType{kind, {}}, {}, {}, {}};
    Cell named;
    named.kind = kind;
    change.type->typeName = typeNameOf(named);
    // Text cells have no outputs, code cells no attachments: the file format says so.
    if (!cell->outputs.isEmpty() || cell->executionCount)
        change.result = RunResult{};
    if (kind == CellKind::Code && !cell->attachments.isNull())
        change.attachments = JsonText();
    m_d->make(std::move(change));
}

void NotebookDocument::splitCell(const CellId &id, std::span<const int> positions)
{
    const Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr)
        return;
    const QStringList parts = partsOf(cell->source, positions);
    if (parts.size() < 2)
        return;
    std::vector<Cell> rest;
    for (const QString &part : parts.mid(1)) {
        Cell next;
        next.kind = cell->kind;
        next.typeName = cell->typeName;
        next.source = part;
        if (cell->kind != CellKind::Code)
            next.attachments = cell->attachments; // each part may show any of them
        rest.push_back(std::move(next));
    }
    beginMacro();
    setSource(id, parts.front());
    insertCells(indexOf(id) + 1, std::move(rest));
    endMacro();
}

void NotebookDocument::mergeCells(std::span<const CellId> ids)
{
    const std::vector<int> indices = m_d->sortedIndices(ids);
    if (indices.size() < 2)
        return;
    const Cell &first = m_d->cells.at(indices.front());
    const CellId kept = first.id;
    QStringList sources;
    ordered_json attachments = ordered_json::object();
    for (const int index : indices) {
        const Cell &cell = m_d->cells.at(index);
        sources.append(cell.source);
        const ordered_json more = cell.attachments.toJson();
        if (more.is_object())
            attachments.update(more);
    }
    beginMacro();
    setSource(kept, sources.join(QLatin1Char('\n')));
    if (first.kind != CellKind::Code && !attachments.empty())
        setAttachments(kept, first.attachments.updatedTo(attachments));
    clearOutputs(std::span(&kept, 1));
    m_d->removeSorted({indices.begin() + 1, indices.end()});
    endMacro();
}

void NotebookDocument::setCellMetadata(const CellId &id, const ordered_json &metadata)
{
    const Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr)
        return;
    JsonText text = cell->metadata.updatedTo(metadata);
    if (text == cell->metadata)
        return;
    FieldsChange change{id, {}, std::move(text), {}, {}};
    m_d->make(std::move(change));
}

void NotebookDocument::setMetadata(const ordered_json &metadata)
{
    JsonText text = m_d->metadata.updatedTo(metadata);
    if (text != m_d->metadata)
        m_d->make(MetadataChange{std::move(text)});
}

void NotebookDocument::setAttachments(const CellId &id, const JsonText &attachments)
{
    const Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || cell->attachments == attachments)
        return;
    FieldsChange change{id, {}, {}, attachments, {}};
    m_d->make(std::move(change));
}

void NotebookDocument::clearOutputs(std::span<const CellId> ids)
{
    beginMacro();
    for (const CellId &id : ids)
        startOutputs(id);
    endMacro();
}

} // namespace farcell
