#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The journal on disk: a directory of segment files, each a 16-byte head and records one after
// the other, little-endian. A segment is named by the sequence number of its first record.
namespace farcell::journalformat {

inline constexpr std::string_view segmentMagic = "FCJRNL01"; // then the first sequence number
inline constexpr std::size_t segmentHeadBytes = 16;
inline constexpr std::uint32_t recordMagic = 0x314a4346; // "FCJ1"
inline constexpr std::uint32_t maxPayloadBytes = 0x7fffffff;

struct RecordHead
{
    std::uint32_t magic = recordMagic;
    std::uint32_t length = 0; // of the payload
    std::uint64_t sequence = 0;
    std::int64_t timeMicros = 0; // since 1970, UTC
    std::uint32_t type = 0;
    std::uint32_t checksum = 0; // CRC-32C of the head before this field, then the payload
};
inline constexpr std::size_t recordHeadBytes = sizeof(RecordHead);
inline constexpr std::size_t checkedHeadBytes = recordHeadBytes - sizeof(std::uint32_t);
static_assert(recordHeadBytes == 32);

[[nodiscard]] std::uint32_t checksumOf(const RecordHead &head,
                                       const std::vector<std::string_view> &payload);
[[nodiscard]] std::string segmentPath(const std::string &directory, std::uint64_t firstSequence);
// Eight bytes: the next sequence number.
[[nodiscard]] std::string floorPath(const std::string &directory);
// First sequence numbers of the segments, rising.
[[nodiscard]] std::vector<std::uint64_t> segmentsIn(const std::string &directory);

} // namespace farcell::journalformat
