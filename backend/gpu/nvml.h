#pragma once

#include <cstddef>

// The part of NVML's binary interface that is used here, declared anew: the library is opened at
// run time and its header is not needed to build. Names, numbers and layouts are NVIDIA's (NVML
// API reference, https://docs.nvidia.com/deploy/nvml-api). tests/support/fakenvml has them too.
namespace farcell::nvml {

enum class Return : int
{
    Success = 0,
    Uninitialized = 1,
    InvalidArgument = 2,
    NotSupported = 3,
    NoPermission = 4,
    NotFound = 6,
    InsufficientSize = 7,
    DriverNotLoaded = 9,
    Timeout = 10,
    LibraryNotFound = 12,
    FunctionNotFound = 13,
    GpuIsLost = 15,
    ResetRequired = 16,
    OperatingSystem = 17,
    LibraryMismatch = 18, // NVML_ERROR_LIB_RM_VERSION_MISMATCH
    VersionMismatch = 25, // NVML_ERROR_ARGUMENT_VERSION_MISMATCH
    Unknown = 999
};

using Device = struct nvmlDevice_st *;
using EventSet = struct nvmlEventSet_st *;

// "The struct's size, and its version in the highest byte."
constexpr unsigned versionOf(std::size_t size, unsigned version)
{
    return static_cast<unsigned>(size) | (version << 24U);
}

struct Memory
{
    unsigned long long total, free, used;
};
struct Memory2
{
    unsigned version; // versionOf(sizeof(Memory2), 2)
    unsigned long long total, reserved, free, used;
};
struct Utilization
{
    unsigned gpu, memory; // %
};
struct PciInfo // of nvmlDeviceGetPciInfo_v3
{
    char busIdLegacy[16]; // NOLINT(modernize-avoid-c-arrays)
    unsigned domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32]; // NOLINT(modernize-avoid-c-arrays)
};
struct ProcessInfo1
{
    unsigned pid;
    unsigned long long usedGpuMemory; // memoryNotAvailable
};
struct ProcessInfo // of the functions _v2 and _v3
{
    unsigned pid;
    unsigned long long usedGpuMemory;
    unsigned gpuInstanceId, computeInstanceId; // 0xFFFFFFFF without MIG
};
struct EventData
{
    Device device;
    unsigned long long eventType, eventData; // an Xid
    unsigned gpuInstanceId, computeInstanceId;
};

inline constexpr unsigned long long memoryNotAvailable = ~0ULL;
inline constexpr unsigned long long xidEvent = 8; // nvmlEventTypeXidCriticalError
inline constexpr int temperatureGpu = 0;
inline constexpr int clockGraphics = 0;
inline constexpr int clockSm = 1;
inline constexpr int clockMemory = 2;
inline constexpr int eccCorrected = 0;
inline constexpr int eccUncorrected = 1;
inline constexpr int eccVolatile = 0; // counted since the driver was loaded
inline constexpr std::size_t textSize = 96;

static_assert(sizeof(Memory2) == 40 && sizeof(PciInfo) == 68 && sizeof(ProcessInfo) == 24 &&
              sizeof(ProcessInfo1) == 16 && sizeof(EventData) == 32);

} // namespace farcell::nvml
