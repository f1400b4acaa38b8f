#pragma once

#include "core/notebook/cellstore.h"
#include "core/notebook/notebookdocument.h"
#include "core/notebook/undohistory.h"

namespace farcell {

// State of a NotebookDocument, and the one place that makes and reverts changes.
class NotebookDocument::Private
{
public:
    explicit Private(NotebookDocument *document)
        : q(document)
    {}

    // Makes a change by a person and records it.
    void make(Change change);
    // Makes or reverts a recorded change; returns the cell to reveal.
    CellId apply(Change &change, bool forward);
    void changedByKernel(); // modified, though undo knows nothing of it
    void tellStates();      // modifiedChanged, undoChanged

    // The cell if it is here and can have outputs.
    Cell *cellForOutput(const CellId &id) { return cells.find(id); }
    // New cells get what a cell of this document needs: a fresh id, a unique file id or none.
    void prepareNewCells(std::vector<Cell> &newCells) const;
    [[nodiscard]] bool isFileIdTaken(const QString &fileId) const;
    [[nodiscard]] bool isModified() const { return dirty || history.state() != cleanState; }
    [[nodiscard]] bool usesFileIds() const { return nbformat > 4 || (nbformat == 4 && minor >= 5); }
    // Ids that are in the document, in its order, each once; as indices.
    [[nodiscard]] std::vector<int> sortedIndices(std::span<const CellId> ids) const;
    void removeSorted(const std::vector<int> &indices);

    NotebookDocument *q;
    CellStore cells;
    UndoHistory history;
    int nbformat = 4;
    int minor = 5;
    bool convertedFromV3 = false;
    JsonText metadata;
    std::shared_ptr<const FileStyle> style;

    bool dirty = false; // changed by the kernel since the last save
    quint64 cleanState = 0;
    bool toldModified = false;
    bool toldUndo = false;
    bool toldRedo = false;

private:
    CellId applyTo(TextChange &change, bool forward);
    CellId applyTo(SpanChange &change, bool forward);
    CellId applyTo(OrderChange &change, bool forward);
    CellId applyTo(FieldsChange &change, bool forward);
    CellId applyTo(MetadataChange &change, bool forward);
};

} // namespace farcell
