#include "app/celllist/celllistview.h"
#include "app/celllist/celllistview_p.h"
#include "app/celllist/celltoolbar.h"
#include "app/editor/celleditor.h"
#include "core/notebook/notebookdocument.h"

#include <QContextMenuEvent>
#include <QDateTime>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QWheelEvent>

namespace farcell {

namespace {

constexpr int wheelTurnMs = 250; // one turn of the wheel scrolls one thing

} // namespace

bool CellListView::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const auto *key = static_cast<QKeyEvent *>(event);
        bool rendered = false;
        for (const auto &[id, row] : d->rows)
            rendered = rendered || row->hasSelection();
        if ((rendered && key->matches(QKeySequence::Copy)) ||
            (d->dragging && key->key() == Qt::Key_Escape)) {
            event->accept();
            return true;
        }
    }
    return QAbstractScrollArea::event(event);
}

bool CellListView::viewportEvent(QEvent *event)
{
    if (!d)
        return QAbstractScrollArea::viewportEvent(event);
    switch (event->type()) {
    case QEvent::ToolTip: {
        const auto *help = static_cast<QHelpEvent *>(event);
        return d->toolTip(help->pos(), help->globalPos());
    }
    case QEvent::Leave:
        d->setHover({}, RowPart::None);
        d->insertBar->hide();
        break;
    default:
        break;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

// Over an editor the viewport sees no mouse: tell which cell the pointer is over.
bool CellListView::eventFilter(QObject *watched, QEvent *event)
{
    if (d && event->type() == QEvent::Enter) {
        const auto *editor = qobject_cast<CellEditor *>(watched->parent());
        if (editor && editor->buffer()) {
            d->setHover(editor->buffer()->cell, RowPart::None);
            d->insertBar->hide();
        }
    }
    return QAbstractScrollArea::eventFilter(watched, event);
}

void CellListView::paintEvent(QPaintEvent *event)
{
    d->paint(event);
}

void CellListView::resizeEvent(QResizeEvent *)
{
    d->layoutNow();
}

void CellListView::scrollContentsBy(int, int dy)
{
    if (d)
        d->scrolled(dy);
}

void CellListView::focusInEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusInEvent(event);
    d->setMode(Mode::Command);
    d->repaintCell(d->current);
}

void CellListView::keyPressEvent(QKeyEvent *event)
{
    QScrollBar *bar = verticalScrollBar();
    const bool shift = (event->modifiers() & Qt::ShiftModifier) != 0;
    const bool command = d->mode == Mode::Command;
    if (event->matches(QKeySequence::Copy) && copyRenderedSelection())
        return;
    switch (event->key()) {
    case Qt::Key_PageUp:
        bar->setValue(bar->value() - d->viewHeight() * 9 / 10);
        return;
    case Qt::Key_PageDown:
        bar->setValue(bar->value() + d->viewHeight() * 9 / 10);
        return;
    case Qt::Key_Home:
        bar->setValue(0);
        return;
    case Qt::Key_End:
        bar->setValue(bar->maximum());
        return;
    case Qt::Key_Escape:
        if (d->dragging)
            d->endDrag(false);
        else
            d->clearBlockSelections(nullptr);
        return;
    case Qt::Key_Space:
        if (command) {
            bar->setValue(bar->value() + (shift ? -1 : 1) * d->viewHeight() * 9 / 10);
            return;
        }
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (command && (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier)) == 0) {
            const int direction = event->key() == Qt::Key_Up ? -1 : 1;
            shift ? extendSelection(direction) : moveCurrent(direction);
            return;
        }
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (command && (event->modifiers() & ~Qt::KeypadModifier) == 0) {
            enterEditMode();
            return;
        }
        break;
    default:
        break;
    }
    event->ignore();
}

void CellListView::mousePressEvent(QMouseEvent *event)
{
    d->mousePress(event);
}

void CellListView::mouseMoveEvent(QMouseEvent *event)
{
    d->mouseMove(event);
}

void CellListView::mouseReleaseEvent(QMouseEvent *event)
{
    d->mouseRelease(event);
}

void CellListView::mouseDoubleClickEvent(QMouseEvent *event)
{
    const QPoint pos = event->position().toPoint();
    const int index = d->rowAtPoint(pos);
    if (index < 0)
        return;
    CellRow &row = d->ensureRow(index);
    const QPoint inRow = pos - QPoint(0, static_cast<int>(d->rowTop(index) - d->scrollY()));
    const bool text = row.cell()->kind == CellKind::Markdown;
    const RowPart part = row.partAt(inRow);
    if (text && (part == RowPart::Text || part == RowPart::None)) {
        d->setCurrent(row.id(), false);
        enterEditMode();
        return;
    }
    QPointF inBlock;
    Block *block = row.blockAt(inRow, &inBlock);
    if (block && block->mouseDoubleClick(inBlock, event->button())) {
        d->mouseBlock = block;
        d->mouseBlockCell = row.id();
    }
}

void CellListView::wheelEvent(QWheelEvent *event)
{
    if ((event->modifiers() & Qt::ControlModifier) != 0) {
        event->ignore();
        return;
    }
    const QPoint pos = event->position().toPoint();
    const int index = d->rowAtPoint(pos);
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    if (index >= 0 && now - d->lastPageWheel > wheelTurnMs) {
        CellRow &row = d->ensureRow(index);
        const QPoint inRow = pos - QPoint(0, static_cast<int>(d->rowTop(index) - d->scrollY()));
        QPointF inBlock;
        Block *block = row.blockAt(inRow, &inBlock);
        if (block && block->wheel(inBlock, event->pixelDelta(), event->angleDelta())) {
            event->accept();
            return;
        }
    }
    d->lastPageWheel = now;
    QAbstractScrollArea::wheelEvent(event);
}

void CellListView::contextMenuEvent(QContextMenuEvent *event)
{
    const int index = d->rowAtPoint(event->pos());
    if (index < 0)
        return;
    CellRow &row = d->ensureRow(index);
    const QPoint inRow =
        event->pos() - QPoint(0, static_cast<int>(d->rowTop(index) - d->scrollY()));
    QPointF inBlock;
    const Block *block = row.blockAt(inRow, &inBlock);
    if (block && block == row.outputs())
        d->showOutputMenu(row, inBlock, event->globalPos());
    else
        emit cellMenuRequested(row.id(), event->globalPos());
}

} // namespace farcell
