#include "app/blocks/block.h"

namespace farcell {

bool Block::mousePress(QPointF, Qt::MouseButton, Qt::KeyboardModifiers)
{
    return false;
}

bool Block::mouseMove(QPointF, Qt::MouseButtons)
{
    return false;
}

bool Block::mouseRelease(QPointF, Qt::MouseButton)
{
    return false;
}

bool Block::mouseDoubleClick(QPointF, Qt::MouseButton)
{
    return false;
}

bool Block::wheel(QPointF, QPoint, QPoint)
{
    return false;
}

Qt::CursorShape Block::cursorAt(QPointF) const
{
    return Qt::ArrowCursor;
}

QString Block::toolTipAt(QPointF) const
{
    return {};
}

void Block::setHighlights(const QList<std::pair<int, int>> &, int) {}

QRectF Block::highlightRect(int) const
{
    return {};
}

QRectF Block::anchorRect(const QString &) const
{
    return {};
}

} // namespace farcell
