#pragma once

#include "core/api/gpus.h"
#include "core/base/ids.h"
#include "core/base/result.h"

#include <QLatin1String>
#include <QString>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <vector>

// What executions cost, and what was on the GPUs when one of them found no memory there
// (docs/protocol.md). What is not known is empty here and null on the wire, never 0.
namespace farcell::api {

inline constexpr QLatin1String usageMessage("farcell_usage");
inline constexpr QLatin1String gpuShortageMessage("farcell_gpu_memory");
inline constexpr QLatin1String featureUsage("usage"); // both messages and the route

struct CellGpuUsage
{
    std::optional<qint64> peakMemory;       // bytes, of the kernel and all it started
    std::optional<qint64> peakDeviceMemory; // bytes, of everybody on the GPUs it was on
    std::optional<double> seconds;          // its GPUs' utilisation over time: 1 is one, fully used
    std::optional<double> utilization;      // %, mean
    std::optional<double> energy;           // J
};

// Of one execution. Memory and CPU are those of the kernel and all it started.
struct CellUsage
{
    enum class Status
    {
        Ok,
        Error,  // interrupted ones as well
        Aborted // its kernel ended
    };
    MsgId message;  // the execute_request
    QString cellId; // of the file, or empty: not a notebook's cell
    Status status = Status::Ok;
    double startedAt = 0; // Unix, s
    double seconds = 0;
    std::optional<double> cpuSeconds;
    std::optional<qint64> peakMemory; // bytes
    std::optional<CellGpuUsage> gpu;  // empty: not on a GPU, or too short to be seen there
    int samples = 0;                  // of the GPUs
};
[[nodiscard]] nlohmann::json toJson(const CellUsage &usage);
[[nodiscard]] Result<CellUsage> cellUsageFromJson(const nlohmann::json &json);
// {"cells": […]}, oldest first
[[nodiscard]] Result<std::vector<CellUsage>> cellUsagesFromJson(const nlohmann::json &json);

// An execution ran out of memory on a GPU.
struct GpuShortage
{
    QString sentence;            // for a person
    std::vector<GpuDevice> gpus; // as they were then; index, name, memory and processes only
};
[[nodiscard]] Result<GpuShortage> gpuShortageFromJson(const nlohmann::json &json);

} // namespace farcell::api
