#pragma once

#include "core/base/result.h"

#include <QLatin1String>
#include <QString>
#include <QStringList>

#include <nlohmann/json_fwd.hpp>

// What app and backend say to each other beyond Jupyter's API: routes, and the shape of their
// answers. docs/protocol.md describes them for other clients.
namespace farcell::api {

inline constexpr QLatin1String infoRoute("/api/farcell");
inline constexpr QLatin1String resourcesRoute("/api/farcell/resources");

// Key in the metadata of every iopub message and reply: a number that only rises, per kernel.
inline constexpr QLatin1String sequenceKey("farcell_seq");

// farcelld's one line on stdout once it listens, followed by the address.
inline constexpr QLatin1String readyLine("Farcell backend ready at ");

inline constexpr QLatin1String featureResources("resources");
inline constexpr QLatin1String featureSequence("sequence");
inline constexpr QLatin1String featureReplay("replay"); // ?since= and ?events= of channels
inline constexpr QLatin1String featureOnce("once");     // metadata.farcell_once of requests
inline constexpr QLatin1String featureQueue("queue");
inline constexpr QLatin1String featureLadder("interrupt_ladder");
inline constexpr QLatin1String featurePostMortem("post_mortem");
inline constexpr QLatin1String featureKernels("kernels");

// GET infoRoute
struct ServerInfo
{
    QString name;
    QString version;
    QStringList features;
};
[[nodiscard]] nlohmann::json toJson(const ServerInfo &info);
[[nodiscard]] Result<ServerInfo> serverInfoFromJson(const nlohmann::json &json);

// GET resourcesRoute; all in bytes
struct Usage
{
    qint64 total = 0;
    qint64 used = 0;
};
struct MachineResources
{
    Usage memory;
    Usage disk; // of the file system that holds the root folder
    int cpuCount = 0;
    double cpuPercent = 0; // of all CPUs together, since the previous look
};
[[nodiscard]] nlohmann::json toJson(const MachineResources &resources);
[[nodiscard]] Result<MachineResources> machineResourcesFromJson(const nlohmann::json &json);

} // namespace farcell::api
