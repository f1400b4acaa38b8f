#include "app/celllist/celllistview_p.h"
#include "app/celllist/foldfacts.h"
#include "app/editor/celleditor.h"
#include "app/theme/theme.h"
#include "core/notebook/collapse.h"
#include "core/notebook/notebookdocument.h"

#include <QScopedValueRollback>
#include <QScrollBar>

namespace farcell {

namespace {

constexpr int topPadding = 12;
constexpr int minBottomPadding = 120;
constexpr int overscan = 160; // measured before it is seen
constexpr int keptRows = 40;  // rows off the screen that keep their rendered blocks
constexpr int maxPasses = 6;
constexpr int margin = 16; // kept around what is revealed

} // namespace

qint64 CellListView::Private::scrollY() const
{
    return q.verticalScrollBar()->value();
}

int CellListView::Private::viewHeight() const
{
    return q.viewport()->height();
}

qint64 CellListView::Private::rowTop(int index) const
{
    return topPadding + heights.top(index);
}

CellRow *CellListView::Private::row(const CellId &id) const
{
    const auto found = rows.find(id.toString());
    return found == rows.end() ? nullptr : found->second.get();
}

CellViewState &CellListView::Private::state(const CellId &id)
{
    std::unique_ptr<CellViewState> &slot = states[id.toString()];
    if (!slot) {
        slot = std::make_unique<CellViewState>();
        if (const Cell *cell = document.findCell(id)) {
            slot->sourceCollapsed = isSourceCollapsed(*cell);
            slot->outputsCollapsed = areOutputsCollapsed(*cell);
        }
    }
    return *slot;
}

const CellViewState *CellListView::Private::findState(const CellId &id) const
{
    const auto found = states.find(id.toString());
    return found == states.end() ? nullptr : found->second.get();
}

void CellListView::Private::rebuild()
{
    const int count = document.cellCount();
    const int width = q.viewport()->width();
    order.clear();
    order.reserve(static_cast<size_t>(count));
    hidden.resize(static_cast<size_t>(count), false);
    std::vector<int> values;
    values.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
        const Cell &cell = document.cellAt(i);
        order.push_back(cell.id);
        int height = known.value(cell.id, 0);
        if (height <= 0) {
            height = estimateRowHeight(cell, findState(cell.id), context, width);
            known.insert(cell.id, height);
        }
        values.push_back(hidden[static_cast<size_t>(i)] ? 0 : height);
    }
    heights.assign(std::move(values));
    q.viewport()->update(); // rows moved, even if no height changed
    layoutSoon();
}

// Fold state of every cell from SectionFolds; then the heights again.
void CellListView::Private::updateFolds()
{
    const FoldFacts facts = foldFacts(folds, document);
    hidden = facts.hidden;
    QSet<CellId> now;
    for (auto it = facts.hiddenCells.cbegin(); it != facts.hiddenCells.cend(); ++it) {
        CellViewState &s = state(it.key());
        now.insert(it.key());
        if (s.isHeading && s.hiddenCells == it.value())
            continue;
        s.isHeading = true;
        s.hiddenCells = it.value();
        repaintCell(it.key());
    }
    for (const CellId &old : std::as_const(headings)) {
        if (!now.contains(old)) {
            CellViewState &s = state(old);
            s.isHeading = false;
            s.hiddenCells = 0;
            repaintCell(old);
        }
    }
    headings = now;
    rebuild();
}

void CellListView::Private::layoutSoon()
{
    if (!frame.isActive())
        frame.start();
}

void CellListView::Private::rememberAnchor()
{
    const qint64 y = scrollY();
    int index = -1;
    if (!focusedCell.isEmpty()) {
        const int focusedIndex = document.indexOf(focusedCell);
        if (focusedIndex >= 0 && focusedIndex < heights.size()) {
            const qint64 top = rowTop(focusedIndex);
            if (top < y + viewHeight() && top + heights.height(focusedIndex) > y)
                index = focusedIndex;
        }
    }
    if (index < 0) {
        index = heights.rowAt(y - topPadding);
        if (index >= 0 && rowTop(index) < y) { // the first fully visible one, if there is one
            const int next = heights.visibleFrom(index + 1, 1);
            if (next >= 0 && rowTop(next) < y + viewHeight())
                index = next;
        }
    }
    if (index < 0 || index >= static_cast<int>(order.size()))
        anchor = {};
    else
        anchor = {order[static_cast<size_t>(index)], static_cast<int>(rowTop(index) - y)};
}

void CellListView::Private::setScroll(qint64 y)
{
    const QScopedValueRollback<bool> guard(adjusting, true);
    QScrollBar *bar = q.verticalScrollBar();
    const int bottom = std::max(minBottomPadding, viewHeight() / 2);
    const qint64 page = heights.total() + topPadding + bottom;
    bar->setPageStep(viewHeight());
    bar->setSingleStep(context.lineHeight);
    bar->setRange(0, static_cast<int>(std::clamp<qint64>(page - viewHeight(), 0,
                                                         std::numeric_limits<int>::max())));
    bar->setValue(static_cast<int>(std::clamp<qint64>(y, 0, bar->maximum())));
}

CellRow &CellListView::Private::ensureRow(int index)
{
    const CellId &id = order[static_cast<size_t>(index)];
    std::unique_ptr<CellRow> &slot = rows[id.toString()];
    if (slot)
        return *slot;
    slot = std::make_unique<CellRow>(context, id, state(id));
    CellRow *made = slot.get();
    connect(made, &CellRow::linkActivated, &q, &CellListView::linkActivated);
    connect(made, &CellRow::inputSubmitted, &q,
            [this, id](const QString &value) { emit q.inputSubmitted(id, value); });
    connect(made, &CellRow::openOutputRequested, &q,
            [this, id](int output) { emit q.openOutputRequested(id, output); });
    connect(made, &CellRow::clearOutputsRequested, &q,
            [this, id] { emit q.clearOutputsRequested(id); });
    connect(made, &CellRow::outputsCollapsedChanged, this, [this, id](bool collapsed) {
        if (std::exchange(state(id).outputsCollapsed, collapsed) != collapsed)
            emit q.outputsCollapsedChanged(id, collapsed);
    });
    connect(made, &CellRow::blockMenuRequested, this,
            [this, made](Block *, QPointF pos, const QPoint &global) {
                showOutputMenu(*made, pos, global);
            });
    const auto found = hits.constFind(id);
    if (found != hits.constEnd())
        made->setHighlights(found->source, found->currentSource, found->output,
                            found->currentOutput);
    return *made;
}

// Measures the rows on and near the screen, keeps the anchor where it was, places editors.
void CellListView::Private::layoutNow()
{
    frame.stop();
    if (inLayout || order.size() != static_cast<size_t>(document.cellCount()))
        return;
    const QScopedValueRollback<bool> guard(inLayout, true);
    const int width = q.viewport()->width();
    if (width != layoutWidth) {
        layoutWidth = width;
    }
    const qint64 before = scrollY();
    bool moved = false;
    int first = 0;
    int last = -1;
    for (int pass = 0; pass < maxPasses; ++pass) {
        const int anchorIndex = anchor.cell.isEmpty() ? -1 : document.indexOf(anchor.cell);
        setScroll(anchorIndex >= 0 ? rowTop(anchorIndex) - anchor.offset : scrollY());
        const qint64 y = scrollY();
        first = heights.rowAt(y - overscan - topPadding);
        last = heights.rowAt(y + viewHeight() + overscan - topPadding);
        bool changed = false;
        for (int i = first; i >= 0 && i <= last; ++i) {
            if (hidden[static_cast<size_t>(i)])
                continue;
            CellRow &r = ensureRow(i);
            const bool onScreen = rowTop(i) < y + viewHeight() + context.lineHeight &&
                                  rowTop(i) + heights.height(i) > y - context.lineHeight;
            if (onScreen && !flinging)
                r.ensureEditor();
            const int height = r.layout(width);
            known.insert(r.id(), height);
            if (height != heights.height(i)) {
                heights.setHeight(i, height);
                changed = true;
            }
        }
        moved = moved || changed;
        if (!changed)
            break;
    }
    followRun();
    evictRows(first, last);
    placeRows(first, last);
    rememberAnchor();
    if (moved || scrollY() != before)
        q.viewport()->update();
    else
        for (const CellId &id : std::as_const(dirty))
            repaintCell(id);
    dirty.clear();
    placeOverlays();
    updateTick();
}

// A running cell grows downwards: keep its end in sight unless the person went elsewhere.
void CellListView::Private::followRun()
{
    if (follow.isEmpty())
        return;
    const int index = document.indexOf(follow);
    const bool focusElsewhere = !focusedCell.isEmpty() && focusedCell != follow;
    if (index < 0 || index >= heights.size() || focusElsewhere)
        return;
    const qint64 bottom = rowTop(index) + heights.height(index) + margin;
    if (bottom > scrollY() + viewHeight())
        setScroll(bottom - viewHeight());
}

void CellListView::Private::evictRows(int first, int last)
{
    releaseFarEditors(first, last);
    const int enough = last - first + 1 + keptRows;
    if (std::ssize(rows) <= enough && !flinging)
        return;
    for (auto it = rows.begin(); it != rows.end();) {
        const CellRow &r = *it->second;
        const int index = document.indexOf(r.id());
        const bool near = index >= first - keptRows / 2 && index <= last + keptRows / 2;
        const CellViewState *s = findState(r.id());
        const bool keep = near || r.id() == focusedCell || r.hasSelection() ||
                          r.id() == mouseBlockCell || (s && (s->input || s->editing));
        it = keep ? std::next(it) : rows.erase(it);
    }
}

void CellListView::Private::releaseFarEditors(int first, int last)
{
    for (const auto &[key, r] : rows) {
        const int index = document.indexOf(r->id());
        const bool seen = index >= first && index <= last && !hidden[static_cast<size_t>(index)];
        if (seen)
            continue;
        if (r->id() == focusedCell)
            r->hideWidgets(); // pinned: hiding would take focus and an unfinished composition
        else {
            r->dropEditor();
            r->hideWidgets();
        }
    }
}

void CellListView::Private::placeRows(int first, int last)
{
    const qint64 y = scrollY();
    for (int i = first; i >= 0 && i <= last; ++i) {
        if (hidden[static_cast<size_t>(i)])
            continue;
        CellRow *r = row(order[static_cast<size_t>(i)]);
        if (!r)
            continue;
        r->place(static_cast<int>(rowTop(i) - y));
        r->setAccessibleIndex(i);
    }
}

void CellListView::Private::scrolled(int dy)
{
    if (adjusting || inLayout)
        return;
    if (dy > 0)
        follow = {}; // the person looks further up
    if (std::abs(dy) > viewHeight()) {
        flinging = true;
        settle.start();
        q.viewport()->update();
    } else {
        if (flinging)
            settle.start();
        q.viewport()->scroll(0, dy);
    }
    anchor = {};
    rememberAnchor();
    layoutNow();
    const QPoint pointer = q.viewport()->mapFromGlobal(QCursor::pos());
    if (!hoverCell.isEmpty() && q.viewport()->rect().contains(pointer)) {
        const int index = rowAtPoint(pointer); // another cell is under the pointer now
        setHover(index < 0 ? CellId() : order[static_cast<size_t>(index)], RowPart::None);
    }
}

int CellListView::Private::rowAtPoint(QPoint pos) const
{
    const qint64 y = pos.y() + scrollY() - topPadding;
    if (y < 0 || y >= heights.total())
        return -1;
    return heights.rowAt(y);
}

// Scrolls as little as needed; `part` is in the row, null for all of it.
void CellListView::Private::revealRow(int index, const QRect &part)
{
    if (index < 0 || index >= heights.size() || hidden[static_cast<size_t>(index)])
        return;
    const CellId id = order[static_cast<size_t>(index)];
    for (int pass = 0; pass < 2; ++pass) {
        const qint64 top = rowTop(index) + (part.isNull() ? 0 : part.top());
        const int height = part.isNull() ? heights.height(index) : part.height();
        qint64 y = scrollY();
        const bool above = top - margin < y;
        const bool below = top + height + margin > y + viewHeight();
        if (!above && !below)
            break;
        const bool far = top + height < y - viewHeight() || top > y + qint64(2) * viewHeight();
        if (far)
            y = top - viewHeight() / 3;
        else if (above || height + 2 * margin > viewHeight())
            y = top - margin;
        else
            y = top + height + margin - viewHeight();
        setScroll(y);
        anchor = {id, static_cast<int>(rowTop(index) - scrollY())};
        q.viewport()->update();
        layoutNow(); // measures what came into sight: look again
    }
}

void CellListView::Private::revealCaret()
{
    CellRow *r = row(focusedCell);
    if (!r || !r->editor())
        return;
    const int index = document.indexOf(focusedCell);
    const RowGeometry &g = r->geometry();
    const int line = r->editor()->caretDisplayLine();
    revealRow(index, QRect(0, g.editor.top() + line * context.lineHeight, 1, context.lineHeight));
}

void CellListView::Private::measureLineHeight()
{
    if (editors.isEmpty()) {
        auto *editor = new CellEditor(theme, q.viewport());
        editor->hide();
        connectEditor(editor);
        editors.append(editor);
        spare.append(editor);
    }
    context.lineHeight = std::max(8, editors.first()->lineHeight());
}

} // namespace farcell
