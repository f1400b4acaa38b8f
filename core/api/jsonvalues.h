#pragma once

#include "core/base/jsonmembers.h"

// Values on the wire that are null when they are not known.
namespace farcell::api {

inline nlohmann::json textOrNull(const QString &text)
{
    return text.isEmpty() ? nlohmann::json() : nlohmann::json(text.toStdString());
}

template <typename T>
nlohmann::json valueOrNull(const std::optional<T> &value)
{
    return value ? nlohmann::json(*value) : nlohmann::json();
}

inline std::optional<bool> optionalFlagAt(const nlohmann::json &object, const char *key)
{
    const nlohmann::json &value = memberOf(object, key);
    return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
}

} // namespace farcell::api
