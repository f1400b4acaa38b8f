#include "app/blocks/scrollbox.h"

#include "app/theme/theme.h"

#include <QPainter>

#include <algorithm>

namespace farcell {

void ScrollStrip::setRange(qreal range, qreal page)
{
    m_range = range;
    m_page = page;
    setValue(m_value);
}

qreal ScrollStrip::maximum() const
{
    return std::max(0.0, m_range - m_page);
}

bool ScrollStrip::setValue(qreal value)
{
    const qreal old = std::exchange(m_value, std::clamp(value, 0.0, maximum()));
    return !qFuzzyCompare(old + 1, m_value + 1);
}

qreal ScrollStrip::along(QPointF pos) const
{
    return m_orientation == Qt::Horizontal ? pos.x() - m_track.left() : pos.y() - m_track.top();
}

QRectF ScrollStrip::handle() const
{
    const bool horizontal = m_orientation == Qt::Horizontal;
    const qreal length = horizontal ? m_track.width() : m_track.height();
    const qreal size = std::clamp(length * m_page / std::max(1.0, m_range), 28.0, length);
    const qreal at = maximum() > 0 ? (length - size) * m_value / maximum() : 0;
    if (horizontal)
        return {m_track.left() + at, m_track.top() + 2, size, m_track.height() - 4};
    return {m_track.left() + 2, m_track.top() + at, m_track.width() - 4, size};
}

void ScrollStrip::paint(QPainter &painter, const Theme &theme) const
{
    if (!isNeeded())
        return;
    QColor color = theme.textMuted;
    color.setAlphaF(m_held ? 0.75F : 0.4F);
    const QRectF bar = handle();
    const qreal round = std::min(bar.width(), bar.height()) / 2;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(bar, round, round);
    painter.restore();
}

bool ScrollStrip::press(QPointF pos)
{
    if (!isNeeded() || !m_track.contains(pos))
        return false;
    const QRectF bar = handle();
    const bool horizontal = m_orientation == Qt::Horizontal;
    const qreal start = horizontal ? bar.left() - m_track.left() : bar.top() - m_track.top();
    const qreal size = horizontal ? bar.width() : bar.height();
    const qreal at = along(pos);
    m_grip = at >= start && at <= start + size ? at - start : size / 2;
    m_held = true;
    move(pos);
    return true;
}

bool ScrollStrip::move(QPointF pos)
{
    if (!m_held)
        return false;
    const QRectF bar = handle();
    const bool horizontal = m_orientation == Qt::Horizontal;
    const qreal free = horizontal ? m_track.width() - bar.width() : m_track.height() - bar.height();
    if (free > 0)
        setValue((along(pos) - m_grip) / free * maximum());
    return true;
}

bool ScrollStrip::release()
{
    return std::exchange(m_held, false);
}

bool ScrollStrip::wheel(qreal pixels)
{
    return isNeeded() && setValue(m_value - pixels);
}

QPointF wheelPixels(QPoint pixelDelta, QPoint angleDelta)
{
    if (!pixelDelta.isNull())
        return pixelDelta;
    return QPointF(angleDelta) / 120.0 * 60.0;
}

} // namespace farcell
