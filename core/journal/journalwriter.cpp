#include "core/journal/journalwriter.h"

#include "core/journal/format.h"
#include "core/journal/journalreader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace farcell {

using namespace journalformat;

namespace {

constexpr std::size_t directBytes = 64UL * 1024; // a payload from here on is not copied

bool isDiskFull(int problem)
{
    return problem == ENOSPC || problem == EDQUOT;
}

std::int64_t nowMicros()
{
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

} // namespace

JournalWriter::JournalWriter(Options options)
    : m_options(std::move(options))
{}

JournalWriter::~JournalWriter()
{
    if (m_file >= 0) {
        flush();
        close(m_file);
    }
    if (m_floor >= 0) {
        close(m_floor);
    }
}

tl::expected<std::unique_ptr<JournalWriter>, std::string> JournalWriter::open(Options options)
{
    std::unique_ptr<JournalWriter> writer(new JournalWriter(std::move(options)));
    if (!writer->recover()) {
        return tl::unexpected(writer->m_error);
    }
    return writer;
}

bool JournalWriter::failed(const std::string &what)
{
    m_error = what + ": " + std::strerror(errno);
    return false;
}

bool JournalWriter::recover()
{
    const std::string &directory = m_options.directory;
    if (mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return failed("cannot make " + directory);
    }
    if (!openFloor()) {
        return false;
    }
    const std::uint64_t floor = m_next;
    const std::vector<std::uint64_t> segments = segmentsIn(directory);
    if (segments.empty()) {
        return startSegment(m_next);
    }
    JournalReader reader(directory);
    reader.seek({segments.back(), 0, segments.back()});
    while (reader.next()) {
    }
    m_committed = reader.position();
    if (m_committed.nextSequence < floor) {
        return startSegment(floor); // readers go on there when they cannot read the rest of this
    }
    m_next = m_committed.nextSequence;
    const std::string path = segmentPath(directory, segments.back());
    m_file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (m_file < 0) {
        return failed("cannot open " + path);
    }
    if (m_committed.offset < segmentHeadBytes) {
        close(std::exchange(m_file, -1));
        return startSegment(m_next);
    }
    if (ftruncate(m_file, static_cast<off_t>(m_committed.offset)) != 0) {
        return failed("cannot cut " + path);
    }
    return true;
}

bool JournalWriter::openFloor()
{
    const std::string path = floorPath(m_options.directory);
    m_floor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (m_floor < 0) {
        return failed("cannot open " + path);
    }
    std::uint64_t floor = 0;
    if (pread(m_floor, &floor, sizeof floor, 0) == static_cast<ssize_t>(sizeof floor)) {
        m_next = std::max(m_next, floor);
    }
    return true;
}

// The file keeps its size, so a full disk does not matter.
void JournalWriter::raiseFloor() const
{
    const std::uint64_t next = m_committed.nextSequence;
    static_cast<void>(!pwrite(m_floor, &next, sizeof next, 0));
}

bool JournalWriter::startSegment(std::uint64_t first)
{
    const std::string path = segmentPath(m_options.directory, first);
    const int file =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) {
        return failed("cannot make " + path);
    }
    std::array<char, segmentHeadBytes> head{};
    std::memcpy(head.data(), segmentMagic.data(), segmentMagic.size());
    std::memcpy(head.data() + segmentMagic.size(), &first, sizeof first);
    const ssize_t written = write(file, head.data(), head.size());
    if (written != static_cast<ssize_t>(head.size())) {
        const int problem = written < 0 ? errno : ENOSPC;
        close(file);
        unlink(path.c_str());
        errno = problem;
        return failed("cannot write " + path);
    }
    if (m_file >= 0) {
        close(m_file);
    }
    m_file = file;
    m_committed = {first, segmentHeadBytes, first};
    raiseFloor();
    return true;
}

// With what is kept of the older ones brought down to what is allowed, or to nothing.
bool JournalWriter::startNextSegment()
{
    const std::uint64_t first = m_committed.nextSequence;
    if (!startSegment(first)) {
        if (!isDiskFull(errno)) {
            return false;
        }
        giveUpOldSegments(0);
        if (!startSegment(first)) {
            return false;
        }
    }
    giveUpOldSegments(m_options.retainedBytes);
    return true;
}

void JournalWriter::append(std::uint32_t type, const std::vector<std::string_view> &parts)
{
    RecordHead head;
    std::size_t length = 0;
    for (const std::string_view part : parts) {
        length += part.size();
    }
    // Before the number is taken: a batch must hold all numbers up to the next one.
    const bool isDirect = length >= directBytes && flush();
    head.length = static_cast<std::uint32_t>(length);
    head.sequence = m_next++;
    head.timeMicros = nowMicros();
    head.type = type;
    head.checksum = checksumOf(head, parts);
    const std::string_view headBytes(reinterpret_cast<const char *>(&head), recordHeadBytes);
    if (isDirect) {
        std::vector<std::string_view> all = {headBytes};
        all.insert(all.end(), parts.begin(), parts.end());
        if (writeOut(all, m_next)) {
            return;
        }
    }
    m_batch.append(headBytes);
    for (const std::string_view part : parts) {
        m_batch.append(part);
    }
}

bool JournalWriter::flush()
{
    if (m_batch.empty()) {
        return true;
    }
    if (!writeOut({m_batch}, m_next) && !writePieces()) {
        return false;
    }
    m_batch.clear();
    if (m_batch.capacity() > 16 * directBytes) {
        m_batch.shrink_to_fit();
    }
    return true;
}

// As many records of the batch as there is room for: a large batch may never fit as a whole.
bool JournalWriter::writePieces()
{
    std::size_t done = 0;
    bool isWritten = true;
    while (isWritten && done < m_batch.size()) {
        std::size_t end = done;
        std::uint64_t next = m_next;
        while (end < m_batch.size() && end - done < directBytes) {
            RecordHead head;
            std::memcpy(&head, m_batch.data() + end, sizeof head);
            end += recordHeadBytes + head.length;
            next = head.sequence + 1;
        }
        isWritten = writeOut({std::string_view(m_batch).substr(done, end - done)}, next);
        done = isWritten ? end : done;
    }
    m_batch.erase(0, done);
    return isWritten;
}

// Writes whole records, up to number `next`. The file may hold part of them after a failure; that
// part lies behind the committed place and is written over by the next try.
bool JournalWriter::writeOut(const std::vector<std::string_view> &parts, std::uint64_t next)
{
    std::uint64_t bytes = 0;
    for (const std::string_view part : parts) {
        bytes += part.size();
    }
    if (m_committed.offset >= m_options.segmentBytes && !startNextSegment()) {
        return false;
    }
    if (!writeAll(parts)) {
        if (!isDiskFull(errno)) {
            return failed("cannot write the journal");
        }
        giveUpOldSegments(0);
        if (!writeAll(parts)) {
            return failed("cannot write the journal");
        }
    }
    m_committed.offset += bytes;
    m_committed.nextSequence = next;
    raiseFloor();
    m_error.clear();
    return true;
}

bool JournalWriter::writeAll(const std::vector<std::string_view> &parts)
{
    constexpr std::size_t most = 256; // below IOV_MAX
    auto offset = static_cast<off_t>(m_committed.offset);
    std::size_t index = 0;
    std::size_t done = 0; // of parts[index]
    while (index < parts.size()) {
        std::vector<iovec> vectors;
        for (std::size_t i = index; i < parts.size() && vectors.size() < most; ++i) {
            const std::string_view part = parts[i].substr(i == index ? done : 0);
            vectors.push_back({const_cast<char *>(part.data()), part.size()});
        }
        ssize_t written = pwritev(m_file, vectors.data(), static_cast<int>(vectors.size()), offset);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        offset += written;
        auto left = static_cast<std::size_t>(written);
        while (index < parts.size() && left >= parts[index].size() - done) {
            left -= parts[index].size() - done;
            done = 0;
            ++index;
        }
        done += left;
    }
    return true;
}

void JournalWriter::giveUpOldSegments(std::uint64_t allowedBytes)
{
    std::vector<std::uint64_t> segments = segmentsIn(m_options.directory);
    std::reverse(segments.begin(), segments.end()); // the newest are kept
    std::uint64_t total = 0;
    for (const std::uint64_t segment : segments) {
        const std::string path = segmentPath(m_options.directory, segment);
        std::error_code error;
        const auto size = std::filesystem::file_size(path, error);
        total += error ? 0 : size;
        if (segment != m_committed.segment && total > allowedBytes) {
            unlink(path.c_str());
        }
    }
}

} // namespace farcell
