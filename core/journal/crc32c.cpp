#include "core/journal/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace farcell {

namespace {

constexpr std::array<std::uint32_t, 256> makeTable()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82f63b78U : 0U);
        }
        table.at(i) = value;
    }
    return table;
}

std::uint32_t portable(std::string_view bytes, std::uint32_t crc)
{
    static constexpr std::array<std::uint32_t, 256> table = makeTable();
    for (const char byte : bytes) {
        crc = (crc >> 8U) ^ table.at((crc ^ static_cast<unsigned char>(byte)) & 0xffU);
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t hardware(std::string_view bytes, std::uint32_t crc)
{
    std::uint64_t wide = crc;
    std::size_t at = 0;
    for (; at + sizeof wide <= bytes.size(); at += sizeof wide) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    auto narrow = static_cast<std::uint32_t>(wide);
    for (; at < bytes.size(); ++at) {
        narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(bytes[at]));
    }
    return narrow;
}
#endif

} // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc)
{
    crc = ~crc;
#if defined(__x86_64__)
    static const bool hasInstruction = __builtin_cpu_supports("sse4.2") != 0;
    if (hasInstruction) {
        return ~hardware(bytes, crc);
    }
#endif
    return ~portable(bytes, crc);
}

} // namespace farcell
