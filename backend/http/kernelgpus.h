#pragma once

#include "core/api/gpus.h"

#include <QFuture>

#include <chrono>

namespace farcell::http {

struct Services;

// The GPUs, with each process given to the kernel that started it (itself or through others).
[[nodiscard]] QFuture<api::GpuReport>
lookAtGpus(Services &services, std::chrono::milliseconds atMostOld = std::chrono::seconds(1));

// What a kernel holds on all of them, in bytes; empty if that is not known.
[[nodiscard]] std::optional<qint64> gpuMemoryOf(const api::GpuReport &report,
                                                const QString &kernel);

} // namespace farcell::http
