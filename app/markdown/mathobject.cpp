#include "app/markdown/mathobject.h"

#include "app/theme/theme.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>

namespace farcell {

MathObject::MathObject(ThemeSource &theme, MathSpan span, const QFont &font)
    : m_theme(theme)
    , m_span(std::move(span))
    , m_font(font)
{}

void MathObject::setResult(const MathResult &result)
{
    m_picture = result.picture;
    m_error = result.picture ? QString() : result.error;
    if (!m_picture && m_error.isEmpty())
        m_error = m_span.source;
}

// Pixels of one ex; smaller where the formula would not fit.
qreal MathObject::ex(qreal available) const
{
    // MathJax' letters are a little small beside sans-serif text of the same x-height.
    const qreal natural = QFontMetricsF(m_font).xHeight() * 0.95;
    const qreal width = m_picture->width() * natural;
    return width > available ? natural * std::max(0.35, available / width) : natural;
}

QString MathObject::placeholder() const
{
    QString text =
        m_error.isEmpty() ? m_span.source : m_span.source + QStringLiteral("  ") + m_error;
    text.replace(QLatin1Char('\n'), QLatin1Char(' '));
    return text.size() > 160 ? text.left(159) + QChar(0x2026) : text;
}

QSizeF MathObject::size(qreal available) const
{
    if (m_picture) {
        const qreal scale = ex(available);
        return {m_picture->isFlexible() ? available : m_picture->width() * scale,
                m_picture->height() * scale};
    }
    const QFontMetricsF metrics(m_theme.theme().code);
    return {std::min(available, metrics.horizontalAdvance(placeholder())), metrics.height()};
}

qreal MathObject::ascent(qreal available) const
{
    if (m_picture)
        return (m_picture->height() - m_picture->depth()) * ex(available);
    return QFontMetricsF(m_theme.theme().code).ascent();
}

void MathObject::paint(QPainter &painter, const QRectF &box)
{
    const Theme &theme = m_theme.theme();
    if (m_picture) {
        m_picture->paint(painter, box, box.height() / std::max(0.01, m_picture->height()),
                         theme.text);
        return;
    }
    painter.save();
    painter.setFont(theme.code);
    painter.setPen(m_error.isEmpty() ? theme.textFaint : theme.danger);
    const QFontMetricsF metrics(theme.code);
    painter.drawText(QPointF(box.left(), box.top() + metrics.ascent()),
                     metrics.elidedText(placeholder(), Qt::ElideRight, box.width() + 1));
    painter.restore();
}

} // namespace farcell
