#include "app/celllist/celllistview_p.h"
#include "app/celllist/celltoolbar.h"
#include "app/celllist/usagetext.h"
#include "app/editor/celleditor.h"
#include "core/notebook/notebookdocument.h"

#include <QApplication>
#include <QMenu>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>

namespace farcell {

void CellListView::Private::clearBlockSelections(const Block *except)
{
    for (const auto &[key, r] : rows) {
        for (Block *block : {r->text(), static_cast<Block *>(r->outputs()), r->note()}) {
            if (block && block != except && block->hasSelection())
                block->clearSelection();
        }
    }
}

void CellListView::Private::mousePress(QMouseEvent *event)
{
    const QPoint pos = event->position().toPoint();
    const int index = rowAtPoint(pos);
    pressPos = pos;
    maybeDrag = false;
    if (index < 0) {
        clearBlockSelections(nullptr);
        q.setFocus(Qt::MouseFocusReason);
        return;
    }
    const QPoint inRow = pos - QPoint(0, static_cast<int>(rowTop(index) - scrollY()));
    CellRow &r = ensureRow(index);
    QPointF inBlock;
    Block *block = r.blockAt(inRow, &inBlock);
    clearBlockSelections(block);
    if (event->button() == Qt::LeftButton || event->button() == Qt::MiddleButton) {
        if (block && block->mousePress(inBlock, event->button(), event->modifiers())) {
            mouseBlock = block;
            mouseBlockCell = r.id();
        }
    }
    const RowPart part = r.partAt(inRow);
    if (event->button() == Qt::RightButton) {
        if (!selected.contains(r.id()))
            q.setCurrentCell(r.id());
        return;
    }
    if (event->button() == Qt::LeftButton)
        pressPart(index, part, event);
}

void CellListView::Private::pressPart(int index, RowPart part, QMouseEvent *event)
{
    const CellId id = order[static_cast<size_t>(index)];
    switch (part) {
    case RowPart::RunButton:
        if (state(id).run.phase == CellRunState::Phase::Running) {
            emit q.interruptRequested();
        } else {
            setCurrent(id, false);
            emit q.runRequested(id);
        }
        return;
    case RowPart::FoldTriangle:
    case RowPart::FoldRow:
        emit q.foldToggleRequested(id);
        return;
    case RowPart::FoldRunButton:
        emit q.runHiddenRequested(id);
        return;
    case RowPart::CollapsedSource:
        q.setSourceCollapsed(id, false);
        return;
    case RowPart::Box: {
        const CellRow *r = row(id);
        if (r && r->showsSource()) {
            focusEditor(id);
            return;
        }
        break;
    }
    default:
        break;
    }
    if ((event->modifiers() & Qt::ShiftModifier) != 0 && !mouseBlock) {
        const int from = std::max(0, document.indexOf(selectionAnchor));
        setCurrent(id, true);
        selectRange(from, index);
    } else if ((event->modifiers() & Qt::ControlModifier) != 0) {
        QSet<CellId> now = selected;
        if (!now.remove(id) || now.isEmpty())
            now.insert(id);
        setCurrent(id, true);
        selected = now;
        repaintCell(id);
        emit q.selectedCellsChanged();
    } else {
        setCurrent(id, part == RowPart::Gutter && selected.contains(id));
        maybeDrag = part == RowPart::Gutter && !context.readOnly;
    }
    const CellViewState *s = findState(id);
    if (!(s && s->editing)) // a click in the preview leaves the caret where it is
        q.setFocus(Qt::MouseFocusReason);
}

void CellListView::Private::mouseMove(QMouseEvent *event)
{
    const QPoint pos = event->position().toPoint();
    if (dragging) {
        updateDrag(pos);
        return;
    }
    const bool pressed = (event->buttons() & Qt::LeftButton) != 0;
    if (pressed && maybeDrag &&
        (pos - pressPos).manhattanLength() >= QApplication::startDragDistance()) {
        startDrag();
        updateDrag(pos);
        return;
    }
    if (mouseBlock && event->buttons() != Qt::NoButton) {
        CellRow *r = row(mouseBlockCell);
        const int index = document.indexOf(mouseBlockCell);
        if (r && index >= 0) {
            const QPoint origin(0, static_cast<int>(rowTop(index) - scrollY()));
            mouseBlock->mouseMove(QPointF(pos - origin - r->blockRect(mouseBlock).topLeft()),
                                  event->buttons());
        }
        return;
    }
    updateHover(pos);
    placeInsertBar(pos);
}

void CellListView::Private::mouseRelease(QMouseEvent *event)
{
    maybeDrag = false;
    if (dragging) {
        endDrag(true);
        return;
    }
    if (!mouseBlock)
        return;
    CellRow *r = row(mouseBlockCell);
    const int index = document.indexOf(mouseBlockCell);
    if (r && index >= 0) {
        const QPoint origin(0, static_cast<int>(rowTop(index) - scrollY()));
        mouseBlock->mouseRelease(
            QPointF(event->position().toPoint() - origin - r->blockRect(mouseBlock).topLeft()),
            event->button());
    }
    mouseBlock = nullptr;
    mouseBlockCell = {};
}

void CellListView::Private::updateHover(QPoint pos)
{
    const int index = rowAtPoint(pos);
    if (index < 0) {
        setHover({}, RowPart::None);
        q.viewport()->unsetCursor();
        return;
    }
    CellRow &r = ensureRow(index);
    const QPoint inRow = pos - QPoint(0, static_cast<int>(rowTop(index) - scrollY()));
    const RowPart part = r.partAt(inRow);
    setHover(r.id(), part);
    QPointF inBlock;
    const Block *block = r.blockAt(inRow, &inBlock);
    Qt::CursorShape shape = Qt::ArrowCursor;
    if (block)
        shape = block->cursorAt(inBlock);
    else if (part == RowPart::RunButton || part == RowPart::FoldTriangle ||
             part == RowPart::FoldRow || part == RowPart::FoldRunButton ||
             part == RowPart::CollapsedSource)
        shape = Qt::PointingHandCursor;
    else if (part == RowPart::Box)
        shape = Qt::IBeamCursor;
    else if (part == RowPart::Gutter && !context.readOnly)
        shape = Qt::OpenHandCursor;
    q.viewport()->setCursor(shape);
}

void CellListView::Private::setHover(const CellId &id, RowPart part)
{
    if (hoverCell == id && hoverPart == part)
        return;
    const CellId before = std::exchange(hoverCell, id);
    hoverPart = part;
    repaintCell(before);
    if (before != id) {
        repaintCell(id);
        placeOverlays();
    }
}

// --- drag and drop of cells inside this list

void CellListView::Private::startDrag()
{
    dragging = true;
    maybeDrag = false;
    insertBar->hide();
    q.viewport()->setCursor(Qt::ClosedHandCursor);
    dragScroll.start();
    placeOverlays();
}

void CellListView::Private::updateDrag(QPoint pos)
{
    const qint64 y = pos.y() + scrollY();
    int index = rowAtPoint(pos);
    if (index < 0)
        index = pos.y() + scrollY() < rowTop(0) ? 0 : heights.size();
    else if (y > rowTop(index) + heights.height(index) / 2)
        ++index;
    // Behind a folded heading the place is behind all it hides.
    while (index < heights.size() && index > 0 && heights.height(index) == 0)
        ++index;
    if (index != dropIndex) {
        dropIndex = index;
        q.viewport()->update();
    }
}

void CellListView::Private::endDrag(bool drop)
{
    const int target = std::exchange(dropIndex, -1);
    dragging = false;
    dragScroll.stop();
    q.viewport()->unsetCursor();
    q.viewport()->update();
    placeOverlays();
    if (!drop || target < 0)
        return;
    const QList<CellId> ids = q.selectedCells();
    const int first = document.indexOf(ids.first());
    const int last = document.indexOf(ids.last());
    const bool together = last - first + 1 == ids.size();
    if (!(together && target >= first && target <= last + 1)) // else it stays where it is
        emit q.moveRequested(ids, target);
}

// --- tool tips and menus

bool CellListView::Private::toolTip(QPoint pos, QPoint globalPos)
{
    using Phase = CellRunState::Phase;
    const int index = rowAtPoint(pos);
    if (index < 0)
        return false;
    CellRow &r = ensureRow(index);
    const QPoint inRow = pos - QPoint(0, static_cast<int>(rowTop(index) - scrollY()));
    QString text;
    QPointF inBlock;
    if (const Block *block = r.blockAt(inRow, &inBlock)) {
        text = block->toolTipAt(inBlock);
    } else if (r.partAt(inRow) == RowPart::RunButton || r.geometry().status.contains(inRow)) {
        const CellRunState &run = state(r.id()).run;
        switch (run.phase) {
        case Phase::Running:
            text = CellListView::tr("Interrupt");
            break;
        case Phase::Queued:
            text = CellListView::tr("Waiting, place %1 in the queue").arg(run.queuePosition);
            break;
        case Phase::NotRun:
            text = CellListView::tr("Run cell (Ctrl+Return)");
            break;
        default:
            text = CellListView::tr("Run cell (Ctrl+Return)\nLast run %1, took %2 s")
                       .arg(QLocale().toString(run.startedAt.toLocalTime(), QLocale::ShortFormat))
                       .arg(run.usage ? run.usage->seconds
                                      : static_cast<double>(run.elapsed.count()) / 1000.0,
                            0, 'f', 2);
            if (run.usage)
                text += QLatin1Char('\n') + usageDetails(*run.usage).join(QLatin1Char('\n'));
        }
    }
    if (text.isEmpty())
        QToolTip::hideText();
    else
        QToolTip::showText(globalPos, text, q.viewport());
    return true;
}

void CellListView::Private::showOutputMenu(CellRow &r, QPointF inBlock, QPoint globalPos)
{
    if (!r.outputs())
        return;
    auto *menu = new QMenu(&q);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    r.outputs()->addActions(*menu, inBlock);
    menu->popup(globalPos);
}

} // namespace farcell
