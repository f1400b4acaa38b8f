#pragma once

#include "core/notebook/cell.h"

#include <functional>
#include <optional>

namespace farcell {

struct KernelMessage;

// The output a kernel message describes: stream, display_data, update_display_data,
// execute_result, error. Values keep the text they came as. Nothing for other messages and for
// ones that lack what makes them an output.
[[nodiscard]] std::optional<Output> outputFromMessage(const KernelMessage &message);
// The text of a stream message in parts of bounded length, until `found` returns false: a message
// may hold 100 MB.
void forEachStreamPart(const KernelMessage &message,
                       const std::function<bool(const QString &part)> &found);
// Its text is only in rawContent, and takes long to decode.
[[nodiscard]] bool isLongStream(const KernelMessage &message);
// The same for the error an execute_reply repeats.
[[nodiscard]] Output errorFromReply(const KernelMessage &reply);

} // namespace farcell
