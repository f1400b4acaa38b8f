#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace farcell {

// How long code took when it ran before, in this kernel or another one of this user: a small text
// file that all keepers append to. Remembers hashes and seconds, no code.
class DurationHistory
{
public:
    explicit DurationHistory(std::string path);

    [[nodiscard]] static std::uint64_t keyOf(std::string_view code);
    [[nodiscard]] static std::uint64_t keyOfCell(std::string_view cell);
    // Seconds of this code, or of its cell when the code is new; nothing if neither ever ran.
    [[nodiscard]] std::optional<double> expected(std::uint64_t code, std::uint64_t cell);
    void remember(std::uint64_t code, std::uint64_t cell, double seconds);

private:
    void load();
    void append(const std::string &text);

    std::string m_path;
    std::unordered_map<std::uint64_t, float> m_seconds;
    bool m_isLoaded = false;
};

} // namespace farcell
