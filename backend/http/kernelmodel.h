#pragma once

#include "backend/kernels/kernelservice.h"

#include <nlohmann/json.hpp>

#include <QFuture>
#include <QMap>

namespace farcell::http {

class JsonFields;
struct Services;

// Jupyter's kernel model (jupyter.md 3.4).
[[nodiscard]] nlohmann::json kernelJson(const KernelModel &model);
// What a request may say of a new kernel beside its name: "env" and "farcell". InvalidData names
// the member that is wrong.
struct KernelWishes
{
    QMap<QString, QString> environment;
    api::KernelResources resources;
};
[[nodiscard]] Result<KernelWishes> kernelWishes(JsonFields &fields);
// InvalidData when the machine has not the GPUs that were chosen.
[[nodiscard]] QFuture<Result<KernelModel>> startKernel(Services &services,
                                                       const KernelStart &start);

} // namespace farcell::http
