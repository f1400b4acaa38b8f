#include "app/notebook/memorycurve.h"

#include "app/theme/theme.h"

#include <QLocale>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

constexpr int captionHeight = 16;

} // namespace

MemoryCurve::MemoryCurve(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(&theme, &ThemeSource::themeChanged, this, qOverload<>(&QWidget::update));
}

void MemoryCurve::setSamples(const QList<KernelDeath::MemorySample> &samples)
{
    m_samples = samples;
    std::sort(m_samples.begin(), m_samples.end(),
              [](const auto &a, const auto &b) { return a.time < b.time; });
    setVisible(m_samples.size() > 1);
    if (!m_samples.isEmpty())
        setAccessibleName(tr("Memory before the end: %1")
                              .arg(QLocale().formattedDataSize(m_samples.last().bytes)));
    update();
}

void MemoryCurve::paintEvent(QPaintEvent * /*event*/)
{
    if (m_samples.size() < 2)
        return;
    const Theme &theme = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF plot = QRectF(rect()).adjusted(0.5, captionHeight + 4, -4.5, -captionHeight - 0.5);
    const double from = m_samples.first().time;
    const double span = std::max(m_samples.last().time - from, 1.0);
    const auto peak =
        std::max_element(m_samples.begin(), m_samples.end(),
                         [](const auto &a, const auto &b) { return a.bytes < b.bytes; });
    const double top = std::max<double>(double(peak->bytes) * 1.1, 1);
    const auto place = [&](const KernelDeath::MemorySample &sample) {
        return QPointF(plot.left() + plot.width() * (sample.time - from) / span,
                       plot.bottom() - plot.height() * double(sample.bytes) / top);
    };
    QPainterPath line(place(m_samples.first()));
    for (const auto &sample : m_samples)
        line.lineTo(place(sample));
    QPainterPath area = line;
    area.lineTo(plot.right(), plot.bottom());
    area.lineTo(plot.left(), plot.bottom());
    area.closeSubpath();

    painter.setPen(QPen(theme.border, 1));
    painter.drawLine(plot.bottomLeft(), plot.bottomRight());
    QColor fill = theme.danger;
    fill.setAlphaF(0.14F);
    painter.fillPath(area, fill);
    painter.setPen(QPen(theme.danger, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(line);
    painter.setBrush(theme.danger);
    painter.setPen(Qt::NoPen);
    painter.drawEllipse(place(m_samples.last()), 3, 3);

    painter.setFont(theme.caption);
    painter.setPen(theme.textMuted);
    painter.drawText(rect(), Qt::AlignTop | Qt::AlignLeft, tr("Memory"));
    painter.drawText(rect(), Qt::AlignTop | Qt::AlignRight,
                     tr("peak %1").arg(QLocale().formattedDataSize(peak->bytes, 1)));
    painter.drawText(rect(), Qt::AlignBottom | Qt::AlignLeft,
                     tr("%1 s before").arg(std::lround(span)));
    painter.drawText(rect(), Qt::AlignBottom | Qt::AlignRight, tr("the end"));
}

} // namespace farcell
