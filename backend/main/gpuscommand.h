#pragma once

#include <QString>

namespace farcell {

// What `farcelld gpus` prints: a table, or why there is nothing to show. `library`: another one
// than the system's NVML.
[[nodiscard]] QString describeGpus(const QString &library);

} // namespace farcell
