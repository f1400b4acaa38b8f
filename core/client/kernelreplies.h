#pragma once

#include "core/client/kernelconnection.h"

namespace farcell {

// What kernels answer to the requests KernelConnection makes for its callers. Fields that are
// missing or of another type count as empty.
[[nodiscard]] Result<CompletionReply> completionFrom(const KernelMessage &message,
                                                     const QString &code);
[[nodiscard]] Result<InspectReply> inspectionFrom(const KernelMessage &message);
[[nodiscard]] KernelInfo infoFrom(const nlohmann::json &content);

} // namespace farcell
