#include "core/jupyter/jsonscan.h"
#include "core/jupyter/websocketframes.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace farcell;

namespace {

void check(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

// Whatever is taken must survive being written and read again, in both framings.
void checkMessage(const wire::MessageView &message)
{
    const std::string v1 = wire::encodeV1(message);
    const auto again = wire::decodeV1(v1);
    check(again && again->channel == message.channel && again->header == message.header &&
          again->content == message.content && again->buffers == message.buffers);
    static_cast<void>(wire::encodeLegacy(message));
    check(wire::looksLikeObject(wire::withMember(message.metadata, "farcell_seq", 1)));
}

void checkLegacy(const tl::expected<wire::LegacyMessage, wire::FrameError> &message)
{
    if (message) {
        const auto view = wire::decodeV1(message->v1);
        check(view.has_value());
        checkMessage(*view);
        const wire::LegacyFrame frame = wire::encodeLegacy(*view);
        const auto again = frame.isBinary ? wire::decodeLegacyBinary(frame.bytes)
                                          : wire::decodeLegacyText(frame.bytes);
        check(again && again->v1 == message->v1);
    }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string_view frame(reinterpret_cast<const char *>(data), size);
    if (const auto message = wire::decodeV1(frame)) {
        check(wire::encodeV1(*message) == frame);
        checkMessage(*message);
    }
    checkLegacy(wire::decodeLegacyText(frame));
    checkLegacy(wire::decodeLegacyBinary(frame));
    return 0;
}
