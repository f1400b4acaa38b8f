#pragma once

#include "core/api/gpus.h"
#include "core/base/result.h"

#include <QLatin1String>
#include <QString>
#include <QStringList>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <vector>

// What a kernel may have of its machine, and what the machine has to give (docs/protocol.md).
namespace farcell::api {

inline constexpr QLatin1String runtimeRoute("/api/farcell/runtime");
inline constexpr QLatin1String featureRuntimeType("runtime_type");

// Member "farcell" of requests for a kernel and of a kernel's model.
struct KernelResources
{
    std::optional<QStringList> gpus;   // UUIDs, also of MIG instances; empty: none; absent: all
    std::optional<qint64> memoryLimit; // bytes
    std::optional<double> cpuLimit;    // cores

    [[nodiscard]] bool isDefault() const { return !gpus && !memoryLimit && !cpuLimit; }
    bool operator==(const KernelResources &) const = default;
};
[[nodiscard]] nlohmann::json toJson(const KernelResources &resources);
// InvalidData names the member that is wrong. Null and absent members are the default.
[[nodiscard]] Result<KernelResources> kernelResourcesFromJson(const nlohmann::json &json);
// Of a kernel's model: whatever is not understood is the default.
[[nodiscard]] KernelResources kernelResourcesOf(const nlohmann::json &model);
// Of a kernel's model: why its limits do not hold, one sentence; empty if they do.
[[nodiscard]] QString limitsRefused(const nlohmann::json &model);

// Something that a kernel can be started with.
struct Environment
{
    QString name;              // for {"name": …} of a request
    QString displayName;       // for a person
    QString kind;              // "kernelspec", "virtualenv", "conda", "pyenv"
    QString path;              // folder
    QString python;            // version, empty if that is not known or it is not Python
    bool hasIpykernel = false; // else no kernel can be started with it yet

    bool operator==(const Environment &) const = default;
};
[[nodiscard]] nlohmann::json toJson(const Environment &environment);

// GET runtimeRoute
struct RuntimeOffer
{
    GpuReport gpus;                   // without processes
    std::vector<QStringList> kernels; // ids of those that see each of the GPUs
    qint64 memory = 0;                // bytes
    int cpus = 0;
    bool canLimit = false;
    QString limitReason; // why not, one sentence
    std::vector<Environment> environments;
    QString nvidiaSmi;       // path of the machine's own; empty: none
    QString nvidiaSmiReason; // why kernels do not find it as /opt/bin/nvidia-smi; empty: they do
};
[[nodiscard]] nlohmann::json toJson(const RuntimeOffer &offer);
// Members that are absent or of another form count as not told.
[[nodiscard]] Result<RuntimeOffer> runtimeOfferFromJson(const nlohmann::json &json);

} // namespace farcell::api
