#include "backend/keeper/durationhistory.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr std::size_t readBytes = 128UL * 1024; // the newest few thousand entries
constexpr off_t largestFile = 1024L * 1024;
constexpr std::size_t mostEntries = 8192;

// FNV-1a: the same in every build, as the file outlives this one.
std::uint64_t hashOf(std::string_view text, std::uint64_t seed)
{
    std::uint64_t hash = seed;
    for (const char byte : text) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
    }
    return hash;
}

std::string lineOf(std::uint64_t key, double seconds)
{
    std::array<char, 64> line{};
    const int length =
        std::snprintf(line.data(), line.size(), "%016" PRIx64 " %.4f\n", key, seconds);
    return {line.data(), static_cast<std::size_t>(length)};
}

} // namespace

DurationHistory::DurationHistory(std::string path)
    : m_path(std::move(path))
{}

std::uint64_t DurationHistory::keyOf(std::string_view code)
{
    return hashOf(code, 0xcbf29ce484222325U);
}

std::uint64_t DurationHistory::keyOfCell(std::string_view cell)
{
    return cell.empty() ? 0 : hashOf(cell, 0x84222325cbf29ce4U);
}

void DurationHistory::load()
{
    if (std::exchange(m_isLoaded, true)) {
        return;
    }
    const int file = open(m_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        return;
    }
    struct stat status = {};
    std::string text(readBytes, '\0');
    const off_t size = fstat(file, &status) == 0 ? status.st_size : 0;
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(readBytes));
    const ssize_t got = pread(file, text.data(), text.size(), from);
    close(file);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    std::size_t begin = from > 0 ? text.find('\n') + 1 : 0; // a line cut in two
    while (begin < text.size()) {
        const std::size_t end = text.find('\n', begin);
        if (end == std::string::npos) {
            break;
        }
        std::uint64_t key = 0;
        float seconds = 0;
        const std::string line = text.substr(begin, end - begin);
        if (std::sscanf(line.c_str(), "%" SCNx64 " %f", &key, &seconds) == 2 &&
            std::isfinite(seconds) && seconds >= 0) {
            m_seconds[key] = seconds;
        }
        begin = end + 1;
    }
}

std::optional<double> DurationHistory::expected(std::uint64_t code, std::uint64_t cell)
{
    load();
    for (const std::uint64_t key : {code, cell}) {
        const auto found = key != 0 ? m_seconds.find(key) : m_seconds.end();
        if (found != m_seconds.end()) {
            return found->second;
        }
    }
    return std::nullopt;
}

void DurationHistory::remember(std::uint64_t code, std::uint64_t cell, double seconds)
{
    load();
    std::string lines;
    for (const std::uint64_t key : {code, cell}) {
        if (key == 0 || (m_seconds.size() >= mostEntries && !m_seconds.contains(key))) {
            continue;
        }
        // The newest counts most, but one odd run does not decide alone.
        const auto before = m_seconds.find(key);
        const double value =
            before == m_seconds.end() ? seconds : (before->second + 2 * seconds) / 3;
        m_seconds[key] = static_cast<float>(value);
        lines += lineOf(key, value);
    }
    append(lines);
}

// Short writes with O_APPEND do not mix with those of other keepers.
void DurationHistory::append(const std::string &text)
{
    const int file = open(m_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                          S_IRUSR | S_IWUSR);
    if (file < 0) {
        return;
    }
    struct stat status = {};
    [[maybe_unused]] const ssize_t written = write(file, text.data(), text.size());
    const bool isLarge = fstat(file, &status) == 0 && status.st_size > largestFile;
    close(file);
    if (isLarge) { // begins anew with what we know
        std::string all;
        for (const auto &[key, seconds] : m_seconds) {
            all += lineOf(key, static_cast<double>(seconds));
        }
        const std::string fresh = m_path + '.' + std::to_string(getpid());
        const int out = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                             S_IRUSR | S_IWUSR);
        if (out < 0) {
            return;
        }
        const bool isWhole = write(out, all.data(), all.size()) == static_cast<ssize_t>(all.size());
        close(out);
        if (!isWhole || rename(fresh.c_str(), m_path.c_str()) != 0) {
            unlink(fresh.c_str());
        }
    }
}

} // namespace farcell
