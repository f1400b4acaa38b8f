#pragma once

#include <cstdint>
#include <string_view>

namespace farcell {

// CRC-32C (Castagnoli) of `bytes`, continuing from `crc`; in hardware where there is some.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

} // namespace farcell
