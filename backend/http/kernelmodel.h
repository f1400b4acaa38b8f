#pragma once

#include "backend/kernels/kernelservice.h"

#include <nlohmann/json.hpp>

#include <QMap>

namespace farcell::http {

class JsonFields;

// Jupyter's kernel model (jupyter.md 3.4).
[[nodiscard]] nlohmann::json kernelJson(const KernelModel &model);
// POST kernels accepts an environment; InvalidData when it is not one.
[[nodiscard]] Result<QMap<QString, QString>> environmentField(JsonFields &fields);

} // namespace farcell::http
