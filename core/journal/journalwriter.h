#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace farcell {

// A place between two records: everything before it is on disk.
struct JournalPosition
{
    std::uint64_t segment = 0; // name of the segment file
    std::uint64_t offset = 0;  // in it
    std::uint64_t nextSequence = 1;
};

// Writes one kernel's journal: numbers records, appends them in batches, starts new segments and
// deletes the oldest when the journal is larger than allowed. One writer per directory.
// What was flushed survives the end of this process (not a power cut: there is no fsync). A number
// that was told is never given again, also when the segment that has it is damaged.
//
// Not thread-safe. Not here: what a payload means (backend/keeper), reading (JournalReader).
class JournalWriter
{
public:
    struct Options
    {
        std::string directory; // made if it is not there, 0700
        std::uint64_t segmentBytes = 64ULL * 1024 * 1024;
        std::uint64_t retainedBytes = 4ULL * 1024 * 1024 * 1024;
    };
    // Cuts a torn record off the end of what is there and goes on behind its last number.
    static tl::expected<std::unique_ptr<JournalWriter>, std::string> open(Options options);
    ~JournalWriter();
    JournalWriter(const JournalWriter &) = delete;
    JournalWriter &operator=(const JournalWriter &) = delete;
    JournalWriter(JournalWriter &&) = delete;
    JournalWriter &operator=(JournalWriter &&) = delete;

    [[nodiscard]] std::uint64_t nextSequence() const { return m_next; }
    // Adds a record to the batch. Takes the number nextSequence(). A large payload goes straight
    // to disk. The parts together must be below 2 GiB.
    void append(std::uint32_t type, const std::vector<std::string_view> &parts);
    // Writes the batch. On failure (disk full) oldest segments are given up first; if that does
    // not help the batch is kept for the next flush and lastError() says why.
    bool flush();
    [[nodiscard]] std::size_t pendingBytes() const { return m_batch.size(); }
    [[nodiscard]] const std::string &lastError() const { return m_error; }
    // After the last record that is on disk.
    [[nodiscard]] const JournalPosition &committed() const { return m_committed; }

private:
    explicit JournalWriter(Options options);
    bool recover();
    [[nodiscard]] bool openFloor();
    void raiseFloor() const;
    bool startSegment(std::uint64_t first);
    bool startNextSegment();
    bool writeAll(const std::vector<std::string_view> &parts);
    bool writeOut(const std::vector<std::string_view> &parts, std::uint64_t next);
    bool writePieces();
    void giveUpOldSegments(std::uint64_t allowedBytes);
    bool failed(const std::string &what);

    Options m_options;
    int m_file = -1;
    int m_floor = -1; // holds the next number: what is damaged later is not given again
    std::uint64_t m_next = 1;
    JournalPosition m_committed;
    std::string m_batch;
    std::string m_error;
};

} // namespace farcell
