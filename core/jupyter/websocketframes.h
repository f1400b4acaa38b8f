#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

// The two WebSocket framings of Jupyter's kernel messages. Bytes only: no sockets, no Qt, so that
// the keeper can use it. Every count and offset is checked against the frame before it is used.
namespace farcell::wire {

// A kernel message taken apart; views into the frame it was decoded from.
struct MessageView
{
    std::string_view channel;                                 // shell, control, stdin, iopub
    std::string_view header, parentHeader, metadata, content; // JSON texts
    std::vector<std::string_view> buffers;
};

enum class FrameError
{
    TooShort,
    BadCount,   // number of parts absurd or less than the least
    BadOffset,  // not rising, or outside the frame
    BadJson,    // legacy framing: not a JSON object of the expected shape
    BadChannel, // not one of the four
};
[[nodiscard]] std::string_view frameErrorText(FrameError error);

// --- v1.kernel.websocket.jupyter.org (little-endian uint64 offsets)
[[nodiscard]] tl::expected<MessageView, FrameError> decodeV1(std::string_view frame);
[[nodiscard]] std::string encodeV1(const MessageView &message);
// Only the table of offsets: what a frame begins with, before its parts one after the other.
[[nodiscard]] std::string encodeV1Table(const MessageView &message);

// --- legacy framing: a text frame without buffers, a binary frame (big-endian uint32) with
struct LegacyMessage
{
    std::string v1;                 // the same message as a v1 frame
    bool channelWasMissing = false; // treated as shell
};
[[nodiscard]] tl::expected<LegacyMessage, FrameError> decodeLegacyText(std::string_view json);
[[nodiscard]] tl::expected<LegacyMessage, FrameError> decodeLegacyBinary(std::string_view frame);
// Text when the message has no buffers, binary otherwise (isBinary tells). The JSON repeats
// msg_id and msg_type at top level as Jupyter's server does.
struct LegacyFrame
{
    std::string bytes;
    bool isBinary = false;
};
[[nodiscard]] LegacyFrame encodeLegacy(const MessageView &message);

// A frame without any message is not one; frames bigger than this are refused before decoding.
inline constexpr std::size_t maxFrameBytes = 512UL * 1024 * 1024;
inline constexpr std::size_t maxBuffers = 65536;

} // namespace farcell::wire
