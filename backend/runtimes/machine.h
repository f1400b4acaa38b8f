#pragma once

#include "core/api/metrics.h"

#include <QString>

#include <chrono>
#include <optional>

namespace farcell {

// Looks at the machine that farcelld runs on: memory, disk, processors. Inside a container the
// container's limits count. Cheap enough to be asked every second; used on one thread.
class Machine
{
public:
    // `directory`: on the disk to be watched.
    explicit Machine(QString directory);

    [[nodiscard]] api::MachineResources look();
    [[nodiscard]] static api::Usage memory();
    [[nodiscard]] static int cpuCount(); // that we may use
    // Since the previous call; nothing at the first.
    [[nodiscard]] std::optional<api::NetworkRates> network();

private:
    struct CpuTimes
    {
        quint64 busy = 0;
        quint64 all = 0;
    };
    static CpuTimes readCpuTimes();
    struct Traffic
    {
        std::chrono::steady_clock::time_point at;
        quint64 received = 0; // bytes
        quint64 sent = 0;
    };
    static Traffic readTraffic();

    QString m_directory;
    CpuTimes m_previous;
    double m_percent = 0;
    std::optional<Traffic> m_traffic;
};

} // namespace farcell
