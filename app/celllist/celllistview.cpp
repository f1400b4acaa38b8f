#include "app/celllist/celllistview.h"

#include "app/celllist/celllistview_p.h"
#include "app/celllist/celltoolbar.h"
#include "app/editor/celleditor.h"
#include "app/editor/completionpopup.h"
#include "app/editor/helppopup.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

#include <QScrollBar>

namespace farcell {

namespace {

constexpr int frameMs = 16;
constexpr int settleMs = 40;
constexpr int tickMs = 50;
constexpr int foldMs = 200;
constexpr int estimateMs = 100;
constexpr int dragScrollMs = 16;
constexpr int dragEdge = 48; // this near to the edge a drag scrolls
constexpr int dragSpeed = 14;

} // namespace

CellListView::Private::Private(CellListView &view, NotebookDocument &doc, SectionFolds &sections,
                               ThemeSource &source, RenderService &service)
    : q(view)
    , document(doc)
    , folds(sections)
    , theme(source)
    , render(service)
    , context{doc, source, service, *this}
    , kernelLanguage(&languageByName(doc.language()))
{
    static int lists = 0;
    context.notebook = QString::number(++lists);
    context.viewport = q.viewport();
    context.language = kernelLanguage;
    completions = new CompletionPopup(theme, &q);
    help = new HelpPopup(theme, &q);
    toolbar = new CellToolbar(theme, q.viewport());
    insertBar = new InsertBar(theme, q.viewport());
    endBar = new InsertBar(theme, q.viewport());
    toolbar->hide();
    insertBar->hide();
    endBar->hide();
    for (QTimer *timer : {&frame, &settle, &foldTimer, &estimateTimer})
        timer->setSingleShot(true);
    frame.setInterval(frameMs);
    settle.setInterval(settleMs);
    tick.setInterval(tickMs);
    foldTimer.setInterval(foldMs);
    estimateTimer.setInterval(estimateMs);
    dragScroll.setInterval(dragScrollMs);
    connect(&frame, &QTimer::timeout, this, &Private::layoutNow);
    connect(&settle, &QTimer::timeout, this, [this] {
        flinging = false;
        q.viewport()->update();
        layoutNow();
    });
    connect(&tick, &QTimer::timeout, this, &Private::updateTick);
    connect(&estimateTimer, &QTimer::timeout, this, &Private::rebuild);
    connect(&dragScroll, &QTimer::timeout, this, [this] {
        const QPoint pos = q.viewport()->mapFromGlobal(QCursor::pos());
        QScrollBar *bar = q.verticalScrollBar();
        if (pos.y() < dragEdge)
            bar->setValue(bar->value() - dragSpeed);
        else if (pos.y() > viewHeight() - dragEdge)
            bar->setValue(bar->value() + dragSpeed);
        else
            return;
        updateDrag(pos);
    });
    connect(&theme, &ThemeSource::themeChanged, this, &Private::applyTheme);
    connectDocument();
    connectOverlays();
    measureLineHeight();
}

CellListView::Private::~Private()
{
    // Rows give their editors back while the buffers still exist.
    focusedCell = {};
    for (CellEditor *editor : std::as_const(editors))
        editor->disconnect(this);
    rows.clear();
    render.forget(context.notebook);
    qDeleteAll(editors);
}

CellListView::CellListView(NotebookDocument &document, SectionFolds &folds, ThemeSource &theme,
                           RenderService &render, QWidget *parent)
    : QAbstractScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Notebook"));
    viewport()->setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_OpaquePaintEvent);
    d = std::make_unique<Private>(*this, document, folds, theme, render);
    d->updateFolds();
    if (document.cellCount() > 0) {
        d->current = document.cellAt(0).id;
        d->selected = {d->current};
        d->selectionAnchor = d->current;
    }
}

CellListView::~CellListView()
{
    d.reset(); // before the viewport and its editors
}

// --- current cell, selection, mode

CellId CellListView::currentCell() const
{
    return d->current;
}

void CellListView::setCurrentCell(const CellId &id)
{
    const int index = d->document.indexOf(id);
    if (index < 0)
        return;
    d->setCurrent(id, false);
    if (d->order.size() != static_cast<size_t>(d->document.cellCount()))
        d->rebuild();
    d->revealRow(index);
}

QList<CellId> CellListView::selectedCells() const
{
    QList<CellId> result(d->selected.cbegin(), d->selected.cend());
    if (result.isEmpty() && !d->current.isEmpty())
        result.append(d->current);
    std::sort(result.begin(), result.end(), [this](const CellId &a, const CellId &b) {
        return d->document.indexOf(a) < d->document.indexOf(b);
    });
    return result;
}

void CellListView::setSelectedCells(const QList<CellId> &ids)
{
    QSet<CellId> now;
    for (const CellId &id : ids) {
        if (d->document.indexOf(id) >= 0)
            now.insert(id);
    }
    if (now.isEmpty())
        return;
    if (!now.contains(d->current))
        d->setCurrent(ids.first(), true);
    d->selected = now;
    viewport()->update();
    emit selectedCellsChanged();
}

void CellListView::extendSelection(int direction)
{
    const CellId next = d->neighbour(d->current, direction);
    if (next.isEmpty())
        return;
    const int from = d->document.indexOf(d->selectionAnchor);
    const int to = d->document.indexOf(next);
    const CellId start = d->selectionAnchor;
    d->setCurrent(next, true);
    d->selectionAnchor = start;
    d->selectRange(from < 0 ? to : from, to);
    d->revealRow(to);
}

void CellListView::moveCurrent(int direction)
{
    const CellId next = d->neighbour(d->current, direction);
    if (!next.isEmpty())
        setCurrentCell(next);
}

CellListView::Mode CellListView::mode() const
{
    return d->mode;
}

void CellListView::enterEditMode()
{
    const Cell *cell = d->document.findCell(d->current);
    if (!cell || d->context.readOnly || cell->kind == CellKind::Unknown)
        return;
    CellViewState &state = d->state(d->current);
    if (state.sourceCollapsed)
        setSourceCollapsed(d->current, false);
    if (cell->kind == CellKind::Markdown && !state.editing) {
        state.editing = true;
        if (CellRow *row = d->row(d->current))
            row->stateChanged();
    }
    d->focusEditor(d->current);
}

void CellListView::leaveEditMode()
{
    d->closeTextEditors({});
    setFocus(Qt::OtherFocusReason);
    d->setMode(Mode::Command);
    d->layoutNow();
}

int CellListView::cursorPosition() const
{
    const CellEditor *editor = d->currentEditor();
    return editor ? editor->caret() : -1;
}

QList<int> CellListView::cursorPositions() const
{
    const CellEditor *editor = d->currentEditor();
    return editor ? editor->carets() : QList<int>();
}

QString CellListView::selectedSource() const
{
    const CellEditor *editor = d->currentEditor();
    return editor ? editor->selectedText() : QString();
}

void CellListView::replaceSelection(const QString &text)
{
    if (CellEditor *editor = d->currentEditor(); editor && !d->context.readOnly) {
        editor->replaceSelections(text);
        d->layoutNow();
    }
}

} // namespace farcell
