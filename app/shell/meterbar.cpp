#include "app/shell/meterbar.h"

#include "app/theme/theme.h"

#include <QLocale>
#include <QPainter>

#include <algorithm>

namespace farcell {

namespace {

double share(qint64 used, qint64 total)
{
    return total > 0 ? std::clamp(double(used) / double(total), 0.0, 1.0) : 0.0;
}

} // namespace

MeterBar::MeterBar(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setFixedSize(MeterBar::sizeHint());
}

void MeterBar::setUse(qint64 memoryUsed, qint64 memoryTotal, qint64 diskUsed, qint64 diskTotal)
{
    m_memory = share(memoryUsed, memoryTotal);
    m_disk = share(diskUsed, diskTotal);
    const QLocale locale;
    const auto line = [&locale](const QString &what, qint64 used, qint64 total) {
        return tr("%1: %2 of %3 used")
            .arg(what, locale.formattedDataSize(used, 1), locale.formattedDataSize(total, 1));
    };
    const QString text = line(tr("Memory"), memoryUsed, memoryTotal) + QLatin1Char('\n') +
                         line(tr("Disk"), diskUsed, diskTotal);
    setToolTip(text);
    setAccessibleName(text);
    update();
}

void MeterBar::paintEvent(QPaintEvent * /*event*/)
{
    const Theme &theme = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(theme.caption);
    const auto bar = [&](int y, const QString &name, double part) {
        painter.setPen(theme.textFaint);
        painter.drawText(QRect(0, y, 32, 14), Qt::AlignLeft | Qt::AlignVCenter, name);
        const QRectF track(34, y + 5, 46, 4);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.pressed);
        painter.drawRoundedRect(track, 2, 2);
        QRectF filled = track;
        filled.setWidth(std::max(part > 0 ? 4.0 : 0.0, track.width() * part));
        painter.setBrush(part > 0.9 ? theme.danger : (part > 0.75 ? theme.warning : theme.success));
        painter.drawRoundedRect(filled, 2, 2);
    };
    bar(0, tr("RAM"), m_memory);
    bar(14, tr("Disk"), m_disk);
}

} // namespace farcell
