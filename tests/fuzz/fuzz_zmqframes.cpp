#include "core/jupyter/jsonscan.h"
#include "core/jupyter/zmqframes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace farcell;

namespace {

// The input as frames, ended by a byte that JSON and the delimiter do not have.
std::vector<std::string_view> split(std::string_view input)
{
    std::vector<std::string_view> frames;
    while (!input.empty()) {
        const std::size_t end = input.find('\x01');
        frames.push_back(input.substr(0, end));
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    }
    return frames;
}

void check(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    std::vector<std::string_view> frames = split({reinterpret_cast<const char *>(data), size});
    wire::ReplayGuard guard;
    wire::MessageSigner unsignedSigner({});
    if (const auto message = wire::parseZmq(frames, unsignedSigner, guard)) {
        check(wire::looksLikeObject(message->header));
        static_cast<void>(wire::jsonString(message->header, "msg_id"));
        static_cast<void>(wire::jsonString(message->parentHeader, "session"));
        check(wire::looksLikeObject(wire::withMember(message->metadata, "farcell_seq", 7)));
    }
    wire::MessageSigner signer("key");
    check(!wire::parseZmq(frames, signer, guard)); // nobody guesses a signature
    // The same frames with the right signature are taken once, if they are a message at all.
    for (std::size_t i = 0; i + 5 < frames.size(); ++i) {
        if (frames[i] == wire::zmqDelimiter) {
            const std::array<std::string_view, 4> parts = {frames[i + 2], frames[i + 3],
                                                           frames[i + 4], frames[i + 5]};
            const std::string signature = signer.sign(parts);
            frames[i + 1] = signature;
            static_cast<void>(wire::parseZmq(frames, signer, guard));
            check(!wire::parseZmq(frames, signer, guard));
            break;
        }
    }
    return 0;
}
