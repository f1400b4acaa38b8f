#pragma once

#include "core/api/farcellapi.h"
#include "core/api/gpus.h"

#include <QLatin1String>
#include <QString>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <vector>

// What a runtime's machine was doing at one moment (docs/protocol.md).
namespace farcell::api {

inline constexpr QLatin1String metricsRoute("/api/farcell/metrics");
inline constexpr QLatin1String featureMetrics("metrics");

struct NetworkRates // bytes per second, all interfaces but loopback
{
    double received = 0;
    double sent = 0;
};

struct GpuLoad
{
    int index = 0;
    std::optional<GpuMemory> memory;
    std::optional<double> utilization; // %
    std::optional<double> temperature; // °C
    std::optional<double> power;       // W
};

struct KernelLoad
{
    QString id;
    bool isBusy = false;
    std::optional<qint64> memory;    // bytes, of its own process
    std::optional<qint64> gpuMemory; // bytes, with all it started
};

struct MetricsSample
{
    double time = 0; // Unix, s
    MachineResources machine;
    std::optional<NetworkRates> network;
    std::vector<GpuLoad> gpus;
    std::vector<KernelLoad> kernels;
};

// {"time", "memory", "disk", "cpu", "network", "gpus", "kernels"}
[[nodiscard]] nlohmann::json toJson(const MetricsSample &sample);
[[nodiscard]] Result<MetricsSample> metricsSampleFromJson(const nlohmann::json &json);

} // namespace farcell::api
