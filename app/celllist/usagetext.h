#pragma once

#include "core/api/usage.h"

#include <QString>
#include <QStringList>

namespace farcell {

// What an execution cost, in words. Parts that are not known are left out.

[[nodiscard]] QString memoryText(qint64 bytes);    // "11.2 GiB"
[[nodiscard]] QString energyText(double joules);   // "9.8 kJ"
[[nodiscard]] QString secondsText(double seconds); // "14 ms", "41 s", "3 min 20 s"
// "41 s · peak 11.2 GiB VRAM · 93 % · 9.8 kJ"; without a GPU "41 s · peak 310 MiB RAM · 38 s CPU".
[[nodiscard]] QString usageSummary(const api::CellUsage &usage);
// The summary, and a line for each of the rest.
[[nodiscard]] QStringList usageDetails(const api::CellUsage &usage);
// What fits into the gutter below the time: the GPU's share of it.
[[nodiscard]] QStringList usageMarks(const api::CellUsage &usage);

// The holders of full GPUs as Markdown, for below the error; `ownKernel`: the notebook's.
[[nodiscard]] QString shortageText(const api::GpuShortage &shortage, const KernelId &ownKernel);

} // namespace farcell
