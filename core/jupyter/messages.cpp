#include "core/jupyter/messages.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <nlohmann/json.hpp>

#include <sys/random.h>

namespace farcell::wire {

namespace {

template <std::size_t Size>
std::array<unsigned char, Size> randomBytes()
{
    std::array<unsigned char, Size> bytes{};
    // Up to 256 bytes come whole once the pool is up; without randomness no id or key is safe.
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        std::abort();
    }
    return bytes;
}

void appendHex(std::string &out, unsigned char byte)
{
    constexpr std::string_view digits = "0123456789abcdef";
    out.push_back(digits[byte >> 4U]);
    out.push_back(digits[byte & 15U]);
}

} // namespace

std::string newUuid()
{
    auto bytes = randomBytes<16>();
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);
    std::string uuid;
    uuid.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            uuid.push_back('-');
        }
        appendHex(uuid, bytes.at(i));
    }
    return uuid;
}

std::string newConnectionKey()
{
    std::string key;
    for (const unsigned char byte : randomBytes<32>()) {
        appendHex(key, byte);
    }
    return key;
}

std::string isoNow()
{
    using namespace std::chrono;
    const auto micros = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    const std::time_t seconds = micros / 1000000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 40> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 16> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(micros % 1000000));
    return std::string(text.data(), length) + fraction.data();
}

std::string makeHeader(std::string_view messageType, std::string_view session,
                       std::string_view messageId)
{
    const nlohmann::json header = {
        {"msg_id", messageId.empty() ? newUuid() : std::string(messageId)},
        {"session", session},
        {"username", "farcell"},
        {"date", isoNow()},
        {"msg_type", messageType},
        {"version", "5.3"},
    };
    return header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace farcell::wire
