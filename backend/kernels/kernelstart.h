#pragma once

#include "backend/keeper/startdescription.h"
#include "backend/kernels/kernelservice.h"
#include "core/jupyter/kernelspec.h"

namespace farcell {

// What the keeper is told to start: the kernelspec's command, the server's environment with the
// kernelspec's and the request's variables and the choice of GPUs on top, its limits, the transport
// the kernel can use.
[[nodiscard]] StartDescription describeStart(const KernelSpec &spec, const KernelStart &request,
                                             const KernelId &id);
[[nodiscard]] api::KernelResources resourcesOf(const StartDescription &description);
// Only ids of this form become names of directories.
[[nodiscard]] bool isKernelId(const KernelId &id);

} // namespace farcell
