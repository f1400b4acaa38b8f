#pragma once

#include "app/celllist/celllistview.h"
#include "app/celllist/cellrow.h"
#include "app/celllist/heightindex.h"
#include "app/editor/cellbuffer.h"
#include "app/editor/languages.h"

#include <QPointer>
#include <QSet>
#include <QTimer>

#include <unordered_map>

namespace farcell {

class CellEditor;
class CellToolbar;
class CompletionPopup;
class HelpPopup;
class InsertBar;

// The list's inside. Parts by file: celllistlayout.cpp (rows, heights, scrolling),
// celllistdocument.cpp (what the document tells), celllistedit.cpp (editors, modes, selection),
// celllistmouse.cpp (pointer, drag), celllistpaint.cpp (painting, overlays); the public class is in
// celllistview.cpp (cells, modes), celllisttold.cpp (what it is told), celllistevents.cpp.
class CellListView::Private : public QObject, public RowHost
{
public:
    Private(CellListView &view, NotebookDocument &document, SectionFolds &folds, ThemeSource &theme,
            RenderService &render);
    ~Private() override;

    // --- RowHost
    [[nodiscard]] CellEditor *acquireEditor(const CellId &id) override;
    void releaseEditor(CellEditor *editor) override;
    void rowChanged(const CellId &id) override;
    void repaintRow(const CellId &id, const QRect &rowArea) override;

    // --- layout
    void rebuild(); // order and heights from the document
    void layoutSoon();
    void layoutNow();
    void followRun();
    void evictRows(int first, int last);
    void releaseFarEditors(int first, int last);
    void placeRows(int first, int last);
    void scrolled(int dy);
    void setScroll(qint64 y);
    void rememberAnchor();
    void revealRow(int index, const QRect &part = {});
    void revealCaret();
    [[nodiscard]] qint64 scrollY() const;
    [[nodiscard]] int viewHeight() const;
    [[nodiscard]] qint64 rowTop(int index) const; // in the page
    [[nodiscard]] int rowAtPoint(QPoint viewportPos) const;
    [[nodiscard]] CellRow *row(const CellId &id) const;
    [[nodiscard]] CellRow &ensureRow(int index);
    CellViewState &state(const CellId &id);
    [[nodiscard]] const CellViewState *findState(const CellId &id) const;
    void updateFolds();
    void measureLineHeight();

    // --- document
    void connectDocument();
    void onSourceEdited(const CellId &id, int position, int removed, int added);
    void onCellsRemoved(int first);
    void onContentReset();
    void onCellChanged(const CellId &id);
    void dropRow(const CellId &id);
    void forgetHeight(const CellId &id);

    // --- editors, modes, selection
    void connectEditor(CellEditor *editor);
    void onEdited(CellEditor *editor, int position, int removed, const QString &added);
    void onEditorFocus(CellEditor *editor, bool focused);
    void leaveEditor(CellEditor *editor, int direction, int pixelX);
    void requestHelp(CellEditor *editor, int position, bool completion);
    [[nodiscard]] CellEditor *currentEditor() const;
    void setCurrent(const CellId &id, bool keepSelection);
    void setMode(Mode mode);
    void selectRange(int from, int to);
    void focusEditor(const CellId &id);
    void closeTextEditors(const CellId &except);
    [[nodiscard]] CellId neighbour(const CellId &id, int direction) const;

    // --- pointer
    void mousePress(QMouseEvent *event);
    void mouseMove(QMouseEvent *event);
    void mouseRelease(QMouseEvent *event);
    void pressPart(int index, RowPart part, QMouseEvent *event);
    void updateHover(QPoint pos);
    void setHover(const CellId &id, RowPart part);
    void startDrag();
    void updateDrag(QPoint pos);
    void endDrag(bool drop);
    bool toolTip(QPoint pos, QPoint globalPos);
    void showOutputMenu(CellRow &row, QPointF inBlock, QPoint globalPos);
    void clearBlockSelections(const Block *except);

    // --- painting
    void paint(QPaintEvent *event);
    void placeOverlays();
    void placeInsertBar(QPoint pos);
    void updateTick();
    void connectOverlays();
    void applyTheme();
    [[nodiscard]] RowLook lookOf(const CellId &id) const;
    void repaintCell(const CellId &id);

    CellListView &q;
    NotebookDocument &document;
    SectionFolds &folds;
    ThemeSource &theme;
    RenderService &render;
    RowContext context;

    std::vector<CellId> order;
    std::vector<bool> hidden;
    HeightIndex heights;
    QHash<CellId, int> known; // last height of each cell, measured or estimated
    QSet<CellId> dirty;       // to be painted anew after the next layout
    std::unordered_map<QString, std::unique_ptr<CellRow>> rows;
    std::unordered_map<QString, std::unique_ptr<CellViewState>> states;
    QSet<CellId> headings;
    int layoutWidth = 0;
    bool adjusting = false; // the scroll bar moves because we say so
    bool inLayout = false;
    bool flinging = false;
    struct Anchor
    {
        CellId cell;
        int offset = 0; // of the row's top from the viewport's
    } anchor;
    CellId follow; // a running cell whose bottom stays in sight

    CellBufferCache buffers;
    QList<CellEditor *> editors; // all made
    QList<CellEditor *> spare;
    const Language *kernelLanguage;
    CellId editing; // the cell whose own editor is telling the document
    CellId focusedCell;

    CellId current;
    QSet<CellId> selected;
    CellId selectionAnchor;
    Mode mode = Mode::Command;
    bool outputFocus = false;

    CellToolbar *toolbar = nullptr;
    InsertBar *insertBar = nullptr;
    InsertBar *endBar = nullptr;
    CompletionPopup *completions = nullptr;
    HelpPopup *help = nullptr;
    int completionAsked = -1; // the caret when a key asked, -1 when a dot did
    int latestCompletion = 0, latestToolTip = 0, requests = 0;
    QPointer<CellEditor> completionEditor, toolTipEditor;

    CellId hoverCell;
    RowPart hoverPart = RowPart::None;
    QPointer<Block> mouseBlock;
    CellId mouseBlockCell;
    QPoint pressPos;
    bool maybeDrag = false, dragging = false;
    int dropIndex = -1;
    qint64 lastPageWheel = 0;

    struct CellHits
    {
        QList<std::pair<int, int>> source;
        QList<OutputHit> output;
        int currentSource = -1, currentOutput = -1;
    };
    QHash<CellId, CellHits> hits;
    CellId currentHit; // the cell with the current one

    QTimer frame;         // coalesces layouts
    QTimer settle;        // after a fling: editors again
    QTimer tick;          // spinner and elapsed time
    QTimer dragScroll;    // while dragging near an edge
    QTimer foldTimer;     // headings may have changed
    QTimer estimateTimer; // rows far away changed: guess their heights anew
};

} // namespace farcell
