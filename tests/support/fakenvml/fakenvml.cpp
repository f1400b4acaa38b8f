#include "backend/gpu/nvml.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <thread>

// {"init": 0, "driver": "550.54", "cuda": 12040, "gpus": [GPU…], "xids": [{"gpu": 0, "xid": 79}]}
// GPU: {"name", "uuid", "pci", "capability": [9, 0], "memory": {"total", "reserved", "free",
// "used"}, "utilization": [gpu, memory], "temperature", "power", "limit", "energy", "clocks":
// [graphics, sm, memory], "throttle": bits, "ecc": [on, corrected, uncorrected], "mig": [GPU…],
// "processes": [[pid, bytes]…], "graphics": the same, "lost": true, "fail": {"nvml…": code},
// "sleep_ms"}, in NVML's own units. What is absent is not supported by the device.
namespace {

using namespace farcell::nvml;
using nlohmann::json;

std::set<const void *> watched;
std::size_t xidsTold = 0;

json &currentState()
{
    static json value;
    return value;
}

const json &state()
{
    return currentState();
}

// Once per look, so that its calls agree with each other.
void readAgain()
{
    const char *path = std::getenv("FARCELL_FAKE_NVML");
    json fresh = json::parse(std::ifstream(path == nullptr ? "" : path), nullptr, false);
    if (fresh.is_object())
        currentState() = std::move(fresh);
}

// A device is its place among the GPUs, and for a MIG instance among those of one, from 1.
Device handleOf(std::size_t gpu, std::size_t instance = 0)
{
    // NOLINTNEXTLINE(performance-no-int-to-ptr): never followed
    return reinterpret_cast<Device>((gpu + 1) * 1000 + instance);
}

const json &gpuOf(Device device)
{
    const auto number = reinterpret_cast<std::size_t>(device);
    const json &gpu = state().at("gpus").at(number / 1000 - 1);
    return number % 1000 == 0 ? gpu : gpu["mig"].at(number % 1000 - 1);
}

// What the call `name` says besides its values.
Return codeOf(Device device, const char *name, const char *key = nullptr)
{
    const json &gpu = gpuOf(device);
    if (gpu.contains("sleep_ms"))
        std::this_thread::sleep_for(std::chrono::milliseconds(gpu["sleep_ms"].get<int>()));
    if (gpu.value("lost", false))
        return Return::GpuIsLost;
    if (gpu.contains("fail") && gpu["fail"].contains(name))
        return Return(gpu["fail"][name].get<int>());
    return key == nullptr || gpu.contains(key) ? Return::Success : Return::NotSupported;
}

Return copyText(const std::string &text, char *out, unsigned length)
{
    if (text.size() + 1 > length)
        return Return::InsufficientSize;
    std::memcpy(out, text.c_str(), text.size() + 1);
    return Return::Success;
}

template <typename T>
Return give(Device device, const char *name, const char *key, T *out)
{
    const Return code = codeOf(device, name, key);
    if (code == Return::Success)
        *out = gpuOf(device)[key].get<T>();
    return code;
}

template <typename T>
Return giveAt(Device device, const char *name, const char *key, std::size_t index, T *out)
{
    const Return code = codeOf(device, name, key);
    if (code == Return::Success)
        *out = gpuOf(device)[key].at(index).get<T>();
    return code;
}

Return giveProcesses(Device device, const char *name, const char *key, unsigned *count,
                     ProcessInfo *infos)
{
    if (const Return code = codeOf(device, name); code != Return::Success)
        return code;
    const json list = gpuOf(device).value(key, json::array());
    const unsigned room = *count;
    *count = unsigned(list.size());
    if (room < list.size())
        return Return::InsufficientSize;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const json &bytes = list[i].at(1);
        infos[i] = {list[i].at(0).get<unsigned>(),
                    bytes.is_null() ? memoryNotAvailable : bytes.get<unsigned long long>(), ~0U,
                    ~0U};
    }
    return Return::Success;
}

} // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are the library's
#define FAKE extern "C" __attribute__((visibility("default"))) Return

FAKE nvmlInit_v2()
{
    readAgain();
    return Return(state().value("init", 0));
}
FAKE nvmlShutdown()
{
    return Return::Success;
}
FAKE nvmlSystemGetDriverVersion(char *version, unsigned length)
{
    return copyText(state().value("driver", ""), version, length);
}
FAKE nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    *version = state().value("cuda", 0);
    return Return::Success;
}
FAKE nvmlDeviceGetCount_v2(unsigned *count)
{
    readAgain();
    *count = unsigned(state().at("gpus").size());
    return Return(state().value("count", 0));
}
FAKE nvmlDeviceGetHandleByIndex_v2(unsigned index, Device *device)
{
    if (index >= state().at("gpus").size())
        return Return::InvalidArgument;
    *device = handleOf(index);
    return codeOf(*device, "nvmlDeviceGetHandleByIndex_v2");
}
FAKE nvmlDeviceGetName(Device device, char *name, unsigned length)
{
    const Return code = codeOf(device, "nvmlDeviceGetName", "name");
    return code == Return::Success ? copyText(gpuOf(device)["name"], name, length) : code;
}
FAKE nvmlDeviceGetUUID(Device device, char *uuid, unsigned length)
{
    const Return code = codeOf(device, "nvmlDeviceGetUUID", "uuid");
    return code == Return::Success ? copyText(gpuOf(device)["uuid"], uuid, length) : code;
}
FAKE nvmlDeviceGetPciInfo_v3(Device device, PciInfo *info)
{
    const Return code = codeOf(device, "nvmlDeviceGetPciInfo_v3", "pci");
    if (code != Return::Success)
        return code;
    *info = {};
    return copyText(gpuOf(device)["pci"], info->busId, sizeof info->busId);
}
FAKE nvmlDeviceGetCudaComputeCapability(Device device, int *major, int *minor)
{
    const char *name = "nvmlDeviceGetCudaComputeCapability";
    const Return code = giveAt(device, name, "capability", 0, major);
    return code == Return::Success ? giveAt(device, name, "capability", 1, minor) : code;
}
FAKE nvmlDeviceGetMemoryInfo(Device device, Memory *memory)
{
    const Return code = codeOf(device, "nvmlDeviceGetMemoryInfo", "memory");
    if (code == Return::Success) {
        const json &told = gpuOf(device)["memory"];
        const unsigned long long total = told["total"];
        const unsigned long long free = told["free"];
        *memory = {total, free, total - free};
    }
    return code;
}
FAKE nvmlDeviceGetMemoryInfo_v2(Device device, Memory2 *memory)
{
    if (memory->version != versionOf(sizeof *memory, 2))
        return Return::VersionMismatch;
    const Return code = codeOf(device, "nvmlDeviceGetMemoryInfo_v2", "memory");
    if (code == Return::Success) {
        const json &told = gpuOf(device)["memory"];
        *memory = {memory->version, told["total"], told["reserved"], told["free"], told["used"]};
    }
    return code;
}
FAKE nvmlDeviceGetUtilizationRates(Device device, Utilization *rates)
{
    const char *name = "nvmlDeviceGetUtilizationRates";
    const Return code = giveAt(device, name, "utilization", 0, &rates->gpu);
    return code == Return::Success ? giveAt(device, name, "utilization", 1, &rates->memory) : code;
}
FAKE nvmlDeviceGetTemperature(Device device, int sensor, unsigned *degrees)
{
    return sensor == temperatureGpu
               ? give(device, "nvmlDeviceGetTemperature", "temperature", degrees)
               : Return::InvalidArgument;
}
FAKE nvmlDeviceGetPowerUsage(Device device, unsigned *milliwatts)
{
    return give(device, "nvmlDeviceGetPowerUsage", "power", milliwatts);
}
FAKE nvmlDeviceGetEnforcedPowerLimit(Device device, unsigned *milliwatts)
{
    return give(device, "nvmlDeviceGetEnforcedPowerLimit", "limit", milliwatts);
}
FAKE nvmlDeviceGetTotalEnergyConsumption(Device device, unsigned long long *millijoules)
{
    return give(device, "nvmlDeviceGetTotalEnergyConsumption", "energy", millijoules);
}
FAKE nvmlDeviceGetClockInfo(Device device, int type, unsigned *megahertz)
{
    if (type < clockGraphics || type > clockMemory)
        return Return::InvalidArgument;
    return giveAt(device, "nvmlDeviceGetClockInfo", "clocks", std::size_t(type), megahertz);
}
FAKE nvmlDeviceGetCurrentClocksThrottleReasons(Device device, unsigned long long *reasons)
{
    return give(device, "nvmlDeviceGetCurrentClocksThrottleReasons", "throttle", reasons);
}
FAKE nvmlDeviceGetEccMode(Device device, int *current, int *pending)
{
    *pending = 0;
    return giveAt(device, "nvmlDeviceGetEccMode", "ecc", 0, current);
}
FAKE nvmlDeviceGetTotalEccErrors(Device device, int type, int counter, unsigned long long *errors)
{
    if (counter != eccVolatile)
        return Return::InvalidArgument;
    return giveAt(device, "nvmlDeviceGetTotalEccErrors", "ecc", type == eccCorrected ? 1 : 2,
                  errors);
}
FAKE nvmlDeviceGetMigMode(Device device, unsigned *current, unsigned *pending)
{
    const Return code = codeOf(device, "nvmlDeviceGetMigMode", "mig");
    *current = code == Return::Success && !gpuOf(device)["mig"].empty() ? 1 : 0;
    *pending = *current;
    return code;
}
FAKE nvmlDeviceGetMaxMigDeviceCount(Device device, unsigned *count)
{
    *count = 7;
    return codeOf(device, "nvmlDeviceGetMaxMigDeviceCount", "mig");
}
FAKE nvmlDeviceGetMigDeviceHandleByIndex(Device device, unsigned index, Device *instance)
{
    const json &list = gpuOf(device)["mig"];
    if (index >= list.size() || list[index].is_null())
        return Return::NotFound;
    *instance = handleOf(reinterpret_cast<std::size_t>(device) / 1000 - 1, index + 1);
    return Return::Success;
}
FAKE nvmlDeviceGetComputeRunningProcesses_v3(Device device, unsigned *count, ProcessInfo *infos)
{
    return giveProcesses(device, "nvmlDeviceGetComputeRunningProcesses_v3", "processes", count,
                         infos);
}
FAKE nvmlDeviceGetGraphicsRunningProcesses_v3(Device device, unsigned *count, ProcessInfo *infos)
{
    return giveProcesses(device, "nvmlDeviceGetGraphicsRunningProcesses_v3", "graphics", count,
                         infos);
}
FAKE nvmlEventSetCreate(EventSet *set)
{
    *set = reinterpret_cast<EventSet>(&watched);
    return Return::Success;
}
FAKE nvmlDeviceRegisterEvents(Device device, unsigned long long types, EventSet)
{
    if ((types & xidEvent) == 0)
        return Return::InvalidArgument;
    watched.insert(device);
    return Return::Success;
}
FAKE nvmlEventSetWait_v2(EventSet, EventData *data, unsigned)
{
    const json xids = state().value("xids", json::array());
    for (; xidsTold < xids.size(); ++xidsTold) {
        Device device = handleOf(xids[xidsTold]["gpu"].get<std::size_t>());
        if (watched.count(device) == 0)
            continue;
        *data = {device, xidEvent, xids[xidsTold]["xid"].get<unsigned long long>(), ~0U, ~0U};
        ++xidsTold;
        return Return::Success;
    }
    return Return::Timeout;
}
FAKE nvmlEventSetFree(EventSet)
{
    return Return::Success;
}
// NOLINTEND(readability-identifier-naming)
