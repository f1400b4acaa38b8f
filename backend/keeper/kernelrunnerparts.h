#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

// What the parts of KernelRunner share.
namespace farcell {

inline std::string dumpJson(const nlohmann::json &value)
{
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

inline double unixNow()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

inline std::string readableBytes(std::uint64_t bytes)
{
    std::array<char, 32> text{};
    constexpr double mebi = 1024.0 * 1024.0;
    const double value = static_cast<double>(bytes) / mebi;
    if (value >= 1024) {
        std::snprintf(text.data(), text.size(), "%.1f GiB", value / 1024);
    } else {
        std::snprintf(text.data(), text.size(), "%.0f MiB", value);
    }
    return text.data();
}

} // namespace farcell
