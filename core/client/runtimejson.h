#pragma once

#include "core/base/jsonmembers.h"
#include "core/base/result.h"
#include "core/client/runtimeclient.h"

#include <QByteArray>

#include <nlohmann/json.hpp>

namespace farcell {

// Bodies of Jupyter's REST API. Unknown keys are ignored, entries without the needed ones are
// left out of lists; a body of another shape is an error.
[[nodiscard]] Result<nlohmann::json> parseObject(const QByteArray &body);
[[nodiscard]] Result<RemoteKernelSpecs> kernelSpecsFrom(const QByteArray &body);
[[nodiscard]] Result<RemoteKernel> kernelFrom(const QByteArray &body);
[[nodiscard]] Result<QList<RemoteKernel>> kernelsFrom(const QByteArray &body);
[[nodiscard]] Result<RemoteSession> sessionFrom(const QByteArray &body);
[[nodiscard]] Result<QList<RemoteSession>> sessionsFrom(const QByteArray &body);
[[nodiscard]] Result<ContentsEntry> contentsEntryFrom(const QByteArray &body);
[[nodiscard]] Result<QList<ContentsEntry>> directoryFrom(const QByteArray &body);

[[nodiscard]] QByteArray toBytes(const nlohmann::json &json);

} // namespace farcell
