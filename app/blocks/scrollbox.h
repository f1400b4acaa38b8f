#pragma once

#include <QPointF>
#include <QRectF>

class QPainter;

namespace farcell {

struct Theme;

// One painted scroll bar: what is shown of how much, and the mouse on its handle. A value used by
// blocks, which are no widgets. Pixels; `range` is the whole length, `page` the visible part.
class ScrollStrip
{
public:
    explicit ScrollStrip(Qt::Orientation orientation)
        : m_orientation(orientation)
    {}

    void setRange(qreal range, qreal page);
    void setTrack(const QRectF &track) { m_track = track; } // where the bar is drawn
    bool setValue(qreal value);                             // true if it changed; clamped
    [[nodiscard]] qreal value() const { return m_value; }
    [[nodiscard]] qreal maximum() const;
    [[nodiscard]] bool isNeeded() const { return maximum() > 0.5; }
    [[nodiscard]] const QRectF &track() const { return m_track; }

    void paint(QPainter &painter, const Theme &theme) const;
    bool press(QPointF pos);
    bool move(QPointF pos); // true while the handle is held
    bool release();
    [[nodiscard]] bool isHeld() const { return m_held; }

    // Scrolls by a wheel event; false if it is already at that end.
    bool wheel(qreal pixels);

    static constexpr qreal thickness = 10;

private:
    [[nodiscard]] QRectF handle() const;
    [[nodiscard]] qreal along(QPointF pos) const;

    Qt::Orientation m_orientation;
    QRectF m_track;
    qreal m_range = 0;
    qreal m_page = 0;
    qreal m_value = 0;
    qreal m_grip = 0;
    bool m_held = false;
};

// Pixels of one wheel event along an axis: exact ones if the device gives them, else 3 lines a
// notch.
[[nodiscard]] QPointF wheelPixels(QPoint pixelDelta, QPoint angleDelta);

} // namespace farcell
