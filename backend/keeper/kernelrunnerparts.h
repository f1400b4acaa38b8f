#pragma once

#include <chrono>
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

} // namespace farcell
