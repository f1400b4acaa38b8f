#include "core/api/metrics.h"

#include "core/api/jsonvalues.h"

namespace farcell::api {

using nlohmann::json;

json toJson(const MetricsSample &sample)
{
    json object = toJson(sample.machine);
    object["time"] = sample.time;
    object["network"] = sample.network ? json{{"received", sample.network->received},
                                              {"sent", sample.network->sent}}
                                       : json();
    object["gpus"] = json::array();
    for (const GpuLoad &gpu : sample.gpus)
        object["gpus"].push_back({{"index", gpu.index},
                                  {"memory", toJson(gpu.memory)},
                                  {"utilization", valueOrNull(gpu.utilization)},
                                  {"temperature", valueOrNull(gpu.temperature)},
                                  {"power", valueOrNull(gpu.power)}});
    object["kernels"] = json::array();
    for (const KernelLoad &kernel : sample.kernels)
        object["kernels"].push_back({{"id", kernel.id.toStdString()},
                                     {"busy", kernel.isBusy},
                                     {"memory", valueOrNull(kernel.memory)},
                                     {"gpu_memory", valueOrNull(kernel.gpuMemory)}});
    return object;
}

Result<MetricsSample> metricsSampleFromJson(const json &object)
{
    auto machine = machineResourcesFromJson(object);
    if (!machine)
        return tl::unexpected(machine.error());
    MetricsSample sample;
    sample.machine = *machine;
    sample.time = numberAt<double>(object, "time").value_or(0);
    const json &network = memberOf(object, "network");
    const auto received = numberAt<double>(network, "received");
    const auto sent = numberAt<double>(network, "sent");
    if (received && sent)
        sample.network = {*received, *sent};
    if (const json &gpus = memberOf(object, "gpus"); gpus.is_array()) {
        for (const json &gpu : gpus)
            sample.gpus.push_back({numberAt<int>(gpu, "index").value_or(0),
                                   gpuMemoryAt(gpu, "memory"), numberAt<double>(gpu, "utilization"),
                                   numberAt<double>(gpu, "temperature"),
                                   numberAt<double>(gpu, "power")});
    }
    if (const json &kernels = memberOf(object, "kernels"); kernels.is_array()) {
        for (const json &kernel : kernels)
            sample.kernels.push_back({textAt(kernel, "id"), flagAt(kernel, "busy"),
                                      numberAt<qint64>(kernel, "memory"),
                                      numberAt<qint64>(kernel, "gpu_memory")});
    }
    return sample;
}

} // namespace farcell::api
