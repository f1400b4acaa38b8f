#pragma once

#include "core/base/ids.h"
#include "core/notebook/cell.h"

#include <QList>
#include <QObject>

#include <vector>

namespace farcell {

class CellListView;
class NotebookDocument;
class SectionFolds;

// What a person does to cells: insert, delete, move, split, merge, convert, cut, copy, paste, and
// which cells a run command means. A collapsed heading stands for its whole section. GUI thread;
// owned by NotebookView with the things it refers to.
// Not here: running (KernelLink), keys and menus (app/shell).
class CellActions : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CellActions)

public:
    CellActions(NotebookDocument &document, SectionFolds &folds, CellListView &list,
                QObject *parent = nullptr);

    enum class Where
    {
        Above,
        Below
    };
    void insert(CellKind kind, Where where);
    void insertAt(int index, CellKind kind);
    void insertSection(Where where);
    void remove();
    void moveSelected(int direction); // -1 up, 1 down
    void moveTo(const QList<CellId> &ids, int index);
    void split();
    void merge();
    void convert(CellKind kind);
    void cut();
    void copy();
    void paste(Where where);
    void selectAll();
    void selectFocused();
    void undo();
    void redo();
    void clearOutputs(); // of the selected cells
    void clearAllOutputs();
    void toggleOutputs();
    void toggleSources();

    // The current cell, then the next one; at the end a new code cell is made.
    void goToNextAfterRun();

    enum class Range
    {
        Current,
        All,
        Before,
        After,
        Selected,
        Section
    };
    [[nodiscard]] std::vector<CellId> codeCells(Range range) const;
    [[nodiscard]] std::vector<CellId> hiddenCodeCells(const CellId &heading) const;

private:
    [[nodiscard]] int currentIndex() const; // -1 if there is no cell
    [[nodiscard]] int insertionIndex(Where where) const;
    [[nodiscard]] QList<CellId> expanded(const QList<CellId> &ids) const;
    void removeCells(const QList<CellId> &ids);
    void reveal(const CellId &id);

    NotebookDocument &m_document;
    SectionFolds &m_folds;
    CellListView &m_list;
};

} // namespace farcell
