#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

// Kernel messages as ZeroMQ frames: [identity]* <IDS|MSG> signature header parent metadata content
// [buffer]*. Bytes only, no sockets. The signature is checked on the bytes as they came, in
// constant time, before anything looks into the JSON.
namespace farcell::wire {

inline constexpr std::string_view zmqDelimiter = "<IDS|MSG>";
inline constexpr std::size_t maxIdentityFrames = 64;

enum class ZmqError
{
    NoDelimiter,
    TooFewFrames,
    TooManyFrames,
    Unsigned,
    BadSignature,
    DuplicateSignature, // this very message was here before: a replay
    BadJson             // one of the four parts is not a JSON object
};
[[nodiscard]] std::string_view zmqErrorText(ZmqError error);

// Views into the frames the message was taken from.
struct ZmqMessage
{
    std::string_view header, parentHeader, metadata, content;
    std::span<const std::string_view> buffers;
};

// Signs and checks messages with one connection key. An empty key means unsigned messages.
// Not thread-safe.
class MessageSigner
{
public:
    explicit MessageSigner(std::string_view key);
    ~MessageSigner();
    MessageSigner(const MessageSigner &) = delete;
    MessageSigner &operator=(const MessageSigner &) = delete;
    MessageSigner(MessageSigner &&) = delete;
    MessageSigner &operator=(MessageSigner &&) = delete;

    [[nodiscard]] bool isSigning() const;
    // 64 lower-case hex digits over the parts one after the other.
    [[nodiscard]] std::string sign(std::span<const std::string_view> parts);
    [[nodiscard]] bool verify(std::string_view signature, std::span<const std::string_view> parts);

private:
    struct Contexts;
    std::unique_ptr<Contexts> m_contexts;
};

// Remembers the last 65,536 signatures. Its memory grows with the messages that came.
class ReplayGuard
{
public:
    // False if it was seen before.
    [[nodiscard]] bool admit(std::string_view signature);
    void clear();

private:
    [[nodiscard]] std::size_t slotOf(std::uint64_t digest) const;
    void grow();
    void erase(std::uint64_t digest);

    std::vector<std::uint64_t> m_slots; // open addressing, 0 is free
    std::vector<std::uint64_t> m_order; // ring, oldest is overwritten
    std::size_t m_next = 0;
};

[[nodiscard]] tl::expected<ZmqMessage, ZmqError>
parseZmq(std::span<const std::string_view> frames, MessageSigner &signer, ReplayGuard &guard);

} // namespace farcell::wire
