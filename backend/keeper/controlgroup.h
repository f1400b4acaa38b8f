#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace farcell {

// The most a kernel and all it starts may use together.
struct ResourceLimits
{
    std::uint64_t memory = 0; // bytes; 0: as much as there is
    double cores = 0;         // 0: as many as there are

    [[nodiscard]] bool areNone() const { return memory == 0 && cores == 0; }
};

// A control group of the system with limits: of version 2, or of version 1 where that one has the
// controllers. Made beside the calling process' own group or inside it, never where it would get
// out of a limit that somebody else has set. Gone with the object, once nothing runs in it.
class ControlGroup
{
public:
    // The error is one sentence for a person. `mount`: where the system's groups are.
    [[nodiscard]] static tl::expected<ControlGroup, std::string>
    create(const std::string &name, const ResourceLimits &limits,
           const std::string &mount = "/sys/fs/cgroup");
    ~ControlGroup();
    ControlGroup(ControlGroup &&other) noexcept;
    ControlGroup &operator=(ControlGroup &&) = delete;
    ControlGroup(const ControlGroup &) = delete;
    ControlGroup &operator=(const ControlGroup &) = delete;

    // A process that writes "0" into each of these files is in it, with what it starts from then.
    [[nodiscard]] std::vector<std::string> entrances() const;
    [[nodiscard]] const std::vector<std::string> &folders() const { return m_folders; }

private:
    ControlGroup() = default;

    std::vector<std::string> m_folders;
};

// Why kernels cannot be limited here, one sentence; empty if they can. Makes a group and removes
// it.
[[nodiscard]] std::string whyNoLimits();

} // namespace farcell
