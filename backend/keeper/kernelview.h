#pragma once

#include <optional>
#include <string>
#include <vector>

namespace farcell {

// What a kernel sees otherwise than the rest of the machine: /opt/bin/nvidia-smi is there, GPUs
// that it may not use cannot be opened. Both by mounts in a namespace of its own, which needs no
// root; process ids, signals and everything else stay as they are.
struct KernelView
{
    std::string nvidiaSmi;           // the machine's; empty: none
    std::vector<std::string> hidden; // device files

    [[nodiscard]] bool isPlain() const { return nvidiaSmi.empty() && hidden.empty(); }
};

// The first word of farcell-keeper's command line that makes it enter a view and become another
// program, with the same process id.
inline constexpr const char *viewWord = "--view";

// The words before a program's file and its arguments (with argv[0]).
[[nodiscard]] std::vector<std::string> viewCommand(const KernelView &view);
// farcell-keeper --view …: becomes the program. What cannot be done is left out, with a line on
// stderr. With --check instead of a program: the exit status, and the line, tell whether it can.
int enterView(int argc, char **argv);

// Device files of the GPUs that are not among these, as the driver tells in `folder`. None are
// hidden when MIG instances are chosen: the driver does not tell there which GPU has them.
[[nodiscard]] std::vector<std::string>
hiddenDevices(const std::optional<std::vector<std::string>> &uuids,
              const std::string &folder = "/proc/driver/nvidia/gpus");

} // namespace farcell
