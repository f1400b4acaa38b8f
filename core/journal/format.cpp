#include "core/journal/format.h"

#include "core/journal/crc32c.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>

namespace farcell::journalformat {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::string_view suffix = ".fcj";
constexpr std::size_t digits = 20;

} // namespace

std::uint32_t checksumOf(const RecordHead &head, const std::vector<std::string_view> &payload)
{
    const auto *bytes = reinterpret_cast<const char *>(&head);
    std::uint32_t crc = crc32c({bytes, checkedHeadBytes});
    for (const std::string_view part : payload) {
        crc = crc32c(part, crc);
    }
    return crc;
}

std::string segmentPath(const std::string &directory, std::uint64_t firstSequence)
{
    const std::string number = std::to_string(firstSequence);
    std::string path = directory + '/';
    path.append(digits - number.size(), '0').append(number).append(suffix);
    return path;
}

std::string floorPath(const std::string &directory)
{
    return directory + "/next";
}

std::vector<std::uint64_t> segmentsIn(const std::string &directory)
{
    std::vector<std::uint64_t> found;
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename().string();
        std::uint64_t first = 0;
        if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) {
            continue;
        }
        const char *last = name.data() + digits;
        const auto [parsedTo, problem] = std::from_chars(name.data(), last, first);
        if (problem == std::errc() && parsedTo == last) {
            found.push_back(first);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace farcell::journalformat
