#pragma once

#include "backend/gpu/nvml.h"
#include "core/base/result.h"

#include <QString>

#include <memory>

namespace farcell {

// NVIDIA's management library, opened while we run: without it, or without a driver, the same
// program works and says what is missing. Calls may block for as long as the driver does: not for
// the server's thread. A function that this version of the library lacks is null.
class NvmlLibrary
{
public:
    // `path`: another library than the system's libnvidia-ml.so.1. Unavailable with one sentence
    // that says what is missing: driver, library, permission, or that they do not fit.
    static Result<std::unique_ptr<NvmlLibrary>> open(const QString &path = {});
    ~NvmlLibrary();
    NvmlLibrary(const NvmlLibrary &) = delete;
    NvmlLibrary &operator=(const NvmlLibrary &) = delete;

    using Return = nvml::Return;
    using Device = nvml::Device;
    template <typename... Arguments>
    using Function = Return (*)(Arguments...);

    Function<> init = nullptr;
    Function<> shutdown = nullptr;
    Function<char *, unsigned> systemGetDriverVersion = nullptr;
    Function<int *> systemGetCudaDriverVersion = nullptr;
    Function<unsigned *> deviceGetCount = nullptr;
    Function<unsigned, Device *> deviceGetHandleByIndex = nullptr;
    Function<Device, char *, unsigned> deviceGetName = nullptr;
    Function<Device, char *, unsigned> deviceGetUuid = nullptr;
    Function<Device, nvml::PciInfo *> deviceGetPciInfo = nullptr;
    Function<Device, int *, int *> deviceGetCudaComputeCapability = nullptr;
    Function<Device, nvml::Memory *> deviceGetMemoryInfo = nullptr;
    Function<Device, nvml::Memory2 *> deviceGetMemoryInfo2 = nullptr;
    Function<Device, nvml::Utilization *> deviceGetUtilizationRates = nullptr;
    Function<Device, int, unsigned *> deviceGetTemperature = nullptr;
    Function<Device, unsigned *> deviceGetPowerUsage = nullptr;                       // mW
    Function<Device, unsigned *> deviceGetPowerLimit = nullptr;                       // mW
    Function<Device, unsigned long long *> deviceGetTotalEnergyConsumption = nullptr; // mJ
    Function<Device, int, unsigned *> deviceGetClockInfo = nullptr;                   // MHz
    Function<Device, unsigned long long *> deviceGetThrottleReasons = nullptr;
    Function<Device, int *, int *> deviceGetEccMode = nullptr;
    Function<Device, int, int, unsigned long long *> deviceGetTotalEccErrors = nullptr;
    Function<Device, unsigned *, unsigned *> deviceGetMigMode = nullptr;
    Function<Device, unsigned *> deviceGetMaxMigDeviceCount = nullptr;
    Function<Device, unsigned, Device *> deviceGetMigDeviceHandleByIndex = nullptr;
    // The entries are ProcessInfo1 where only that is there, see hasOldProcesses().
    Function<Device, unsigned *, void *> deviceGetComputeProcesses = nullptr;
    Function<Device, unsigned *, void *> deviceGetGraphicsProcesses = nullptr;
    Function<nvml::EventSet *> eventSetCreate = nullptr;
    Function<Device, unsigned long long, nvml::EventSet> deviceRegisterEvents = nullptr;
    Function<nvml::EventSet, nvml::EventData *, unsigned> eventSetWait = nullptr;
    Function<nvml::EventSet> eventSetFree = nullptr;

    [[nodiscard]] bool hasOldProcesses() const { return m_hasOldProcesses; }

private:
    NvmlLibrary() = default;
    void load();
    template <typename F>
    void find(F &function, std::initializer_list<const char *> names);

    void *m_handle = nullptr;
    bool m_isInitialized = false;
    bool m_hasOldProcesses = false;
};

} // namespace farcell
