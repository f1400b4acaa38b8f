#pragma once

#include "core/api/gpus.h"
#include "core/api/metrics.h"
#include "core/base/ids.h"
#include "core/client/kernelreports.h"

#include <QList>
#include <QString>

#include <optional>
#include <vector>

namespace farcell {

// Who holds a part of some memory: a kernel with all it started, another process, or the rest.
struct MemoryHolder
{
    KernelId kernel; // empty: none of this server
    QString title;   // the notebook, or the program
    QString note;    // what else is known of it
    double bytes = 0;
    int colour = -1; // which of a few, the same for a kernel everywhere; -1: not a kernel
    bool isCurrent = false;
};

// One memory: that of a GPU, or of the machine.
struct MemoryShares
{
    int gpu = -1; // -1: the machine
    QString title;
    double total = 0, used = 0;
    QString missing;                   // why there is nobody, one sentence
    std::vector<MemoryHolder> holders; // the largest first; many small ones are one
};

// Every GPU's memory, then the machine's. `current`: the kernel of the notebook in front.
[[nodiscard]] std::vector<MemoryShares>
memoryShares(const api::GpuReport &gpus, const std::optional<api::MetricsSample> &sample,
             const QList<KernelSummary> &kernels, const KernelId &current);

} // namespace farcell
