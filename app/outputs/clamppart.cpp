#include "app/outputs/clamppart.h"

#include "app/theme/theme.h"

#include <QFontMetricsF>
#include <QLinearGradient>
#include <QPainter>

#include <algorithm>

namespace farcell {

namespace {

constexpr qreal footerHeight = 28;
constexpr qreal fadeHeight = 32;

} // namespace

ClampPart::ClampPart(ThemeSource &theme, std::unique_ptr<Block> inner, QObject *parent)
    : OutputPart(parent)
    , m_theme(theme)
    , m_inner(std::move(inner))
{
    connect(m_inner.get(), &Block::heightChanged, this, &Block::heightChanged);
    connect(m_inner.get(), &Block::linkActivated, this, &Block::linkActivated);
    connect(m_inner.get(), &Block::repaintNeeded, this, [this](const QRectF &area) {
        emit repaintNeeded(area.isNull() ? area
                                         : area.translated(0, m_clamped ? -m_bar.value() : 0));
    });
}

ClampPart::~ClampPart() = default;

void ClampPart::setExpanded(bool expanded)
{
    m_expanded = expanded;
    emit heightChanged();
}

QRectF ClampPart::window() const
{
    return {0, 0, m_width, m_clamped ? limit : m_innerHeight};
}

QPointF ClampPart::toInner(QPointF pos) const
{
    return m_clamped ? pos + QPointF(0, m_bar.value()) : pos;
}

qreal ClampPart::layout(qreal width)
{
    m_width = width;
    const bool wasAtEnd = m_bar.value() >= m_bar.maximum() - 1;
    m_innerHeight = m_inner->layout(width);
    m_clamped = isLong() && !m_expanded;
    m_bar.setRange(m_innerHeight, m_clamped ? limit : m_innerHeight);
    m_bar.setTrack(QRectF(width - ScrollStrip::thickness, 0, ScrollStrip::thickness, limit));
    if (m_following && wasAtEnd)
        m_bar.setValue(m_bar.maximum());
    if (auto *part = qobject_cast<OutputPart *>(m_inner.get()))
        part->setViewport(m_clamped ? m_bar.value() : 0, window().height());
    return window().height() + (isLong() ? footerHeight : 0);
}

void ClampPart::paint(QPainter &painter, const QRectF &exposed)
{
    if (!m_clamped) {
        m_inner->paint(painter, exposed.intersected(window()));
        if (isLong())
            paintFooter(painter);
        return;
    }
    painter.save();
    painter.setClipRect(window().intersected(exposed), Qt::IntersectClip);
    painter.translate(0, -m_bar.value());
    m_inner->paint(painter, window().intersected(exposed).translated(0, m_bar.value()));
    painter.restore();
    paintFade(painter);
    m_bar.paint(painter, m_theme.theme());
    paintFooter(painter);
}

void ClampPart::paintFade(QPainter &painter) const
{
    const auto fade = [&](const QRectF &rect, bool down) {
        QColor full = m_theme.theme().surface;
        QColor none = full;
        none.setAlpha(0);
        QLinearGradient gradient(rect.topLeft(), rect.bottomLeft());
        gradient.setColorAt(0, down ? none : full);
        gradient.setColorAt(1, down ? full : none);
        painter.fillRect(rect, gradient);
    };
    const qreal width = m_width - ScrollStrip::thickness;
    if (m_bar.value() < m_bar.maximum() - 1)
        fade(QRectF(0, limit - fadeHeight, width, fadeHeight), true);
}

QString ClampPart::actionText(int action) const
{
    if (action == 1)
        return tr("Open in tab");
    return m_expanded ? tr("Show less") : tr("Show all");
}

QRectF ClampPart::actionRect(int action) const
{
    const QFontMetricsF metrics(m_theme.theme().caption);
    const qreal top = window().bottom() + 4;
    qreal left = 0;
    for (int i = 0; i < action; ++i)
        left += metrics.horizontalAdvance(actionText(i)) + 16;
    return {left, top, metrics.horizontalAdvance(actionText(action)), footerHeight - 8};
}

int ClampPart::actionAt(QPointF pos) const
{
    if (!isLong())
        return -1;
    for (int action = 0; action < 2; ++action) {
        if (actionRect(action).adjusted(-4, -2, 4, 2).contains(pos))
            return action;
    }
    return -1;
}

void ClampPart::paintFooter(QPainter &painter) const
{
    const Theme &theme = m_theme.theme();
    painter.save();
    painter.setFont(theme.caption);
    painter.setPen(theme.link);
    for (int action = 0; action < 2; ++action)
        painter.drawText(actionRect(action).adjusted(0, 0, 4, 0), Qt::AlignVCenter | Qt::AlignLeft,
                         actionText(action));
    painter.restore();
}

bool ClampPart::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers)
{
    m_pressedAction = button == Qt::LeftButton ? actionAt(pos) : -1;
    if (m_pressedAction >= 0)
        return true;
    if (button == Qt::LeftButton && m_clamped && m_bar.press(pos)) {
        scrolled();
        return true;
    }
    return window().contains(pos) && m_inner->mousePress(toInner(pos), button, modifiers);
}

bool ClampPart::mouseMove(QPointF pos, Qt::MouseButtons buttons)
{
    if (m_bar.move(pos)) {
        scrolled();
        return true;
    }
    if (m_pressedAction >= 0)
        return true;
    // Selecting past an edge scrolls.
    if (m_clamped && buttons.testFlag(Qt::LeftButton) && (pos.y() < 0 || pos.y() > limit)) {
        m_bar.setValue(m_bar.value() + (pos.y() < 0 ? pos.y() : pos.y() - limit) / 2);
        scrolled();
    }
    return m_inner->mouseMove(toInner(pos), buttons);
}

bool ClampPart::mouseRelease(QPointF pos, Qt::MouseButton button)
{
    if (m_bar.release())
        return true;
    const int action = std::exchange(m_pressedAction, -1);
    if (action < 0)
        return m_inner->mouseRelease(toInner(pos), button);
    if (action == actionAt(pos)) {
        if (action == 0)
            setExpanded(!m_expanded);
        else
            emit openInTabRequested();
    }
    return true;
}

bool ClampPart::mouseDoubleClick(QPointF pos, Qt::MouseButton button)
{
    return window().contains(pos) && m_inner->mouseDoubleClick(toInner(pos), button);
}

bool ClampPart::wheel(QPointF pos, QPoint pixelDelta, QPoint angleDelta)
{
    if (m_inner->wheel(toInner(pos), pixelDelta, angleDelta))
        return true;
    if (!m_clamped || !window().contains(pos))
        return false;
    if (!m_bar.wheel(wheelPixels(pixelDelta, angleDelta).y()))
        return false;
    scrolled();
    return true;
}

void ClampPart::scrolled()
{
    m_following = m_bar.value() >= m_bar.maximum() - 1;
    if (auto *part = qobject_cast<OutputPart *>(m_inner.get()))
        part->setViewport(m_bar.value(), limit);
    emit repaintNeeded({});
}

Qt::CursorShape ClampPart::cursorAt(QPointF pos) const
{
    if (actionAt(pos) >= 0)
        return Qt::PointingHandCursor;
    if (m_clamped && m_bar.track().contains(pos))
        return Qt::ArrowCursor;
    return window().contains(pos) ? m_inner->cursorAt(toInner(pos)) : Qt::ArrowCursor;
}

QString ClampPart::toolTipAt(QPointF pos) const
{
    return window().contains(pos) ? m_inner->toolTipAt(toInner(pos)) : QString();
}

void ClampPart::setHighlights(const QList<std::pair<int, int>> &ranges, int current)
{
    m_inner->setHighlights(ranges, current);
    if (current < 0 || !m_clamped)
        return;
    const QRectF hit = m_inner->highlightRect(current);
    if (!hit.isNull() && (hit.top() < m_bar.value() || hit.bottom() > m_bar.value() + limit)) {
        m_bar.setValue(hit.center().y() - limit / 2);
        scrolled();
    }
}

QRectF ClampPart::highlightRect(int index) const
{
    const QRectF hit = m_inner->highlightRect(index);
    if (hit.isNull() || !m_clamped)
        return hit;
    const QRectF moved = hit.translated(0, -m_bar.value());
    const qreal lowest = std::max(0.0, limit - moved.height());
    return {moved.left(), std::clamp(moved.top(), 0.0, lowest), moved.width(), moved.height()};
}

QRectF ClampPart::anchorRect(const QString &name) const
{
    const QRectF rect = m_inner->anchorRect(name);
    return rect.isNull() || !m_clamped ? rect : window();
}

QImage ClampPart::imageAt(QPointF pos) const
{
    const auto *part = qobject_cast<const OutputPart *>(m_inner.get());
    return part ? part->imageAt(toInner(pos)) : QImage();
}

} // namespace farcell
