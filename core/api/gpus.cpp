#include "core/api/gpus.h"

#include "core/api/jsonvalues.h"

#include <QCoreApplication>

namespace farcell::api {

namespace {

using nlohmann::json;

json processesJson(const std::vector<GpuProcess> &processes)
{
    json list = json::array();
    for (const GpuProcess &process : processes) {
        json item = {{"pid", process.pid},
                     {"name", process.name.toStdString()},
                     {"memory", valueOrNull(process.memory)}};
        if (!process.kernelId.isEmpty())
            item["kernel_id"] = process.kernelId.toStdString();
        if (!process.notebook.isEmpty())
            item["notebook"] = process.notebook.toStdString();
        list.push_back(std::move(item));
    }
    return list;
}

json instancesJson(const std::vector<MigInstance> &instances)
{
    json list = json::array();
    for (const MigInstance &instance : instances)
        list.push_back({{"index", instance.index},
                        {"uuid", textOrNull(instance.uuid)},
                        {"name", textOrNull(instance.name)},
                        {"memory", toJson(instance.memory)}});
    return list;
}

json throttleJson(const std::optional<QStringList> &reasons)
{
    if (!reasons)
        return nullptr;
    json list = json::array();
    for (const QString &reason : *reasons)
        list.push_back(reason.toStdString());
    return list;
}

json deviceJson(const GpuDevice &device)
{
    json object = {
        {"index", device.index},
        {"uuid", textOrNull(device.uuid)},
        {"name", textOrNull(device.name)},
        {"pci_id", textOrNull(device.pciId)},
        {"compute_capability", textOrNull(device.computeCapability)},
        {"memory", toJson(device.memory)},
        {"utilization",
         {{"gpu", valueOrNull(device.gpuUtilization)},
          {"memory", valueOrNull(device.memoryUtilization)}}},
        {"temperature", valueOrNull(device.temperature)},
        {"power", {{"draw", valueOrNull(device.power)}, {"limit", valueOrNull(device.powerLimit)}}},
        {"energy", valueOrNull(device.energy)},
        {"clocks",
         {{"graphics", valueOrNull(device.graphicsClock)},
          {"sm", valueOrNull(device.smClock)},
          {"memory", valueOrNull(device.memoryClock)}}},
        {"throttle_reasons", throttleJson(device.throttleReasons)},
        {"ecc",
         {{"enabled", valueOrNull(device.isEccOn)},
          {"corrected", valueOrNull(device.ecc.corrected)},
          {"uncorrected", valueOrNull(device.ecc.uncorrected)}}},
        {"xid", valueOrNull(device.lastXid)},
        {"mig",
         {{"enabled", valueOrNull(device.isMigOn)},
          {"instances", instancesJson(device.instances)}}},
        {"processes", device.processes ? processesJson(*device.processes) : json()}};
    object["memory"]["reserved"] = valueOrNull(device.reservedMemory);
    if (!device.error.isEmpty())
        object["error"] = device.error.toStdString();
    return object;
}

// --- back

GpuDevice deviceFrom(const json &object)
{
    GpuDevice device;
    device.index = numberAt<int>(object, "index").value_or(0);
    device.uuid = textAt(object, "uuid");
    device.name = textAt(object, "name");
    device.pciId = textAt(object, "pci_id");
    device.computeCapability = textAt(object, "compute_capability");
    device.error = textAt(object, "error");
    device.memory = gpuMemoryAt(object, "memory");
    device.reservedMemory = numberAt<qint64>(memberOf(object, "memory"), "reserved");
    const json &utilization = memberOf(object, "utilization");
    device.gpuUtilization = numberAt<int>(utilization, "gpu");
    device.memoryUtilization = numberAt<int>(utilization, "memory");
    device.temperature = numberAt<int>(object, "temperature");
    device.power = numberAt<double>(memberOf(object, "power"), "draw");
    device.powerLimit = numberAt<double>(memberOf(object, "power"), "limit");
    device.energy = numberAt<double>(object, "energy");
    const json &clocks = memberOf(object, "clocks");
    device.graphicsClock = numberAt<int>(clocks, "graphics");
    device.smClock = numberAt<int>(clocks, "sm");
    device.memoryClock = numberAt<int>(clocks, "memory");
    if (const json &reasons = memberOf(object, "throttle_reasons"); reasons.is_array()) {
        device.throttleReasons.emplace();
        for (const json &reason : reasons) {
            if (reason.is_string())
                *device.throttleReasons
                    << QString::fromStdString(reason.get_ref<const std::string &>());
        }
    }
    const json &ecc = memberOf(object, "ecc");
    device.isEccOn = optionalFlagAt(ecc, "enabled");
    device.ecc = {numberAt<qint64>(ecc, "corrected"), numberAt<qint64>(ecc, "uncorrected")};
    device.lastXid = numberAt<int>(object, "xid");
    const json &mig = memberOf(object, "mig");
    device.isMigOn = optionalFlagAt(mig, "enabled");
    if (const json &instances = memberOf(mig, "instances"); instances.is_array()) {
        for (const json &item : instances)
            device.instances.push_back({numberAt<int>(item, "index").value_or(0),
                                        textAt(item, "uuid"), textAt(item, "name"),
                                        gpuMemoryAt(item, "memory")});
    }
    if (const json &processes = memberOf(object, "processes"); processes.is_array()) {
        device.processes.emplace();
        for (const json &item : processes)
            device.processes->push_back({numberAt<qint64>(item, "pid").value_or(0),
                                         textAt(item, "name"), numberAt<qint64>(item, "memory"),
                                         textAt(item, "kernel_id"), textAt(item, "notebook")});
    }
    return device;
}

} // namespace

json toJson(const std::optional<GpuMemory> &memory)
{
    return {{"total", memory ? json(memory->total) : json()},
            {"used", memory ? json(memory->used) : json()},
            {"free", memory ? json(memory->free) : json()}};
}

std::optional<GpuMemory> gpuMemoryAt(const json &object, const char *key)
{
    const json &value = memberOf(object, key);
    const auto total = numberAt<qint64>(value, "total");
    const auto used = numberAt<qint64>(value, "used");
    const auto free = numberAt<qint64>(value, "free");
    return total && used && free ? std::optional(GpuMemory{*total, *used, *free}) : std::nullopt;
}

json toJson(const GpuReport &report)
{
    json gpus = json::array();
    for (const GpuDevice &device : report.gpus)
        gpus.push_back(deviceJson(device));
    json object = {{"driver", textOrNull(report.driver)},
                   {"cuda", textOrNull(report.cuda)},
                   {"gpus", std::move(gpus)}};
    if (!report.reason.isEmpty())
        object["reason"] = report.reason.toStdString();
    return object;
}

Result<GpuReport> gpuReportFromJson(const json &object)
{
    const json &gpus = memberOf(object, "gpus");
    if (!gpus.is_array())
        return fail(
            ErrorCode::InvalidData,
            QCoreApplication::translate("farcell::api", "The server's answer is not understood"));
    GpuReport report{
        textAt(object, "driver"), textAt(object, "cuda"), textAt(object, "reason"), {}};
    for (const json &device : gpus)
        report.gpus.push_back(deviceFrom(device));
    return report;
}

} // namespace farcell::api
