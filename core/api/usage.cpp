#include "core/api/usage.h"

#include "core/api/jsonvalues.h"

#include <QCoreApplication>

#include <utility>

namespace farcell::api {

namespace {

using nlohmann::json;

tl::unexpected<Error> wrongShape()
{
    return fail(ErrorCode::InvalidData,
                QCoreApplication::translate("farcell::api",
                                            "What the runtime tells of a cell's use of the machine "
                                            "is not understood"));
}

const char *nameOf(CellUsage::Status status)
{
    switch (status) {
    case CellUsage::Status::Ok:
        return "ok";
    case CellUsage::Status::Error:
        return "error";
    case CellUsage::Status::Aborted:
        return "aborted";
    }
    return "error";
}

json gpuJson(const CellGpuUsage &gpu)
{
    return {{"peak_memory", valueOrNull(gpu.peakMemory)},
            {"peak_device_memory", valueOrNull(gpu.peakDeviceMemory)},
            {"seconds", valueOrNull(gpu.seconds)},
            {"utilization", valueOrNull(gpu.utilization)},
            {"energy", valueOrNull(gpu.energy)}};
}

} // namespace

json toJson(const CellUsage &usage)
{
    return {{"msg_id", usage.message.toString().toStdString()},
            {"cell_id", textOrNull(usage.cellId)},
            {"status", nameOf(usage.status)},
            {"started_at", usage.startedAt},
            {"seconds", usage.seconds},
            {"cpu_seconds", valueOrNull(usage.cpuSeconds)},
            {"peak_memory", valueOrNull(usage.peakMemory)},
            {"gpu", usage.gpu ? gpuJson(*usage.gpu) : json()},
            {"samples", usage.samples}};
}

Result<CellUsage> cellUsageFromJson(const json &object)
{
    const auto seconds = numberAt<double>(object, "seconds");
    const QString status = textAt(object, "status");
    CellUsage usage;
    usage.message = MsgId(textAt(object, "msg_id"));
    if (usage.message.isEmpty() || !seconds)
        return wrongShape();
    usage.cellId = textAt(object, "cell_id");
    if (status == QLatin1String("aborted"))
        usage.status = CellUsage::Status::Aborted;
    else if (status != QLatin1String("ok"))
        usage.status = CellUsage::Status::Error;
    usage.startedAt = numberAt<double>(object, "started_at").value_or(0);
    usage.seconds = *seconds;
    usage.cpuSeconds = numberAt<double>(object, "cpu_seconds");
    usage.peakMemory = numberAt<qint64>(object, "peak_memory");
    if (const json &gpu = memberOf(object, "gpu"); gpu.is_object())
        usage.gpu = CellGpuUsage{
            numberAt<qint64>(gpu, "peak_memory"), numberAt<qint64>(gpu, "peak_device_memory"),
            numberAt<double>(gpu, "seconds"), numberAt<double>(gpu, "utilization"),
            numberAt<double>(gpu, "energy")};
    usage.samples = numberAt<int>(object, "samples").value_or(0);
    return usage;
}

Result<std::vector<CellUsage>> cellUsagesFromJson(const json &object)
{
    const json &cells = memberOf(object, "cells");
    if (!cells.is_array())
        return wrongShape();
    std::vector<CellUsage> usages;
    for (const json &cell : cells) {
        if (auto usage = cellUsageFromJson(cell))
            usages.push_back(*std::move(usage));
    }
    return usages;
}

Result<GpuShortage> gpuShortageFromJson(const json &object)
{
    GpuShortage shortage;
    shortage.sentence = textAt(object, "sentence");
    auto report = gpuReportFromJson(object);
    if (shortage.sentence.isEmpty() || !report)
        return wrongShape();
    shortage.gpus = std::move(report->gpus);
    return shortage;
}

} // namespace farcell::api
