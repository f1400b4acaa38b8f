#include "app/celllist/celllistview_p.h"
#include "app/editor/celleditor.h"
#include "core/notebook/collapse.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QScrollBar>

namespace farcell {

void CellListView::Private::connectDocument()
{
    connect(&document, &NotebookDocument::sourceEdited, this, &Private::onSourceEdited);
    connect(&document, &NotebookDocument::cellsInserted, this, [this] { updateFolds(); });
    connect(&document, &NotebookDocument::cellsMoved, this, [this] { updateFolds(); });
    connect(&document, &NotebookDocument::cellsRemoved, this,
            [this](int first) { onCellsRemoved(first); });
    connect(&document, &NotebookDocument::contentReset, this, &Private::onContentReset);
    connect(&document, &NotebookDocument::cellChanged, this, &Private::onCellChanged);
    connect(&document, &NotebookDocument::outputsChanged, this,
            [this](const CellId &id, int first) {
                if (CellRow *r = row(id))
                    r->outputsChanged(first);
                else
                    forgetHeight(id);
            });
    connect(&document, &NotebookDocument::streamAppended, this,
            [this](const CellId &id, int index, int added) {
                if (CellRow *r = row(id))
                    r->streamAppended(index, added);
                else
                    forgetHeight(id);
            });
    connect(&folds, &SectionFolds::changed, this, &Private::updateFolds);
    connect(&foldTimer, &QTimer::timeout, this, &Private::updateFolds);
}

// A cell far away changed: its height is a guess again. The guess is made at the next layout, not
// for each of a thousand messages.
void CellListView::Private::forgetHeight(const CellId &id)
{
    known.remove(id);
    if (!estimateTimer.isActive())
        estimateTimer.start();
}

void CellListView::Private::onSourceEdited(const CellId &id, int position, int removed, int added)
{
    const Cell *cell = document.findCell(id);
    if (!cell)
        return;
    CellRow *r = row(id);
    if (id != editing) {
        if (r && r->editor())
            r->editor()->applyEdit(position, removed, cell->source.mid(position, added));
        else
            buffers.markStale(id);
    }
    if (cell->kind == CellKind::Markdown)
        foldTimer.start();
    if (r) {
        r->sourceChanged();
        rowChanged(id);
    } else {
        forgetHeight(id);
    }
}

void CellListView::Private::dropRow(const CellId &id)
{
    if (focusedCell == id) {
        focusedCell = {};
        q.setFocus(Qt::OtherFocusReason);
    }
    if (mouseBlockCell == id) {
        mouseBlock = nullptr;
        mouseBlockCell = {};
    }
    if (hoverCell == id)
        hoverCell = {};
    rows.erase(id.toString());
    buffers.remove(id);
    states.erase(id.toString());
    headings.remove(id);
    known.remove(id);
}

// The order here may be the new one already: the folds were told before the list.
void CellListView::Private::onCellsRemoved(int first)
{
    QSet<CellId> gone;
    const auto check = [this, &gone](const CellId &id) {
        if (document.indexOf(id) < 0)
            gone.insert(id);
    };
    for (auto it = known.cbegin(); it != known.cend(); ++it)
        check(it.key());
    for (const auto &[key, r] : rows)
        check(CellId(key));
    for (const auto &[key, s] : states)
        check(CellId(key));
    for (const CellId &id : std::as_const(gone)) {
        selected.remove(id);
        dropRow(id);
    }
    updateFolds();
    const int count = document.cellCount();
    if (!current.isEmpty() && document.indexOf(current) >= 0)
        return;
    if (count > 0)
        setCurrent(document.cellAt(std::clamp(first, 0, count - 1)).id, false);
    else
        current = {};
}

void CellListView::Private::onContentReset()
{
    q.setFocus(Qt::OtherFocusReason);
    focusedCell = {};
    rows.clear();
    states.clear();
    buffers.clear();
    known.clear();
    headings.clear();
    hits.clear();
    currentHit = {};
    render.forget(context.notebook);
    selected.clear();
    current = {};
    anchor = {};
    mouseBlock = nullptr;
    mouseBlockCell = hoverCell = follow = {};
    setMode(Mode::Command);
    updateFolds();
    setScroll(0);
    if (document.cellCount() > 0)
        setCurrent(document.cellAt(0).id, false);
    layoutSoon();
}

void CellListView::Private::onCellChanged(const CellId &id)
{
    const Cell *cell = document.findCell(id);
    CellRow *r = row(id);
    if (!cell)
        return;
    foldTimer.start();
    if (const CellViewState *s = findState(id)) {
        const bool source = isSourceCollapsed(*cell);
        const bool outputs = areOutputsCollapsed(*cell);
        if (source != s->sourceCollapsed || outputs != s->outputsCollapsed) {
            state(id).sourceCollapsed = source;
            state(id).outputsCollapsed = outputs;
            if (r)
                r->stateChanged();
        }
    }
    if (!r) {
        buffers.remove(id); // its kind, and so its language, may differ
        forgetHeight(id);
        return;
    }
    if (cell->kind == CellKind::Markdown && id == focusedCell)
        state(id).editing = true; // converted while writing: go on writing
    r->cellChanged();
    if (!r->showsSource())
        r->dropEditor();
    else if (r->editor())
        r->editor()->setWrap(cell->kind != CellKind::Code || context.wrapCode);
    repaintCell(id);
}

} // namespace farcell
