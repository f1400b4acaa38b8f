#include "app/outputs/notepart.h"

#include "app/theme/theme.h"

#include <QFontMetricsF>
#include <QPainter>

namespace farcell {

namespace {
constexpr qreal lineHeight = 24;
}

NotePart::NotePart(ThemeSource &theme, QString text, QString action, QObject *parent)
    : OutputPart(parent)
    , m_theme(theme)
    , m_text(std::move(text))
    , m_action(std::move(action))
{}

qreal NotePart::layout(qreal width)
{
    m_width = width;
    return lineHeight;
}

QRectF NotePart::actionRect() const
{
    if (m_action.isEmpty())
        return {};
    const QFontMetricsF metrics(m_theme.theme().caption);
    const qreal left = m_text.isEmpty() ? 0 : metrics.horizontalAdvance(m_text) + 12;
    return {left, 0, metrics.horizontalAdvance(m_action), lineHeight};
}

void NotePart::paint(QPainter &painter, const QRectF &)
{
    const Theme &theme = m_theme.theme();
    painter.setFont(theme.caption);
    painter.setPen(theme.textMuted);
    const QFontMetricsF metrics(theme.caption);
    const qreal room = m_width - (m_action.isEmpty() ? 0 : actionRect().width() + 12);
    painter.drawText(QRectF(0, 0, m_width, lineHeight), Qt::AlignVCenter | Qt::AlignLeft,
                     metrics.elidedText(m_text, Qt::ElideRight, room));
    if (m_action.isEmpty())
        return;
    painter.setPen(theme.link);
    painter.drawText(actionRect().adjusted(0, 0, 4, 0), Qt::AlignVCenter | Qt::AlignLeft, m_action);
}

bool NotePart::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers)
{
    return button == Qt::LeftButton && actionRect().contains(pos);
}

bool NotePart::mouseRelease(QPointF pos, Qt::MouseButton)
{
    if (actionRect().contains(pos))
        emit activated();
    return true;
}

Qt::CursorShape NotePart::cursorAt(QPointF pos) const
{
    return actionRect().contains(pos) ? Qt::PointingHandCursor : Qt::ArrowCursor;
}

QString NotePart::toolTipAt(QPointF) const
{
    return m_text;
}

void NotePart::themeChanged()
{
    emit repaintNeeded({});
}

} // namespace farcell
