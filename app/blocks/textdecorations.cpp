#include "app/blocks/textdecorations.h"

#include "app/theme/theme.h"

#include <QAbstractTextDocumentLayout>
#include <QPainter>
#include <QPainterPath>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextLayout>

#include <algorithm>
#include <array>

namespace farcell {

namespace {

void paintCheck(QPainter &painter, const QRectF &box, bool checked, const Theme &theme)
{
    painter.setPen(QPen(checked ? theme.accent : theme.borderStrong, 1.2));
    painter.setBrush(checked ? QBrush(theme.accent) : QBrush(theme.surface));
    painter.drawRoundedRect(box, 3, 3);
    if (!checked)
        return;
    painter.setPen(QPen(theme.textOnAccent, 1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    const auto tick = std::to_array<QPointF>(
        {{box.left() + box.width() * 0.24, box.top() + box.height() * 0.53},
         {box.left() + box.width() * 0.43, box.top() + box.height() * 0.72},
         {box.left() + box.width() * 0.77, box.top() + box.height() * 0.30}});
    painter.drawPolyline(tick.data(), static_cast<int>(tick.size()));
}

// `line`: the item's first line in document coordinates.
void paintMarker(QPainter &painter, const QString &marker, const QRectF &line, qreal ascent,
                 const QFont &font, const Theme &theme)
{
    const qreal baseline = line.top() + ascent;
    const QFontMetricsF metrics(font);
    const qreal middle = baseline - metrics.xHeight() / 2;
    if (marker == TextDecoration::markerChecked || marker == TextDecoration::markerUnchecked) {
        const qreal side = 13;
        const QRectF box(line.left() - side - 8, middle - side / 2 - 0.5, side, side);
        paintCheck(painter, box, marker == TextDecoration::markerChecked, theme);
        return;
    }
    const QPointF centre(line.left() - 13, middle);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.textMuted);
    if (marker == TextDecoration::markerDisc) {
        painter.drawEllipse(centre, 2.6, 2.6);
    } else if (marker == TextDecoration::markerSquare) {
        painter.drawRect(QRectF(centre - QPointF(2.3, 2.3), QSizeF(4.6, 4.6)));
    } else if (marker == TextDecoration::markerCircle) {
        painter.setPen(QPen(theme.textMuted, 1.1));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(centre, 2.5, 2.5);
    } else {
        painter.setPen(theme.textMuted);
        painter.setFont(font);
        painter.drawText(QPointF(line.left() - 8 - metrics.horizontalAdvance(marker), baseline),
                         marker);
    }
}

// Rounded tints behind code in a line and key caps.
void paintPills(QPainter &painter, const QTextBlock &block, const QRectF &rect, const Theme &theme)
{
    for (auto it = block.begin(); !it.atEnd(); ++it) {
        const QTextFragment fragment = it.fragment();
        const int kind = fragment.charFormat().intProperty(TextDecoration::Pill);
        if (kind == 0)
            continue;
        const int first = fragment.position() - block.position();
        const int last = first + fragment.length();
        const QFontMetricsF metrics(fragment.charFormat().font());
        for (int i = 0; i < block.layout()->lineCount(); ++i) {
            const QTextLine line = block.layout()->lineAt(i);
            const int from = std::max(first, line.textStart());
            const int to = std::min(last, line.textStart() + line.textLength());
            if (from >= to)
                continue;
            const qreal left = std::min(line.cursorToX(from), line.cursorToX(to));
            const qreal right = std::max(line.cursorToX(from), line.cursorToX(to));
            const qreal baseline = rect.top() + line.y() + line.ascent();
            const QRectF pill(QPointF(rect.left() + left - 2.5, baseline - metrics.ascent() - 1),
                              QPointF(rect.left() + right + 2.5, baseline + metrics.descent() + 1));
            painter.setPen(kind == 2 ? QPen(theme.borderStrong, 1) : QPen(Qt::NoPen));
            painter.setBrush(theme.surfaceSunken);
            painter.drawRoundedRect(kind == 2 ? pill.adjusted(0.5, 0.5, -0.5, -0.5) : pill, 4, 4);
        }
    }
}

void paintBlock(QPainter &painter, const QTextBlock &block, const QRectF &rect, qreal gap,
                qreal width, const Theme &theme)
{
    paintPills(painter, block, rect, theme);
    const QTextBlockFormat format = block.blockFormat();
    if (format.hasProperty(TextDecoration::BoxLeft)) {
        const QRectF box =
            QRectF(QPointF(format.doubleProperty(TextDecoration::BoxLeft), rect.top() - 10),
                   QPointF(width, rect.bottom() + 10));
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.surfaceSunken);
        painter.drawRoundedRect(box, Theme::radius, Theme::radius);
    }
    // Bars reach up over the gap to the paragraph above when that one is quoted too.
    const QVariantList bars = format.property(TextDecoration::QuoteBars).toList();
    const qsizetype above =
        block.previous().isValid()
            ? block.previous().blockFormat().property(TextDecoration::QuoteBars).toList().size()
            : 0;
    for (qsizetype i = 0; i < bars.size(); ++i) {
        const qreal reach = i < above ? gap : 1;
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.borderStrong);
        painter.drawRoundedRect(QRectF(QPointF(bars[i].toDouble(), rect.top() - reach),
                                       QPointF(bars[i].toDouble() + 3, rect.bottom() + 1)),
                                1.5, 1.5);
    }
    if (format.hasProperty(TextDecoration::Rule)) {
        painter.fillRect(QRectF(format.leftMargin(), rect.center().y(),
                                width - format.leftMargin() - format.rightMargin(), 1),
                         theme.border);
    }
    const QString marker = format.stringProperty(TextDecoration::Marker);
    if (!marker.isEmpty() && block.layout()->lineCount() > 0) {
        const QTextLine line = block.layout()->lineAt(0);
        const QRectF first(rect.left() + line.x(), rect.top() + line.y(), line.width(),
                           line.height());
        paintMarker(painter, marker, first, line.ascent(), block.charFormat().font(), theme);
    }
}

} // namespace

void paintDecorations(QPainter &painter, const QTextDocument &document, const QRectF &exposed,
                      const Theme &theme)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QAbstractTextDocumentLayout *layout = document.documentLayout();
    qreal above = 0;
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        const QRectF rect = layout->blockBoundingRect(block);
        const qreal gap = std::max(1.0, rect.top() - above);
        above = rect.bottom();
        if (rect.bottom() + 32 < exposed.top() || rect.top() - 32 > exposed.bottom())
            continue;
        paintBlock(painter, block, rect, gap, document.textWidth(), theme);
    }
    painter.restore();
}

QString markerAsText(const QTextBlock &block)
{
    const QString marker = block.blockFormat().stringProperty(TextDecoration::Marker);
    if (marker.isEmpty())
        return {};
    if (marker == TextDecoration::markerChecked)
        return QStringLiteral("[x] ");
    if (marker == TextDecoration::markerUnchecked)
        return QStringLiteral("[ ] ");
    const bool drawn = marker == TextDecoration::markerDisc ||
                       marker == TextDecoration::markerCircle ||
                       marker == TextDecoration::markerSquare;
    return drawn ? QStringLiteral("• ") : marker + QLatin1Char(' ');
}

} // namespace farcell
