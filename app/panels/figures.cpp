#include "app/panels/figures.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace farcell {

QString bytesText(double bytes)
{
    return QLocale().formattedDataSize(qint64(bytes), bytes < 1024 * 1024 ? 0 : 1);
}

QString shareText(double used, double total)
{
    QString share = bytesText(used);
    const QString whole = bytesText(total);
    const auto power = [](double bytes) { return std::floor(std::log2(bytes) / 10); };
    // The same unit is said once.
    if (used >= 1 && total >= 1 && power(used) == power(total))
        share = share.section(QLatin1Char(' '), 0, 0);
    return QCoreApplication::translate("Figures", "%1 of %2").arg(share, whole);
}

QString percentText(double used, double total)
{
    return percentText(total > 0 ? 100 * used / total : 0);
}

QString percentText(double percent)
{
    return QCoreApplication::translate("Figures", "%1 %").arg(std::llround(percent));
}

} // namespace farcell
