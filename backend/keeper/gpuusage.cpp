#include "backend/keeper/gpuusage.h"

#include "backend/keeper/kernelrunnerparts.h"
#include "core/jupyter/jsonscan.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace farcell {

namespace {

using nlohmann::json;

// Between samples that are farther apart nobody knows what the load was.
constexpr double longestStep = 2.5; // s

const json &memberOf(const json &object, const char *key)
{
    static const json nothing;
    const auto it = object.is_object() ? object.find(key) : object.end();
    return it == object.end() ? nothing : *it;
}

template <typename T>
std::optional<T> numberAt(const json &object, const char *key)
{
    const json &value = memberOf(object, key);
    return value.is_number() ? std::optional(value.get<T>()) : std::nullopt;
}

std::string textAt(const json &object, const char *key)
{
    const json &value = memberOf(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

template <typename T>
json valueOrNull(const std::optional<T> &value)
{
    return value ? json(*value) : json();
}

// What the processes of one kernel hold on a GPU.
struct Share
{
    bool isOn = false;
    std::optional<std::uint64_t> memory; // unknown if it is of one of them
};

Share shareOf(const json &gpu, const std::string &kernel)
{
    Share share;
    for (const json &process : memberOf(gpu, "processes")) {
        if (textAt(process, "kernel_id") != kernel) {
            continue;
        }
        const auto memory = numberAt<std::uint64_t>(process, "memory");
        share.memory = memory && (!share.isOn || share.memory)
                           ? std::optional(share.memory.value_or(0) + *memory)
                           : std::nullopt;
        share.isOn = true;
    }
    return share;
}

template <typename T>
void raise(std::optional<T> &most, T value)
{
    most = std::max(most.value_or(value), value);
}

template <typename T>
void add(std::optional<T> &sum, T value)
{
    sum = sum.value_or(0) + value;
}

bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

double freeShareOf(const json &gpu)
{
    const json &memory = memberOf(gpu, "memory");
    const double total = numberAt<double>(memory, "total").value_or(0);
    return total > 0 ? numberAt<double>(memory, "free").value_or(total) / total : 1;
}

// Of the GPUs the kernel is on; of all, if it got onto none.
const json *fullestGpu(const json &gpus, const std::string &kernel)
{
    const auto rank = [&](const json &gpu) {
        return std::pair(!shareOf(gpu, kernel).isOn, freeShareOf(gpu));
    };
    const auto fullest = std::min_element(
        gpus.begin(), gpus.end(), [&](const json &a, const json &b) { return rank(a) < rank(b); });
    return fullest == gpus.end() ? nullptr : &*fullest;
}

// ": held by this kernel (3 GiB), train.ipynb (1 GiB) and 2 other processes (20 MiB)".
std::string holdersOf(const json &gpu, const std::string &kernel)
{
    std::map<std::string, std::uint64_t> held;
    int strangers = 0;
    std::uint64_t heldByStrangers = 0;
    for (const json &process : memberOf(gpu, "processes")) {
        const auto memory = numberAt<std::uint64_t>(process, "memory").value_or(0);
        const std::string owner = textAt(process, "kernel_id");
        const std::string notebook = textAt(process, "notebook");
        if (owner.empty()) {
            ++strangers;
            heldByStrangers += memory;
        } else if (owner == kernel) {
            held["this kernel"] += memory;
        } else {
            held[notebook.empty() ? "another kernel" : notebook] += memory;
        }
    }
    if (strangers > 0) {
        held[strangers == 1 ? "another process" : std::to_string(strangers) + " other processes"] =
            heldByStrangers;
    }
    std::vector<std::pair<std::uint64_t, std::string>> sorted;
    sorted.reserve(held.size());
    for (const auto &[who, memory] : held) {
        sorted.emplace_back(memory, who);
    }
    std::sort(sorted.rbegin(), sorted.rend());
    std::string text;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const bool isLast = i + 1 == sorted.size();
        text += i == 0 ? ": held by " : (isLast ? " and " : ", ");
        text += sorted[i].second + " (" +
                (sorted[i].first > 0 ? readableBytes(sorted[i].first) : "not known") + ')';
    }
    return text;
}

} // namespace

GpuUsage::GpuUsage(std::string kernel, Clock::time_point begun)
    : m_kernel(std::move(kernel))
    , m_lastAt(begun)
{}

// A load is the mean since the look before it, so it counts for the time up to its sample; for
// that reason the first one is also that of the time since the beginning.
void GpuUsage::noteXid(int index, std::optional<int> xid, bool isOn)
{
    const std::optional<int> first = m_firstXids.emplace(index, xid).first->second;
    if (isOn) {
        m_used.insert(index);
    }
    if (xid && xid != first && m_used.count(index) != 0) {
        m_xid = xid;
    }
}

void GpuUsage::add(const json &gpus, Clock::time_point at)
{
    const double step = std::chrono::duration<double>(at - m_lastAt).count();
    m_lastAt = at;
    ++m_samples;
    std::map<int, Gpu> now;
    std::optional<std::uint64_t> memory = 0;
    std::optional<std::uint64_t> deviceMemory = 0;
    for (const json &told : gpus) {
        const Share share = shareOf(told, m_kernel);
        const auto index = numberAt<int>(told, "index");
        if (index) {
            noteXid(*index, numberAt<int>(told, "xid"), share.isOn);
        }
        if (!share.isOn || !index) {
            continue;
        }
        const auto used = numberAt<std::uint64_t>(memberOf(told, "memory"), "used");
        memory = memory && share.memory ? std::optional(*memory + *share.memory) : std::nullopt;
        deviceMemory = deviceMemory && used ? std::optional(*deviceMemory + *used) : std::nullopt;
        Gpu gpu{numberAt<double>(memberOf(told, "utilization"), "gpu"),
                numberAt<double>(memberOf(told, "power"), "draw"),
                numberAt<double>(told, "energy")};
        if (gpu.load) {
            *gpu.load /= 100;
        }
        const auto before = m_gpus.find(*index);
        const bool canCount = before != m_gpus.end() && before->second.energy && gpu.energy &&
                              *gpu.energy >= *before->second.energy;
        if (canCount) { // the device's own counter is right over any gap
            farcell::add(m_energy, *gpu.energy - *before->second.energy);
            Gpu loadOnly = gpu;
            loadOnly.power.reset();
            spend(loadOnly, step);
        } else if (before != m_gpus.end() || m_samples == 1) {
            spend(gpu, step);
        }
        now[*index] = gpu;
    }
    m_gpus = std::move(now);
    if (m_gpus.empty()) {
        return;
    }
    m_wasOn = true;
    if (memory) {
        raise(m_peakMemory, *memory);
    }
    if (deviceMemory) {
        raise(m_peakDeviceMemory, *deviceMemory);
    }
}

void GpuUsage::spend(const Gpu &gpu, double seconds)
{
    if (seconds > longestStep) {
        return;
    }
    if (gpu.load) {
        farcell::add(m_loadSeconds, *gpu.load * seconds);
        m_measuredSeconds += seconds;
    }
    if (gpu.power) {
        farcell::add(m_energy, *gpu.power * seconds);
    }
}

void GpuUsage::end(Clock::time_point at)
{
    for (const auto &[index, gpu] : m_gpus) {
        spend(gpu, std::chrono::duration<double>(at - m_lastAt).count());
    }
    m_lastAt = at;
}

json GpuUsage::toJson() const
{
    if (!m_wasOn) {
        return {};
    }
    const bool isMeasured = m_loadSeconds && m_measuredSeconds > 0;
    return {{"peak_memory", valueOrNull(m_peakMemory)},
            {"peak_device_memory", valueOrNull(m_peakDeviceMemory)},
            {"seconds", valueOrNull(m_loadSeconds)},
            {"utilization", isMeasured ? json(100 * *m_loadSeconds / m_measuredSeconds) : json()},
            {"energy", valueOrNull(m_energy)}};
}

bool isGpuShortage(std::string_view content)
{
    const std::string name = wire::jsonString(content, "ename").value_or("");
    if (name == "OutOfMemoryError") { // PyTorch, CuPy
        return true;
    }
    // The names of CUDA stand nowhere else: in the message, or in that of the error behind it.
    for (const std::string_view sign :
         {"CUDA out of memory", "CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation"}) {
        if (has(content, sign)) {
            return true;
        }
    }
    const std::string value = wire::jsonString(content, "evalue").value_or("");
    const bool isExhausted =
        name == "ResourceExhaustedError" || has(value, "RESOURCE_EXHAUSTED"); // TensorFlow, JAX
    const bool isMemory = has(value, "OOM") || has(value, "ut of memory");
    return isExhausted && (isMemory || has(value, "GPU"));
}

json describeGpuShortage(const json &gpus, const std::string &kernel)
{
    json told = json::array();
    for (const json &gpu : gpus) {
        told.push_back({{"index", memberOf(gpu, "index")},
                        {"name", memberOf(gpu, "name")},
                        {"memory", memberOf(gpu, "memory")},
                        {"processes", memberOf(gpu, "processes")}});
    }
    const json *const fullest = fullestGpu(told, kernel);
    if (fullest == nullptr) {
        return {};
    }
    const json &memory = memberOf(*fullest, "memory");
    const auto total = numberAt<std::uint64_t>(memory, "total");
    const auto free = numberAt<std::uint64_t>(memory, "free");
    std::string sentence =
        "GPU " + memberOf(*fullest, "index").dump() + " (" + textAt(*fullest, "name") + ")";
    sentence += total && free
                    ? " has " + readableBytes(*free) + " of " + readableBytes(*total) + " free"
                    : " has no memory left";
    sentence += holdersOf(*fullest, kernel) + '.';
    return {{"sentence", std::move(sentence)}, {"gpus", std::move(told)}};
}

} // namespace farcell
