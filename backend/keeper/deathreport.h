#pragma once

#include "backend/keeper/kernelprocess.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json_fwd.hpp>

namespace farcell {

// The kernel's memory over the last minute.
class MemoryCurve
{
public:
    void sample(double unixTime, std::uint64_t bytes);
    void clear() { m_samples.clear(); }
    [[nodiscard]] const std::deque<std::pair<double, std::uint64_t>> &samples() const
    {
        return m_samples;
    }

private:
    std::deque<std::pair<double, std::uint64_t>> m_samples;
};

// What is known of a kernel that ended without being asked to.
struct Death
{
    pid_t pid = -1;
    KernelProcess::Exit exit;
    int askedSignal = 0;    // that somebody sent it through us; 0: nobody did
    bool hasStarted = true; // it had answered before
    bool wasRestarted = false;
    double time = 0;        // Unix
    std::optional<int> xid; // that its GPU reported before
    std::string output;     // the end of what it wrote to stdout and stderr
};
// The body of GET /api/farcell/kernels/ID/death, see docs/protocol.md.
[[nodiscard]] nlohmann::json describeDeath(const Death &death, const MemoryCurve &memory);
// Of one that could not even be started.
[[nodiscard]] nlohmann::json describeFailedStart(const std::string &reason, double time);

} // namespace farcell
