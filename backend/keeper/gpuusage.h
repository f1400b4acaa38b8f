#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace farcell {

// Sums of what a kernel does with GPUs, from the samples of them that farcelld sends: a list of
// {"index", "name", "memory", "utilization", "power", "energy", "xid", "processes"} as in GET
// /api/farcell/gpus. Only GPUs that a process of the kernel is on count.
class GpuUsage
{
public:
    using Clock = std::chrono::steady_clock;

    GpuUsage() = default;
    GpuUsage(std::string kernel, Clock::time_point begun);

    void add(const nlohmann::json &gpus, Clock::time_point at);
    void end(Clock::time_point at);
    [[nodiscard]] int samples() const { return m_samples; }
    // The latest critical error that a GPU reported meanwhile, if the kernel was on that one.
    [[nodiscard]] std::optional<int> xid() const { return m_xid; }
    // {"peak_memory", "peak_device_memory", "seconds", "utilization", "energy"}; null when it was
    // on no GPU.
    [[nodiscard]] nlohmann::json toJson() const;

private:
    struct Gpu // one it was on at the latest sample
    {
        std::optional<double> load;   // 0 … 1
        std::optional<double> power;  // W
        std::optional<double> energy; // J since the driver was loaded
    };
    void spend(const Gpu &gpu, double seconds);
    void noteXid(int index, std::optional<int> xid, bool isOn);

    std::string m_kernel;
    Clock::time_point m_lastAt;
    std::map<int, Gpu> m_gpus;
    std::map<int, std::optional<int>> m_firstXids; // by index: an old one is not of now
    std::set<int> m_used;                          // a lost GPU tells no processes any more
    std::optional<int> m_xid;
    int m_samples = 0;
    bool m_wasOn = false;
    std::optional<std::uint64_t> m_peakMemory, m_peakDeviceMemory;
    std::optional<double> m_loadSeconds, m_energy;
    double m_measuredSeconds = 0; // of all GPUs together, those whose load was told
};

// An error that says that memory of a GPU ran out. `content` is that of a Jupyter "error".
[[nodiscard]] bool isGpuShortage(std::string_view content);

// {"sentence", "gpus"} from a sample: who holds the memory of the GPUs, as `kernel` sees it.
[[nodiscard]] nlohmann::json describeGpuShortage(const nlohmann::json &gpus,
                                                 const std::string &kernel);

} // namespace farcell
