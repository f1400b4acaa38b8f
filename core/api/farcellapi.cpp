#include "core/api/farcellapi.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

namespace farcell::api {

namespace {

using nlohmann::json;

tl::unexpected<Error> wrongShape()
{
    return fail(
        ErrorCode::InvalidData,
        QCoreApplication::translate("farcell::api", "The server's answer is not understood"));
}

std::optional<QString> textAt(const json &object, const char *key)
{
    const auto it = object.find(key);
    if (it == object.end() || !it->is_string())
        return std::nullopt;
    return QString::fromStdString(it->get_ref<const std::string &>());
}

json usageJson(const Usage &usage)
{
    return {{"total", usage.total}, {"used", usage.used}};
}

std::optional<Usage> usageAt(const json &object, const char *key)
{
    const auto it = object.find(key);
    if (it == object.end() || !it->is_object())
        return std::nullopt;
    const auto total = it->find("total");
    const auto used = it->find("used");
    if (total == it->end() || used == it->end() || !total->is_number_integer() ||
        !used->is_number_integer())
        return std::nullopt;
    return Usage{total->get<qint64>(), used->get<qint64>()};
}

} // namespace

json toJson(const ServerInfo &info)
{
    json features = json::array();
    for (const QString &feature : info.features)
        features.push_back(feature.toStdString());
    return {{"name", info.name.toStdString()},
            {"version", info.version.toStdString()},
            {"features", std::move(features)}};
}

Result<ServerInfo> serverInfoFromJson(const json &object)
{
    if (!object.is_object())
        return wrongShape();
    const auto name = textAt(object, "name");
    const auto version = textAt(object, "version");
    const auto features = object.find("features");
    if (!name || !version || features == object.end() || !features->is_array())
        return wrongShape();

    ServerInfo info{*name, *version, {}};
    for (const json &feature : *features) {
        if (feature.is_string())
            info.features << QString::fromStdString(feature.get_ref<const std::string &>());
    }
    return info;
}

json toJson(const MachineResources &resources)
{
    return {{"memory", usageJson(resources.memory)},
            {"disk", usageJson(resources.disk)},
            {"cpu", {{"count", resources.cpuCount}, {"percent", resources.cpuPercent}}}};
}

Result<MachineResources> machineResourcesFromJson(const json &object)
{
    if (!object.is_object())
        return wrongShape();
    const auto memory = usageAt(object, "memory");
    const auto disk = usageAt(object, "disk");
    const auto cpu = object.find("cpu");
    if (!memory || !disk || cpu == object.end() || !cpu->is_object())
        return wrongShape();
    const auto count = cpu->find("count");
    const auto percent = cpu->find("percent");
    if (count == cpu->end() || percent == cpu->end() || !count->is_number_integer() ||
        !percent->is_number())
        return wrongShape();
    return MachineResources{*memory, *disk, count->get<int>(), percent->get<double>()};
}

} // namespace farcell::api
