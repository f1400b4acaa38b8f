#pragma once

#include "core/base/result.h"
#include "core/client/kernelconnection.h"

#include <QByteArray>

#include <string>

namespace farcell {

// Between WebSocket frames and KernelMessage. A message that is not valid JSON is mended where it
// can be (lone surrogates, NaN), because its output is still worth showing.
[[nodiscard]] Result<KernelMessage> decodeFrame(const QByteArray &v1Frame);
[[nodiscard]] Result<KernelMessage> decodeLegacyFrame(const QByteArray &frame, bool isBinary);

// What is sent; JSON texts.
struct OutgoingMessage
{
    std::string channel, header, parentHeader = "{}", metadata = "{}", content = "{}";
};
[[nodiscard]] QByteArray encodeFrame(const OutgoingMessage &message);
// Without buffers, so always a text frame.
[[nodiscard]] QByteArray encodeLegacyFrame(const OutgoingMessage &message);

} // namespace farcell
