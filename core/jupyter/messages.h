#pragma once

#include <string>
#include <string_view>

// Small things every maker of kernel messages needs. No Qt.
namespace farcell::wire {

[[nodiscard]] std::string newUuid();          // random, version 4
[[nodiscard]] std::string isoNow();           // 2026-01-02T03:04:05.000006Z
[[nodiscard]] std::string newConnectionKey(); // 256 random bits in hex

// The header of a new message as JSON text. `messageId` empty: a new one is made.
[[nodiscard]] std::string makeHeader(std::string_view messageType, std::string_view session,
                                     std::string_view messageId = {});

} // namespace farcell::wire
