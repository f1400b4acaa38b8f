#include "core/journal/journalreader.h"

#include "core/journal/format.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell {

using namespace journalformat;

namespace {

constexpr std::size_t leastRead = 16UL * 1024;
constexpr std::size_t keptBytes = 256UL * 1024;
constexpr std::size_t mostRead = 1024UL * 1024; // more only for one large record

} // namespace

JournalReader::JournalReader(std::string directory)
    : m_directory(std::move(directory))
{}

JournalReader::~JournalReader()
{
    closeSegment();
}

void JournalReader::closeSegment()
{
    if (m_file >= 0) {
        close(std::exchange(m_file, -1));
    }
    m_used = 0;
}

void JournalReader::rest()
{
    closeSegment();
    freeBuffer();
}

void JournalReader::freeBuffer()
{
    m_buffer.reset();
    m_capacity = 0;
    m_used = 0;
}

std::string_view JournalReader::buffered() const
{
    const auto done = static_cast<std::size_t>(m_position.offset - m_bufferOffset);
    return {m_buffer.get() + done, m_used - done};
}

void JournalReader::seek(const JournalPosition &position)
{
    if (position.segment != m_position.segment) {
        closeSegment();
    }
    m_position = position;
}

void JournalReader::seek(std::uint64_t sequence)
{
    const std::vector<std::uint64_t> segments = segmentsIn(m_directory);
    const auto after = std::upper_bound(segments.begin(), segments.end(), sequence);
    const std::uint64_t segment = after != segments.begin() ? *std::prev(after)
                                  : segments.empty()        ? sequence
                                                            : segments.front();
    seek({segment, 0, segment});
    while (m_position.nextSequence < sequence && next(sequence - 1)) {
    }
}

bool JournalReader::openSegment()
{
    if (m_file < 0) {
        const std::string path = segmentPath(m_directory, m_position.segment);
        m_file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        m_used = 0;
    }
    if (m_file < 0) {
        return false;
    }
    if (m_position.offset < segmentHeadBytes) {
        m_position.offset = 0;
        if (!fill(segmentHeadBytes) || buffered().substr(0, segmentMagic.size()) != segmentMagic) {
            return false;
        }
        m_position.offset = segmentHeadBytes;
    }
    return true;
}

// Makes the buffer hold `bytes` bytes from the current place on.
bool JournalReader::fill(std::size_t bytes)
{
    const std::uint64_t at = m_position.offset;
    if (at >= m_bufferOffset && at + bytes <= m_bufferOffset + m_used) {
        return true;
    }
    struct stat file = {};
    if (fstat(m_file, &file) != 0 || at + bytes > static_cast<std::uint64_t>(file.st_size)) {
        return false; // also keeps a damaged length from asking for gigabytes
    }
    const auto available = static_cast<std::size_t>(static_cast<std::uint64_t>(file.st_size) - at);
    const std::size_t wanted = std::max(bytes, std::clamp(available, leastRead, mostRead));
    if (m_capacity < wanted) {
        freeBuffer();
        // NOLINTNEXTLINE(modernize-avoid-c-arrays)
        m_buffer = std::make_unique_for_overwrite<char[]>(wanted);
        m_capacity = wanted;
    }
    m_bufferOffset = at;
    m_used = 0;
    while (m_used < bytes) {
        const ssize_t got = pread(m_file, m_buffer.get() + m_used, m_capacity - m_used,
                                  static_cast<off_t>(at + m_used));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        m_used += static_cast<std::size_t>(got);
    }
    return true;
}

std::optional<JournalRecord> JournalReader::take(std::uint64_t last)
{
    if (!fill(recordHeadBytes)) {
        return std::nullopt;
    }
    RecordHead head;
    std::memcpy(&head, buffered().data(), sizeof head);
    if (head.magic != recordMagic || head.length > maxPayloadBytes ||
        !fill(recordHeadBytes + head.length)) {
        m_used = 0; // the rest of it may come with another start: after a crash of the writer
        return std::nullopt;
    }
    const std::string_view payload = buffered().substr(recordHeadBytes, head.length);
    if (checksumOf(head, {payload}) != head.checksum || head.sequence < m_position.nextSequence) {
        m_used = 0; // may have been read while it was being written
        return std::nullopt;
    }
    if (head.sequence > last) { // what lay between was given up
        m_position.nextSequence = head.sequence;
        return std::nullopt;
    }
    m_position.offset += recordHeadBytes + head.length;
    m_position.nextSequence = head.sequence + 1;
    return JournalRecord{head.sequence, head.timeMicros, head.type, payload};
}

bool JournalReader::hopToNextSegment()
{
    const std::vector<std::uint64_t> segments = segmentsIn(m_directory);
    const auto after = std::upper_bound(segments.begin(), segments.end(), m_position.segment);
    if (after == segments.end()) {
        return false;
    }
    closeSegment();
    m_position = {*after, 0, std::max(*after, m_position.nextSequence)};
    return true;
}

std::optional<JournalRecord> JournalReader::next(std::uint64_t last)
{
    while (m_position.nextSequence <= last) {
        if (openSegment()) {
            if (auto record = take(last)) {
                return record;
            }
            if (m_position.nextSequence > last) {
                break;
            }
        }
        // A next segment is begun only when this one is complete, so look here once more.
        const JournalPosition before = m_position;
        if (!hopToNextSegment()) {
            return std::nullopt;
        }
        const JournalPosition hopped = std::exchange(m_position, before);
        closeSegment();
        if (openSegment()) {
            if (auto record = take(last)) {
                return record;
            }
            if (m_position.nextSequence > last) {
                break;
            }
        }
        closeSegment();
        m_position = hopped;
    }
    if (m_capacity > keptBytes) { // all is read: what comes now comes in small pieces
        freeBuffer();
    }
    return std::nullopt;
}

} // namespace farcell
