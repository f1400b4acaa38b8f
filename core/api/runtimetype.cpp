#include "core/api/runtimetype.h"

#include "core/api/jsonvalues.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <cmath>
#include <utility>

namespace farcell::api {

namespace {

using nlohmann::json;

constexpr double leastMemory = 64.0 * 1024 * 1024; // an empty kernel needs about as much
constexpr double mostMemory = 1e18;
constexpr double leastCores = 0.05;
constexpr double mostCores = 100000;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::api", text);
}

QString textOf(const json &value)
{
    return QString::fromStdString(value.get_ref<const std::string &>());
}

json textsJson(const QStringList &texts)
{
    json list = json::array();
    for (const QString &text : texts)
        list.push_back(text.toStdString());
    return list;
}

// "all", "none" or a list of UUIDs; no other text reaches a kernel's environment.
bool readGpus(const json &value, std::optional<QStringList> &gpus)
{
    static const QRegularExpression uuid(QStringLiteral("^(GPU|MIG)-[A-Za-z0-9/-]{1,80}$"));
    if (value.is_null() || value == "all")
        return true;
    gpus.emplace();
    if (value == "none")
        return true;
    if (!value.is_array() || value.empty())
        return false;
    for (const json &item : value) {
        if (!item.is_string() || !uuid.match(textOf(item)).hasMatch())
            return false;
        if (!gpus->contains(textOf(item)))
            *gpus << textOf(item);
    }
    return true;
}

} // namespace

json toJson(const KernelResources &resources)
{
    json gpus = "all";
    if (resources.gpus)
        gpus = resources.gpus->isEmpty() ? json("none") : textsJson(*resources.gpus);
    return {{"gpus", std::move(gpus)},
            {"memory_limit", valueOrNull(resources.memoryLimit)},
            {"cpu_limit", valueOrNull(resources.cpuLimit)}};
}

Result<KernelResources> kernelResourcesFromJson(const json &object)
{
    KernelResources resources;
    if (object.is_null())
        return resources;
    if (!object.is_object())
        return fail(ErrorCode::InvalidData, tr("farcell must be an object"));
    if (!readGpus(memberOf(object, "gpus"), resources.gpus))
        return fail(ErrorCode::InvalidData,
                    tr(R"(farcell.gpus must be "all", "none" or a list of GPU UUIDs)"));
    // Comparisons are false for what is not a number.
    if (const json &memory = memberOf(object, "memory_limit"); !memory.is_null()) {
        const double bytes = memory.is_number() ? memory.get<double>() : 0;
        if (!(bytes >= leastMemory && bytes <= mostMemory))
            return fail(ErrorCode::InvalidData,
                        tr("farcell.memory_limit must be a number of bytes, at least 64 MiB"));
        resources.memoryLimit = qint64(std::floor(bytes));
    }
    if (const json &cores = memberOf(object, "cpu_limit"); !cores.is_null()) {
        const double count = cores.is_number() ? cores.get<double>() : 0;
        if (!(count >= leastCores && count <= mostCores))
            return fail(ErrorCode::InvalidData,
                        tr("farcell.cpu_limit must be a number of cores, at least 0.05"));
        resources.cpuLimit = count;
    }
    return resources;
}

KernelResources kernelResourcesOf(const json &model)
{
    return kernelResourcesFromJson(memberOf(model, "farcell")).value_or(KernelResources());
}

QString limitsRefused(const json &model)
{
    return textAt(memberOf(model, "farcell"), "limits_refused");
}

json toJson(const Environment &environment)
{
    return {{"name", environment.name.toStdString()},
            {"display_name", environment.displayName.toStdString()},
            {"kind", environment.kind.toStdString()},
            {"path", environment.path.toStdString()},
            {"python", textOrNull(environment.python)},
            {"has_ipykernel", environment.hasIpykernel}};
}

json toJson(const RuntimeOffer &offer)
{
    json object = toJson(offer.gpus);
    json &gpus = object["gpus"];
    for (std::size_t i = 0; i < gpus.size(); ++i) {
        gpus[i].erase("processes");
        gpus[i]["kernels"] = i < offer.kernels.size() ? textsJson(offer.kernels[i]) : json::array();
    }
    json environments = json::array();
    for (const Environment &environment : offer.environments)
        environments.push_back(toJson(environment));
    object["memory"] = offer.memory;
    object["cpus"] = offer.cpus;
    object["can_limit"] = offer.canLimit;
    object["limit_reason"] = textOrNull(offer.limitReason);
    object["environments"] = std::move(environments);
    object["nvidia_smi"] = {{"path", textOrNull(offer.nvidiaSmi)},
                            {"reason", textOrNull(offer.nvidiaSmiReason)}};
    return object;
}

Result<RuntimeOffer> runtimeOfferFromJson(const json &object)
{
    auto report = gpuReportFromJson(object);
    if (!report)
        return tl::unexpected(report.error());
    RuntimeOffer offer;
    offer.gpus = *std::move(report);
    for (const json &gpu : memberOf(object, "gpus")) {
        QStringList &ids = offer.kernels.emplace_back();
        if (const json &kernels = memberOf(gpu, "kernels"); kernels.is_array()) {
            for (const json &id : kernels) {
                if (id.is_string())
                    ids << textOf(id);
            }
        }
    }
    offer.memory = numberAt<qint64>(object, "memory").value_or(0);
    offer.cpus = numberAt<int>(object, "cpus").value_or(0);
    offer.canLimit = optionalFlagAt(object, "can_limit").value_or(false);
    offer.limitReason = textAt(object, "limit_reason");
    if (const json &environments = memberOf(object, "environments"); environments.is_array()) {
        for (const json &item : environments)
            offer.environments.push_back({textAt(item, "name"), textAt(item, "display_name"),
                                          textAt(item, "kind"), textAt(item, "path"),
                                          textAt(item, "python"),
                                          optionalFlagAt(item, "has_ipykernel").value_or(false)});
    }
    const json &nvidiaSmi = memberOf(object, "nvidia_smi");
    offer.nvidiaSmi = textAt(nvidiaSmi, "path");
    offer.nvidiaSmiReason = textAt(nvidiaSmi, "reason");
    return offer;
}

} // namespace farcell::api
