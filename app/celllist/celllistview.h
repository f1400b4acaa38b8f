#pragma once

#include "core/base/ids.h"
#include "core/client/runstate.h"
#include "core/notebook/cell.h"

#include <QAbstractScrollArea>

#include <memory>
#include <span>

namespace farcell {

class NotebookDocument;
class RenderService;
class SectionFolds;
class ThemeSource;

// The notebook page: a virtualised list of cells. Only the rows on screen exist; editors are
// pooled and rebound. It shows the document and edits text in it; every other change it asks for
// by a signal, and NotebookView carries it out.
// GUI thread. Not here: commands, running, files.
class CellListView : public QAbstractScrollArea
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CellListView)

public:
    enum class Mode
    {
        Command,
        Edit
    };

    CellListView(NotebookDocument &document, SectionFolds &folds, ThemeSource &theme,
                 RenderService &render, QWidget *parent = nullptr);
    ~CellListView() override;

    // --- current cell, selection, mode
    [[nodiscard]] CellId currentCell() const;
    void setCurrentCell(const CellId &id);             // selects only it, scrolls it into view
    [[nodiscard]] QList<CellId> selectedCells() const; // document order, never empty if any cell
    void setSelectedCells(const QList<CellId> &ids);
    void extendSelection(int direction); // Shift+Up/Down
    void moveCurrent(int direction);     // previous/next visible cell
    [[nodiscard]] Mode mode() const;
    void enterEditMode(); // current cell: caret into the editor, or the Markdown source
    void leaveEditMode(); // renders Markdown
    [[nodiscard]] int cursorPosition() const; // UTF-16 in the current cell's source, -1 if none
    [[nodiscard]] QList<int> cursorPositions() const; // all carets, for split
    [[nodiscard]] QString selectedSource() const;     // selected text of the current editor
    void replaceSelection(const QString &text);       // at the caret(s) of the current editor

    // --- what NotebookView tells
    void setRunState(const CellId &id, const CellRunState &state);
    void setQueuePlaces(std::span<const CellId> queued); // in the order they run
    void setKernelLanguage(const QString &language);     // "python", "R", "julia", …
    void setBaseDirectory(const QString &directory);
    void setLineNumbersVisible(bool visible);
    void setCodeWrapped(bool wrapped); // soft wrap of code; text cells always wrap
    void setReadOnly(bool readOnly);
    void showInput(const CellId &id, const QString &prompt, bool password);
    void hideInput(const CellId &id);
    // Below the cell's outputs until it runs again; not of the file.
    void setNote(const CellId &id, const QString &markdown);
    [[nodiscard]] QString note(const CellId &id) const; // as it is shown now
    void setOutputsCollapsed(const CellId &id, bool collapsed);
    void setSourceCollapsed(const CellId &id, bool collapsed);
    void foldsChanged();                              // SectionFolds changed
    void reveal(const CellId &id, int position = -1); // scrolls, unfolds; position selects a line

    // Find: hits in sources; an empty list ends highlighting.
    struct Highlight
    {
        CellId cell;
        int output = -1;              // which of the cell's; -1: in its source
        int position = 0, length = 0; // UTF-16
        int fromEnd = 0;              // of an output's: to the end of the text that was searched
    };
    void setHighlights(const QList<Highlight> &hits, int current);
    bool revealHighlight(); // scrolls to the current one; false if its place is not shown

    // Completion and tooltips: the view asks by signal, the answer comes here (stale ones are
    // dropped by `request`).
    struct Completion
    {
        QString text, type, signature;
    };
    void showCompletions(int request, const QList<Completion> &matches, int start, int end);
    void showToolTip(int request, const QString &text); // plain text or ANSI

    // Text or image selected with the mouse in a rendered part; false if nothing is selected there.
    bool copyRenderedSelection();

    // Figures for tests and the bench.
    [[nodiscard]] int editorCount() const;                // widgets made so far
    [[nodiscard]] QRect cellRect(const CellId &id) const; // in the viewport; null if folded away
    void finishLayout();                                  // what waits for the next frame, now

signals:
    void currentCellChanged(const farcell::CellId &id);
    void selectedCellsChanged();
    void modeChanged(farcell::CellListView::Mode mode);
    void runRequested(const farcell::CellId &id);
    void interruptRequested();
    void insertRequested(int index, farcell::CellKind kind);
    void moveRequested(const QList<farcell::CellId> &ids, int index); // drag and drop
    void runHiddenRequested(const farcell::CellId &heading);          // the fold's run button
    void foldToggleRequested(const farcell::CellId &heading);
    // Cell toolbar: "cell.moveUp", "cell.moveDown", "cell.delete".
    void toolRequested(const farcell::CellId &id, const QString &command);
    void cellMenuRequested(const farcell::CellId &id, const QPoint &globalPos);
    void completionRequested(int request, const farcell::CellId &id, int position);
    void toolTipRequested(int request, const farcell::CellId &id, int position);
    void inputSubmitted(const farcell::CellId &id, const QString &value);
    void linkActivated(const QUrl &url);
    void openOutputRequested(const farcell::CellId &id, int output);
    // The person hid or showed them here (also sent for setSourceCollapsed).
    void outputsCollapsedChanged(const farcell::CellId &id, bool collapsed);
    void sourceCollapsedChanged(const farcell::CellId &id, bool collapsed);
    void clearOutputsRequested(const farcell::CellId &id);

protected:
    bool viewportEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    bool event(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace farcell
