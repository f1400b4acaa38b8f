#include "app/shell/meterbar.h"

#include "app/panels/figures.h"
#include "app/theme/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

constexpr int trackWidth = 46;
constexpr int columnGap = 12;
constexpr int side = 4;
constexpr int rowHeight = 14;

// In steps of a pixel: nothing is painted again for less.
double share(double used, double total)
{
    return total > 0 ? std::round(std::clamp(used / total, 0.0, 1.0) * trackWidth) / trackWidth : 0;
}

double partOf(const api::GpuLoad &gpu)
{
    return gpu.memory && gpu.memory->total > 0
               ? double(gpu.memory->used) / double(gpu.memory->total)
               : -1;
}

} // namespace

MeterBar::MeterBar(ThemeSource &theme, QWidget *parent)
    : QAbstractButton(parent)
    , m_theme(theme)
    , m_bars{{tr("RAM")}, {tr("Disk")}}
{
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    connect(&theme, &ThemeSource::themeChanged, this, qOverload<>(&QWidget::update));
}

void MeterBar::setUse(const api::MetricsSample &sample)
{
    const auto memoryUsed = double(sample.machine.memory.used);
    const auto memoryTotal = double(sample.machine.memory.total);
    const auto diskUsed = double(sample.machine.disk.used);
    const auto diskTotal = double(sample.machine.disk.total);
    std::vector<Bar> bars{{tr("RAM"), share(memoryUsed, memoryTotal)},
                          {tr("Disk"), share(diskUsed, diskTotal)}};
    const auto line = [](const QString &what, double used, double total) {
        return tr("%1: %2 used").arg(what, shareText(used, total));
    };
    QStringList lines{line(tr("Memory"), memoryUsed, memoryTotal),
                      line(tr("Disk"), diskUsed, diskTotal)};
    const auto fullest = std::max_element(
        sample.gpus.begin(), sample.gpus.end(),
        [](const api::GpuLoad &a, const api::GpuLoad &b) { return partOf(a) < partOf(b); });
    if (fullest != sample.gpus.end()) {
        bars.push_back({tr("VRAM"), share(partOf(*fullest), 1), true, fullest->memory.has_value()});
        bars.push_back({tr("GPU"), share(fullest->utilization.value_or(0), 100), false,
                        fullest->utilization.has_value()});
    }
    for (const api::GpuLoad &gpu : sample.gpus) {
        const QString name = tr("GPU %1").arg(gpu.index);
        QString text = gpu.memory ? line(name, double(gpu.memory->used), double(gpu.memory->total))
                                  : tr("%1: memory not known").arg(name);
        if (gpu.utilization)
            text += tr(", load %1").arg(percentText(*gpu.utilization));
        lines << text;
    }
    const QString text = lines.join(QLatin1Char('\n'));
    setToolTip(text);
    setAccessibleName(text);
    const bool isOther = bars.size() != m_bars.size();
    if (bars == m_bars)
        return;
    m_bars = std::move(bars);
    if (isOther)
        updateGeometry();
    update();
}

int MeterBar::nameWidth() const
{
    const QFontMetrics metrics(m_theme.theme().caption);
    int widest = 0;
    for (const Bar &bar : m_bars)
        widest = std::max(widest, metrics.horizontalAdvance(bar.name));
    return widest;
}

QSize MeterBar::sizeHint() const
{
    const int column = nameWidth() + 6 + trackWidth;
    const int columns = m_bars.size() > 2 ? 2 : 1;
    return {2 * side + columns * column + (columns - 1) * columnGap, 2 * rowHeight + 4};
}

void MeterBar::paintEvent(QPaintEvent * /*event*/)
{
    const Theme &theme = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (underMouse() || hasFocus()) {
        painter.setPen(hasFocus() ? QPen(theme.focusRing, 1) : QPen(Qt::NoPen));
        painter.setBrush(underMouse() ? theme.hover : QColor(Qt::transparent));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), Theme::radius,
                                Theme::radius);
    }
    painter.setFont(theme.caption);
    const int column = nameWidth() + 6 + trackWidth + columnGap;
    for (std::size_t i = 0; i < m_bars.size(); ++i)
        drawBar(painter, {side + int(i / 2) * column, 2 + int(i % 2) * rowHeight}, m_bars[i]);
}

void MeterBar::drawBar(QPainter &painter, const QPoint &at, const Bar &bar) const
{
    const Theme &theme = m_theme.theme();
    const int names = nameWidth();
    painter.setPen(theme.textFaint);
    painter.drawText(QRect(at.x(), at.y(), names, rowHeight), Qt::AlignLeft | Qt::AlignVCenter,
                     bar.name);
    const QRectF track(at.x() + names + 6, at.y() + 5, trackWidth, 4);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.pressed);
    painter.drawRoundedRect(track, 2, 2);
    if (!bar.isKnown || bar.part <= 0)
        return;
    QRectF filled = track;
    filled.setWidth(std::max(4.0, track.width() * bar.part));
    QColor colour = theme.success;
    if (!bar.isLimit)
        colour = theme.accent;
    else if (bar.part > 0.75)
        colour = bar.part > 0.9 ? theme.danger : theme.warning;
    painter.setBrush(colour);
    painter.drawRoundedRect(filled, 2, 2);
}

} // namespace farcell
