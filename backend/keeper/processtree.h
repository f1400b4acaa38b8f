#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

namespace farcell {

// A look, through /proc, at a kernel and all it started, also in sessions of their own (a shell
// command under `!` has a pty). Never touches a file the processes use: its mount may be dead.
struct TreeSample
{
    struct BlockedThread
    {
        pid_t thread = 0;
        std::uint64_t switches = 0; // how often it ran so far
        std::string path;           // what it waits for, if that can be told
    };
    std::chrono::steady_clock::time_point at;
    std::vector<pid_t> processes; // the kernel first
    std::uint64_t cpuTicks = 0;
    std::uint64_t residentBytes = 0;
    bool isRunnable = false;            // some thread
    std::vector<BlockedThread> blocked; // threads that no signal reaches just now
};
[[nodiscard]] TreeSample sampleTree(pid_t root);

// {"pid", "state", "stuck_on", "rss", "cpu_s", "processes"} from two looks some 100 ms apart.
// "stuck": a thread was blocked all the time; a disk that works lets it go in between.
[[nodiscard]] nlohmann::json describeTree(const TreeSample &before, const TreeSample &after,
                                          bool isBusy);

// To every process group in the tree; the kernel's own is left out on request.
void signalTree(pid_t root, int number, bool withRoot);

// Which of `roots` started a process, itself or through others; 0: none. One that was left behind
// by a shell that ended is known by kernelVariable in its environment: the text of each root.
[[nodiscard]] pid_t rootOfProcess(pid_t pid, const std::map<pid_t, std::string> &roots);

inline constexpr std::string_view kernelVariable = "FARCELL_KERNEL_ID";

// Resident memory in bytes; 0 if it is gone.
[[nodiscard]] std::uint64_t residentBytes(pid_t pid);

} // namespace farcell
