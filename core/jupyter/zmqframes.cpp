#include "core/jupyter/zmqframes.h"

#include "core/jupyter/jsonscan.h"

#include <algorithm>
#include <array>
#include <cstdlib>

// OpenSSL's plain functions, not EVP: no allocation per message, and a keeper that needs nothing
// else of OpenSSL stays half a megabyte smaller.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace farcell::wire {

namespace {

constexpr std::size_t digestBytes = 32;
constexpr std::size_t blockBytes = 64;
constexpr std::size_t remembered = 65536;
constexpr std::size_t firstSlotCount = 1024; // grows with the messages, at most half full

using Digest = std::array<unsigned char, digestBytes>;

std::string toHex(const Digest &digest)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(digestBytes * 2);
    for (const unsigned char byte : digest) {
        hex.push_back(digits[byte >> 4U]);
        hex.push_back(digits[byte & 15U]);
    }
    return hex;
}

// Enough of a signature to tell two apart; never 0.
std::uint64_t shortDigest(std::string_view signature)
{
    std::uint64_t value = 0;
    for (const char digit : signature.substr(0, 16)) {
        const unsigned nibble = digit <= '9' ? static_cast<unsigned>(digit - '0')
                                             : static_cast<unsigned>(digit - 'a' + 10);
        value = (value << 4U) | (nibble & 15U);
    }
    return value == 0 ? 1 : value;
}

} // namespace

// The hash states after the padded key: each message starts from copies, so that the key is
// hashed once, not once per message.
struct MessageSigner::Contexts
{
    SHA256_CTX inner = {};
    SHA256_CTX outer = {};

    static void start(SHA256_CTX &context, const std::array<unsigned char, blockBytes> &key,
                      unsigned char pad)
    {
        std::array<unsigned char, blockBytes> padded = key;
        for (unsigned char &byte : padded) {
            byte ^= pad;
        }
        SHA256_Init(&context);
        SHA256_Update(&context, padded.data(), padded.size());
        OPENSSL_cleanse(padded.data(), padded.size());
    }

    [[nodiscard]] Digest digest(std::span<const std::string_view> parts) const
    {
        Digest result{};
        SHA256_CTX work = inner;
        for (const std::string_view part : parts) {
            SHA256_Update(&work, part.data(), part.size());
        }
        SHA256_Final(result.data(), &work);
        work = outer;
        SHA256_Update(&work, result.data(), result.size());
        SHA256_Final(result.data(), &work);
        return result;
    }
};

MessageSigner::MessageSigner(std::string_view key)
{
    if (key.empty()) {
        return;
    }
    m_contexts = std::make_unique<Contexts>();
    std::array<unsigned char, blockBytes> block{};
    if (key.size() > block.size()) {
        SHA256_CTX context = {};
        SHA256_Init(&context);
        SHA256_Update(&context, key.data(), key.size());
        SHA256_Final(block.data(), &context);
    } else {
        std::copy(key.begin(), key.end(), block.begin());
    }
    Contexts::start(m_contexts->inner, block, 0x36);
    Contexts::start(m_contexts->outer, block, 0x5c);
    OPENSSL_cleanse(block.data(), block.size());
}

MessageSigner::~MessageSigner() = default;

bool MessageSigner::isSigning() const
{
    return m_contexts != nullptr;
}

std::string MessageSigner::sign(std::span<const std::string_view> parts)
{
    return isSigning() ? toHex(m_contexts->digest(parts)) : std::string();
}

bool MessageSigner::verify(std::string_view signature, std::span<const std::string_view> parts)
{
    if (!isSigning()) {
        return true;
    }
    const std::string expected = sign(parts);
    return signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

std::size_t ReplayGuard::slotOf(std::uint64_t digest) const
{
    std::size_t slot = digest % m_slots.size();
    while (m_slots[slot] != 0 && m_slots[slot] != digest) {
        slot = (slot + 1) % m_slots.size();
    }
    return slot;
}

bool ReplayGuard::admit(std::string_view signature)
{
    if (m_order.size() * 2 >= m_slots.size()) {
        grow();
    }
    const std::uint64_t digest = shortDigest(signature);
    if (m_slots[slotOf(digest)] == digest) {
        return false;
    }
    if (m_order.size() < remembered) {
        m_order.push_back(digest);
    } else {
        erase(m_order[m_next]);
        m_order[m_next] = digest;
        m_next = (m_next + 1) % remembered;
    }
    m_slots[slotOf(digest)] = digest;
    return true;
}

void ReplayGuard::grow()
{
    m_slots.assign(std::max(firstSlotCount, m_slots.size() * 2), 0);
    if (m_slots.size() / 2 >= remembered) {
        m_slots.assign(remembered * 2 + 2, 0); // large enough for good
    }
    for (const std::uint64_t digest : m_order) {
        m_slots[slotOf(digest)] = digest;
    }
}

// Takes one out of the table and moves up what its place had pushed further on.
void ReplayGuard::erase(std::uint64_t digest)
{
    const std::size_t hole = slotOf(digest);
    m_slots[hole] = 0;
    for (std::size_t at = (hole + 1) % m_slots.size(); m_slots[at] != 0;
         at = (at + 1) % m_slots.size()) {
        const std::uint64_t moved = m_slots[at];
        m_slots[at] = 0;
        m_slots[slotOf(moved)] = moved;
    }
}

void ReplayGuard::clear()
{
    m_slots.clear();
    m_order.clear();
    m_next = 0;
}

std::string_view zmqErrorText(ZmqError error)
{
    switch (error) {
    case ZmqError::NoDelimiter:
        return "message has no delimiter";
    case ZmqError::TooFewFrames:
        return "message has too few frames";
    case ZmqError::TooManyFrames:
        return "message has too many frames";
    case ZmqError::Unsigned:
        return "message is not signed";
    case ZmqError::BadSignature:
        return "message has a wrong signature";
    case ZmqError::DuplicateSignature:
        return "message was received before";
    case ZmqError::BadJson:
        return "message is not made of JSON objects";
    }
    return "message is broken";
}

tl::expected<ZmqMessage, ZmqError> parseZmq(std::span<const std::string_view> frames,
                                            MessageSigner &signer, ReplayGuard &guard)
{
    const auto delimiter = std::find(frames.begin(), frames.end(), zmqDelimiter);
    if (delimiter == frames.end() ||
        delimiter - frames.begin() > std::ptrdiff_t(maxIdentityFrames)) {
        return tl::unexpected(ZmqError::NoDelimiter);
    }
    const auto rest = frames.subspan(static_cast<std::size_t>(delimiter - frames.begin()) + 1);
    if (rest.size() < 5) {
        return tl::unexpected(ZmqError::TooFewFrames);
    }
    constexpr std::size_t maxParts = 65536 + 5;
    if (rest.size() > maxParts) {
        return tl::unexpected(ZmqError::TooManyFrames);
    }
    const std::string_view signature = rest[0];
    const auto parts = rest.subspan(1, 4);
    if (signer.isSigning()) {
        if (signature.empty()) {
            return tl::unexpected(ZmqError::Unsigned);
        }
        if (!signer.verify(signature, parts)) {
            return tl::unexpected(ZmqError::BadSignature);
        }
        if (!guard.admit(signature)) {
            return tl::unexpected(ZmqError::DuplicateSignature);
        }
    }
    if (!std::all_of(parts.begin(), parts.end(), looksLikeObject)) {
        return tl::unexpected(ZmqError::BadJson);
    }
    return ZmqMessage{parts[0], parts[1], parts[2], parts[3], rest.subspan(5)};
}

} // namespace farcell::wire
