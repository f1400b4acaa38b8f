#pragma once

#include "core/base/result.h"

#include <QLatin1String>
#include <QString>
#include <QStringList>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <vector>

// GPUs of a runtime as app and backend tell each other of them (docs/protocol.md). What a device
// does not tell is empty here and null on the wire, never 0.
namespace farcell::api {

inline constexpr QLatin1String gpusRoute("/api/farcell/gpus");
inline constexpr QLatin1String featureGpus("gpus");

struct GpuMemory // bytes
{
    qint64 total = 0;
    qint64 used = 0;
    qint64 free = 0;
};

struct GpuProcess
{
    qint64 pid = 0; // as NVML tells it: of the host
    QString name;
    std::optional<qint64> memory; // bytes
    QString kernelId, notebook;   // if it belongs to a kernel of ours
};

struct MigInstance
{
    int index = 0;
    QString uuid, name;
    std::optional<GpuMemory> memory;
};

struct EccErrors // since the driver was loaded
{
    std::optional<qint64> corrected, uncorrected;
};

struct GpuDevice
{
    int index = 0;
    QString uuid, name, pciId, computeCapability;
    QString error; // one sentence: the device does not answer any more
    std::optional<GpuMemory> memory;
    std::optional<qint64> reservedMemory;                   // bytes, for the driver
    std::optional<int> gpuUtilization, memoryUtilization;   // %
    std::optional<int> temperature;                         // °C
    std::optional<double> power, powerLimit;                // W
    std::optional<double> energy;                           // J since the driver was loaded
    std::optional<int> graphicsClock, smClock, memoryClock; // MHz
    std::optional<QStringList> throttleReasons;             // "power_cap", "hardware_thermal", …
    std::optional<bool> isEccOn, isMigOn;
    EccErrors ecc;
    std::optional<int> lastXid;
    std::vector<MigInstance> instances;
    std::optional<std::vector<GpuProcess>> processes;
};

struct GpuReport
{
    QString driver, cuda; // versions; empty: not known
    QString reason;       // why there is no GPU, one sentence
    std::vector<GpuDevice> gpus;
};

// {"total", "used", "free"}, each null if it is not known
[[nodiscard]] nlohmann::json toJson(const std::optional<GpuMemory> &memory);
[[nodiscard]] std::optional<GpuMemory> gpuMemoryAt(const nlohmann::json &object, const char *key);
[[nodiscard]] nlohmann::json toJson(const GpuReport &report);
// Members that are absent or of another form count as not told.
[[nodiscard]] Result<GpuReport> gpuReportFromJson(const nlohmann::json &json);

} // namespace farcell::api
