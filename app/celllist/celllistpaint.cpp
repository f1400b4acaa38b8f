#include "app/celllist/celllistview_p.h"
#include "app/celllist/celltoolbar.h"
#include "app/editor/celleditor.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

#include <QDateTime>
#include <QPainter>
#include <QPaintEvent>
#include <QScrollBar>

namespace farcell {

namespace {

constexpr int toolbarOverlap = 14; // the bar stands half above its cell
constexpr int insertZone = 9;      // above and below a border between cells

} // namespace

void CellListView::Private::rowChanged(const CellId &id)
{
    dirty.insert(id);
    layoutSoon();
}

void CellListView::Private::repaintRow(const CellId &id, const QRect &rowArea)
{
    const int index = document.indexOf(id);
    if (index < 0 || index >= heights.size())
        return;
    const int top = static_cast<int>(rowTop(index) - scrollY());
    q.viewport()->update(rowArea.translated(0, top));
}

void CellListView::Private::repaintCell(const CellId &id)
{
    const int index = document.indexOf(id);
    if (index < 0 || index >= heights.size())
        return;
    const int top = static_cast<int>(rowTop(index) - scrollY());
    q.viewport()->update(QRect(0, top, q.viewport()->width(), heights.height(index)));
}

RowLook CellListView::Private::lookOf(const CellId &id) const
{
    RowLook look;
    look.current = id == current;
    look.selected = selected.size() > 1 && selected.contains(id);
    look.editMode = look.current && mode == Mode::Edit;
    look.hovered = id == hoverCell && !dragging;
    look.hoverPart = look.hovered ? hoverPart : RowPart::None;
    look.now = QDateTime::currentMSecsSinceEpoch();
    return look;
}

void CellListView::Private::paint(QPaintEvent *event)
{
    const Theme &t = theme.theme();
    QPainter painter(q.viewport());
    painter.fillRect(event->rect(), t.surface);
    const qint64 y = scrollY();
    int index = heights.rowAt(y + event->rect().top() - rowTop(0));
    for (; index >= 0 && index < heights.size(); ++index) {
        if (heights.height(index) == 0)
            continue;
        const int top = static_cast<int>(rowTop(index) - y);
        if (top > event->rect().bottom())
            break;
        CellRow *r = row(order[static_cast<size_t>(index)]);
        if (!r)
            continue;
        painter.save();
        painter.translate(0, top);
        r->paint(painter, event->rect().translated(0, -top), lookOf(r->id()));
        painter.restore();
    }
    if (dragging && dropIndex >= 0) {
        const int at = static_cast<int>(rowTop(std::min(dropIndex, heights.size())) - y);
        const int column = std::clamp(q.viewport()->width() - 2 * RowMetrics::pageMargin, 200,
                                      RowMetrics::maxColumn);
        const int left = std::max(RowMetrics::pageMargin, (q.viewport()->width() - column) / 2);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(t.accent);
        painter.drawRoundedRect(QRectF(left, at - 1.5, column, 3), 1.5, 1.5);
    }
}

// The toolbar at the cell under the pointer, else at the current one; "+ Code + Text" at the end.
void CellListView::Private::placeOverlays()
{
    const qint64 y = scrollY();
    const CellId id = hoverCell.isEmpty() ? current : hoverCell;
    const int index = document.indexOf(id);
    CellRow *r = row(id);
    const bool fits =
        r && index >= 0 && index < heights.size() && heights.height(index) > 0 && !dragging;
    const int top = fits ? static_cast<int>(rowTop(index) - y) : 0;
    const bool seen = fits && top + heights.height(index) > 40 && top < viewHeight() - 20;
    if (seen) {
        const CellViewState *s = findState(id);
        toolbar->setCell(id, r->cell()->kind, s && s->editing, context.readOnly);
        const QRect column = r->geometry().column;
        toolbar->move(column.right() - toolbar->width() - 8,
                      std::max(4, top + RowMetrics::gap - toolbarOverlap));
        toolbar->show();
        toolbar->raise();
    } else {
        toolbar->hide();
    }
    const int end = static_cast<int>(rowTop(heights.size()) - y);
    endBar->setIndex(document.cellCount());
    endBar->setVisible(!context.readOnly && end < viewHeight());
    endBar->move((q.viewport()->width() - endBar->width()) / 2, end + 10);
    if (insertBar->isVisible())
        placeInsertBar(q.viewport()->mapFromGlobal(QCursor::pos()));
}

void CellListView::Private::placeInsertBar(QPoint pos)
{
    if (context.readOnly || dragging) {
        insertBar->hide();
        return;
    }
    if (insertBar->isVisible() && insertBar->geometry().adjusted(-8, -2, 8, 2).contains(pos))
        return;
    const int index = rowAtPoint(pos);
    const qint64 y = scrollY();
    int border = -1;
    if (index >= 0) {
        const int top = static_cast<int>(rowTop(index) - y);
        const int bottom = top + heights.height(index);
        if (pos.y() - top <= insertZone)
            border = index;
        else if (bottom - pos.y() <= insertZone && heights.visibleFrom(index + 1, 1) >= 0)
            border = index + 1;
    }
    if (border < 0) {
        insertBar->hide();
        return;
    }
    insertBar->setIndex(border);
    insertBar->move((q.viewport()->width() - insertBar->width()) / 2,
                    std::max(0, static_cast<int>(rowTop(border) - y) - InsertBar::barHeight / 2));
    insertBar->show();
    insertBar->raise();
}

void CellListView::Private::connectOverlays()
{
    connect(toolbar, &CellToolbar::commandRequested, this,
            [this](const CellId &id, const QString &command) {
                if (command == QLatin1String("edit")) {
                    setCurrent(id, false);
                    q.enterEditMode();
                } else if (command == QLatin1String("render")) {
                    closeTextEditors({});
                    q.setFocus(Qt::OtherFocusReason);
                } else {
                    setCurrent(id, false);
                    emit q.toolRequested(id, command);
                }
            });
    connect(toolbar, &CellToolbar::menuRequested, this,
            [this](const CellId &id, const QPoint &global) {
                setCurrent(id, selected.contains(id));
                emit q.cellMenuRequested(id, global);
            });
    for (InsertBar *bar : {insertBar, endBar})
        connect(bar, &InsertBar::insertRequested, this, [this](int index, CellKind kind) {
            insertBar->hide();
            emit q.insertRequested(index, kind);
        });
}

// Runs only while something on the screen moves by itself.
void CellListView::Private::updateTick()
{
    bool running = false;
    const qint64 y = scrollY();
    for (const auto &[key, r] : rows) {
        const CellViewState *s = findState(r->id());
        if (!s || s->run.phase != CellRunState::Phase::Running)
            continue;
        const int index = document.indexOf(r->id());
        if (index < 0 || index >= heights.size())
            continue;
        const qint64 top = rowTop(index) - y;
        if (top > viewHeight() || top + heights.height(index) < 0)
            continue;
        running = true;
        const QRect button = r->geometry().runButton;
        repaintRow(r->id(), button.adjusted(-18, -2, 18, 22));
    }
    if (running && !tick.isActive())
        tick.start();
    else if (!running)
        tick.stop();
}

void CellListView::Private::applyTheme()
{
    for (CellEditor *editor : std::as_const(editors))
        editor->applyTheme();
    measureLineHeight();
    for (const auto &[key, r] : rows)
        r->themeChanged();
    q.viewport()->update();
    layoutSoon();
}

} // namespace farcell
