#pragma once

#include "core/journal/journalwriter.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace farcell {

struct JournalRecord
{
    std::uint64_t sequence = 0;
    std::int64_t timeMicros = 0;
    std::uint32_t type = 0;
    std::string_view payload; // valid until the reader is used again
};

// Reads a journal from any sequence number, also while it is being written. A half-written or
// damaged record at the end is never returned: the reader stops before it and may be asked again.
//
// Not thread-safe. Any number of readers per journal.
class JournalReader
{
public:
    explicit JournalReader(std::string directory);
    ~JournalReader();
    JournalReader(const JournalReader &) = delete;
    JournalReader &operator=(const JournalReader &) = delete;
    JournalReader(JournalReader &&) = delete;
    JournalReader &operator=(JournalReader &&) = delete;

    // To a place known from the writer or another reader.
    void seek(const JournalPosition &position);
    // To the first record with this number or a later one.
    void seek(std::uint64_t sequence);
    [[nodiscard]] const JournalPosition &position() const { return m_position; }
    // Gives back memory and file until it is used again. The place stays.
    void rest();

    // The next record up to number `last`; nothing if it is not there (yet).
    [[nodiscard]] std::optional<JournalRecord>
    next(std::uint64_t last = std::numeric_limits<std::uint64_t>::max());

private:
    void freeBuffer();
    [[nodiscard]] std::string_view buffered() const; // from the current place on
    bool openSegment();
    void closeSegment();
    bool fill(std::size_t bytes);
    [[nodiscard]] bool hopToNextSegment();
    [[nodiscard]] std::optional<JournalRecord> take(std::uint64_t last);

    std::string m_directory;
    JournalPosition m_position;
    int m_file = -1;
    // Bytes of the file from m_bufferOffset on; as a string it would be set to zero first.
    std::unique_ptr<char[]> m_buffer; // NOLINT(modernize-avoid-c-arrays)
    std::size_t m_capacity = 0;
    std::size_t m_used = 0; // valid bytes of it
    std::uint64_t m_bufferOffset = 0;
};

} // namespace farcell
