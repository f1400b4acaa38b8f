#pragma once

#include "core/api/farcellapi.h"

#include <QString>

namespace farcell {

// Looks at the machine that farcelld runs on: memory, disk, processors. Inside a container the
// container's limits count. Cheap enough to be asked every second; used on one thread.
class Machine
{
public:
    // `directory`: on the disk to be watched.
    explicit Machine(QString directory);

    [[nodiscard]] api::MachineResources look();

private:
    struct CpuTimes
    {
        quint64 busy = 0;
        quint64 all = 0;
    };
    static CpuTimes readCpuTimes();

    QString m_directory;
    CpuTimes m_previous;
    double m_percent = 0;
};

} // namespace farcell
