#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include <sys/types.h>

namespace farcell {

// What a process and all it started used since begin(), by looks through /proc. Cheap enough for
// several looks a second: only the tree is looked at, and one that was seen in it once is followed
// even if its parent ended. What began and ended between two looks counts by what its parent
// collected of it.
class TreeUsage
{
public:
    void begin(pid_t root);
    void look();
    void end(); // the last look: also finds what the root's memory was between looks

    // Of processors, with processes that ended since.
    [[nodiscard]] double cpuSeconds() const { return m_cpuSeconds; }
    // Bytes: the most of the sums of resident memory; 0 if nothing was there to look at.
    [[nodiscard]] std::uint64_t peakMemory() const { return m_peakMemory; }

private:
    struct Process
    {
        std::uint64_t start = 0; // tells it from a later one of its number
        pid_t parent = 0;
        double own = 0;       // s
        double collected = 0; // s, of children that ended
        std::uint64_t memory = 0;
    };
    using Processes = std::map<pid_t, Process>;

    [[nodiscard]] Processes find() const;
    [[nodiscard]] static bool read(pid_t pid, Process &process);
    void count(const Processes &now);
    void takeMemory(const Processes &now);

    pid_t m_root = 0;
    Processes m_last;
    std::chrono::steady_clock::time_point m_lookedAt;
    double m_cpuSeconds = 0;
    std::uint64_t m_peakMemory = 0;
    std::uint64_t m_highBefore = 0; // the most the root ever had, at begin()
};

} // namespace farcell
