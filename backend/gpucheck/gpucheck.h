#pragma once

#include "core/api/gpus.h"
#include "core/base/result.h"

#include <QString>
#include <QStringList>

#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace farcell {

// `farcelld gpu-check`: whether the GPUs of this machine compute and remember as they should, and
// how fast. The tests run in farcell-gpu-check, so that a driver in trouble takes only that along.
struct GpuCheckOptions
{
    QStringList gpus; // indexes or UUIDs; empty: all
    int memoryPercent = 50;
    bool anyway = false; // even if somebody computes on them
    bool json = false;
    QString nvmlLibrary; // empty: the system's
    QString program;     // farcell-gpu-check; empty: it was not built
};

struct GpuCheckResult // of one GPU
{
    struct Figure
    {
        QString name; // "copy", "read", "write", "to_device", "from_device", "fp32", "tensor"
        double measured = 0; // bytes or operations per second
        std::optional<double> peak;
        QString by; // what multiplied
    };
    api::GpuDevice gpu;
    std::vector<Figure> figures;
    qint64 testedBytes = 0; // of memory
    QStringList faults;     // a sentence each
};

struct GpuCheckOutcome
{
    enum class Status // exit status of the command
    {
        Sound = 0,
        Fault = 1,
        CannotCheck = 3
    };
    Status status = Status::CannotCheck;
    QString reason; // why it cannot be checked
    std::vector<GpuCheckResult> gpus;
};

// Blocks for a minute or so each GPU. NotFound, as the error, names a GPU that is not there.
[[nodiscard]] Result<GpuCheckOutcome> checkGpus(const GpuCheckOptions &options);
[[nodiscard]] QString describe(const GpuCheckOutcome &outcome);
[[nodiscard]] nlohmann::json toJson(const GpuCheckOutcome &outcome);
// Of one line that farcell-gpu-check printed. `device`: what it said of the device before.
void takeLine(const nlohmann::json &line, nlohmann::json &device, GpuCheckResult &result);

} // namespace farcell
