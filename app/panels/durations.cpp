#include "app/panels/durations.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace farcell {

QString clockText(double seconds)
{
    const qint64 all = std::llround(std::max(seconds, 0.0));
    const QString rest = QStringLiteral("%1:%2")
                             .arg(all / 60 % 60, all >= 3600 ? 2 : 1, 10, QLatin1Char('0'))
                             .arg(all % 60, 2, 10, QLatin1Char('0'));
    return all >= 3600 ? QStringLiteral("%1:%2").arg(all / 3600).arg(rest) : rest;
}

QString roughText(double seconds)
{
    const auto text = [](const char *pattern, double value) {
        return QCoreApplication::translate("Durations", pattern).arg(std::llround(value));
    };
    if (seconds < 90)
        return text(QT_TRANSLATE_NOOP("Durations", "%1 s"), std::max(seconds, 0.0));
    if (seconds < 90 * 60)
        return text(QT_TRANSLATE_NOOP("Durations", "%1 min"), seconds / 60);
    if (seconds < 36 * 3600)
        return text(QT_TRANSLATE_NOOP("Durations", "%1 h"), seconds / 3600);
    return text(QT_TRANSLATE_NOOP("Durations", "%1 days"), seconds / 86400);
}

} // namespace farcell
