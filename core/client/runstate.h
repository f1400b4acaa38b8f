#pragma once

#include "core/api/usage.h"

#include <QDateTime>
#include <QString>

#include <chrono>
#include <optional>

namespace farcell {

// Where a code cell stands in its run; what the gutter shows.
struct CellRunState
{
    enum class Phase
    {
        NotRun,
        Queued,
        Running,
        Succeeded,
        Failed,
        Interrupted,
        Aborted
    };

    Phase phase = Phase::NotRun;
    int queuePosition = 0;                // 1 = next; only while Queued
    QDateTime startedAt;                  // UTC; Running and later
    std::chrono::milliseconds elapsed{0}; // when finished
    std::optional<int> executionCount;
    std::optional<api::CellUsage> usage; // told soon after the end, by servers that know it
};

} // namespace farcell
