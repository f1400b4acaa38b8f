#pragma once

#include "backend/keeper/controlgroup.h"
#include "backend/keeper/kernelview.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <tl/expected.hpp>

namespace farcell {

// The kernel's process: started in a session of its own, so that signals reach it and all it
// started, and nothing of it outlives it. What it writes to stdout and stderr (not what cells
// print: that comes as messages) goes to a bounded file; the last lines are kept for the reason.
//
// Lives on the keeper's only thread. Not here: sockets, when to restart.
class KernelProcess
{
public:
    struct Exit
    {
        int code = 0;   // of exit(), if signal is 0
        int signal = 0; // that killed it
        bool isOutOfMemory = false;
        std::uint64_t memoryLimit = 0; // bytes: its own, if that ran out
    };

    struct OomCount
    {
        std::string file; // of the memory cgroup
        std::uint64_t count = 0;
    };

    explicit KernelProcess(std::string outputPath);
    ~KernelProcess(); // kills what still runs
    KernelProcess(const KernelProcess &) = delete;
    KernelProcess &operator=(const KernelProcess &) = delete;
    KernelProcess(KernelProcess &&) = delete;
    KernelProcess &operator=(KernelProcess &&) = delete;

    [[nodiscard]] tl::expected<void, std::string>
    start(const std::vector<std::string> &argv,
          const std::map<std::string, std::string> &environment,
          const std::string &workingDirectory);
    // From the next start on. The group's name is of the kernel alone.
    void setLimits(const ResourceLimits &limits, const std::string &groupName);
    void setView(KernelView view) { m_view = std::move(view); }
    // Why the limits do not hold for what was started last; empty if they do.
    [[nodiscard]] const std::string &limitsRefused() const { return m_limitsRefused; }
    [[nodiscard]] bool isRunning() const { return m_pid > 0; }
    [[nodiscard]] pid_t pid() const { return m_pid; }
    // To the whole group.
    void signal(int number) const;
    // Now and then: what the system kills from here on counts as killed later.
    void noteOomKills();
    // After SIGCHLD: how it ended, once. Whatever is left of its group is killed.
    [[nodiscard]] std::optional<Exit> reap();

    [[nodiscard]] int outputDescriptor() const { return m_output; } // -1 when closed
    void readOutput();                                              // call when readable
    [[nodiscard]] std::string lastOutputLine() const;
    [[nodiscard]] const std::string &outputTail() const { return m_tail; }

private:
    void keepOutput(const char *bytes, std::size_t size);
    void prepareGroup();

    std::string m_outputPath;
    std::string m_tail;
    std::uint64_t m_outputBytes = 0;
    OomCount m_oomBefore;
    ResourceLimits m_limits;
    KernelView m_view;
    std::string m_groupName, m_limitsRefused;
    std::optional<ControlGroup> m_group;
    pid_t m_pid = -1;
    int m_output = -1;
};

// One sentence without a period: "The kernel was killed by signal 9 (Killed)".
[[nodiscard]] std::string describeExit(const KernelProcess::Exit &exit);

// Start time of a process in clock ticks since boot, to tell it from a later one with its number;
// 0 if there is none.
[[nodiscard]] std::uint64_t processStartTime(pid_t pid);

} // namespace farcell
