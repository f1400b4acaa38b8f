#pragma once

#include "core/notebook/cell.h"

#include <optional>

namespace farcell {

struct KernelMessage;

// The output a kernel message describes: stream, display_data, update_display_data,
// execute_result, error. Values keep the text they came as. Nothing for other messages and for
// ones that lack what makes them an output.
[[nodiscard]] std::optional<Output> outputFromMessage(const KernelMessage &message);
// The same for the error an execute_reply repeats.
[[nodiscard]] Output errorFromReply(const KernelMessage &reply);

} // namespace farcell
