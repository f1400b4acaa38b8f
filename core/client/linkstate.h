#pragma once

#include <QDateTime>
#include <QMetaType>
#include <QString>

namespace farcell {

// How the line to a kernel stands, for showing it honestly.
struct LinkState
{
    enum class Phase
    {
        Connecting,
        Connected,
        CatchingUp,
        Reconnecting,
        Offline, // long without success; tries go on
        Gone     // gave up; `reason` says why
    };

    Phase phase = Phase::Connecting;
    QDateTime since;     // UTC; when the line was lost
    QDateTime nextTryAt; // UTC; invalid while a try is under way
    int attempt = 0;
    QString reason;
};

} // namespace farcell
