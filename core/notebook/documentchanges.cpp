#include "core/notebook/notebookdocument_p.h"

#include <QSet>

#include <algorithm>
#include <utility>

namespace farcell {

void NotebookDocument::Private::make(Change change)
{
    apply(change, true);
    history.push(std::move(change));
    tellStates();
}

CellId NotebookDocument::Private::apply(Change &change, bool forward)
{
    return std::visit([this, forward](auto &what) { return applyTo(what, forward); }, change);
}

void NotebookDocument::Private::changedByKernel()
{
    dirty = true;
    tellStates();
}

void NotebookDocument::Private::tellStates()
{
    if (std::exchange(toldModified, isModified()) != toldModified)
        emit q->modifiedChanged(toldModified);
    const bool undo = history.canUndo();
    const bool redo = history.canRedo();
    if (undo != toldUndo || redo != toldRedo) {
        toldUndo = undo;
        toldRedo = redo;
        emit q->undoChanged();
    }
}

bool NotebookDocument::Private::isFileIdTaken(const QString &fileId) const
{
    for (int i = 0; i < cells.size(); ++i) {
        if (cells.at(i).fileId == fileId)
            return true;
    }
    return false;
}

void NotebookDocument::Private::prepareNewCells(std::vector<Cell> &newCells) const
{
    constexpr size_t few = 8; // looking each id up is quicker than collecting all of them
    QSet<QString> taken;
    if (usesFileIds() && newCells.size() > few) {
        for (int i = 0; i < cells.size(); ++i)
            taken.insert(cells.at(i).fileId.value_or(QString()));
    }
    const auto isFree = [&](const std::optional<QString> &id) {
        return id && !id->isEmpty() && !taken.contains(*id) &&
               (newCells.size() > few || !isFileIdTaken(*id));
    };
    for (Cell &cell : newCells) {
        cell.id = newCellId();
        if (cell.typeName.isEmpty())
            cell.typeName = typeNameOf(cell);
        if (cell.metadata.isNull())
            cell.metadata = JsonText(QByteArrayLiteral("{}"));
        if (!usesFileIds()) {
            cell.fileId.reset();
            continue;
        }
        while (!isFree(cell.fileId))
            cell.fileId = newFileId();
        taken.insert(*cell.fileId);
    }
}

std::vector<int> NotebookDocument::Private::sortedIndices(std::span<const CellId> ids) const
{
    std::vector<int> indices;
    indices.reserve(ids.size());
    for (const CellId &id : ids) {
        if (const int index = cells.indexOf(id); index >= 0)
            indices.push_back(index);
    }
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    return indices;
}

void NotebookDocument::Private::removeSorted(const std::vector<int> &indices)
{
    history.beginMacro();
    for (auto last = indices.rbegin(); last != indices.rend();) {
        auto first = last; // one run of neighbours at a time
        while (std::next(first) != indices.rend() && *std::next(first) == *first - 1)
            ++first;
        make(SpanChange{*first, *last - *first + 1, {}});
        last = std::next(first);
    }
    history.endMacro();
    tellStates();
}

CellId NotebookDocument::Private::applyTo(TextChange &change, bool forward)
{
    Cell *const cell = cells.find(change.id);
    if (cell == nullptr)
        return {};
    const QString &before = forward ? change.removed : change.added;
    const QString &after = forward ? change.added : change.removed;
    cell->source.replace(change.position, before.size(), after);
    emit q->sourceEdited(change.id, change.position, static_cast<int>(before.size()),
                         static_cast<int>(after.size()));
    return change.id;
}

CellId NotebookDocument::Private::applyTo(SpanChange &change, bool /*forward*/)
{
    if (change.held.empty()) {
        change.held = cells.take(change.first, change.count);
        emit q->cellsRemoved(change.first, change.count);
        if (cells.size() == 0)
            return {};
        return cells.at(std::min(change.first, cells.size() - 1)).id;
    }
    cells.insert(change.first, std::exchange(change.held, {}));
    emit q->cellsInserted(change.first, change.count);
    return cells.at(change.first).id;
}

CellId NotebookDocument::Private::applyTo(OrderChange &change, bool /*forward*/)
{
    std::vector<CellId> before = cells.order();
    cells.reorder(change.order);
    CellId reveal;
    for (size_t i = 0; i < before.size() && reveal.isEmpty(); ++i) {
        if (before[i] != change.order[i])
            reveal = change.order[i];
    }
    change.order = std::move(before);
    emit q->cellsMoved();
    return reveal;
}

CellId NotebookDocument::Private::applyTo(FieldsChange &change, bool /*forward*/)
{
    Cell *const cell = cells.find(change.id);
    if (cell == nullptr)
        return {};
    if (change.type) {
        std::swap(cell->kind, change.type->kind);
        std::swap(cell->typeName, change.type->typeName);
    }
    if (change.metadata)
        std::swap(cell->metadata, *change.metadata);
    if (change.attachments)
        std::swap(cell->attachments, *change.attachments);
    if (change.result) {
        std::swap(cell->outputs, change.result->outputs);
        std::swap(cell->executionCount, change.result->executionCount);
    }
    emit q->cellChanged(change.id);
    if (change.result)
        emit q->outputsChanged(change.id, 0);
    return change.id;
}

CellId NotebookDocument::Private::applyTo(MetadataChange &change, bool /*forward*/)
{
    std::swap(metadata, change.metadata);
    emit q->metadataChanged();
    return {};
}

} // namespace farcell
