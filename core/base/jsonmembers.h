#pragma once

#include <QString>

#include <nlohmann/json.hpp>

#include <concepts>
#include <optional>
#include <string>

namespace farcell {

// Members of JSON that comes from elsewhere. A member that is missing, of another type, or asked
// of something that is no object is null, empty or false.

template <typename Json>
[[nodiscard]] const Json &memberOf(const Json &object, const char *key)
{
    static const Json nothing;
    if (!object.is_object())
        return nothing;
    const auto it = object.find(key);
    return it == object.end() ? nothing : *it;
}

template <typename Json>
[[nodiscard]] QString textAt(const Json &object, const char *key)
{
    const Json &value = memberOf(object, key);
    return value.is_string() ? QString::fromStdString(value.template get_ref<const std::string &>())
                             : QString();
}

template <typename Json>
[[nodiscard]] bool flagAt(const Json &object, const char *key)
{
    const Json &value = memberOf(object, key);
    return value.is_boolean() && value.template get<bool>();
}

// Whole numbers only from whole numbers, unsigned ones only from those that are not negative.
template <typename Number, typename Json>
[[nodiscard]] std::optional<Number> numberAt(const Json &object, const char *key)
{
    const Json &value = memberOf(object, key);
    const bool fits = std::floating_point<Number>      ? value.is_number()
                      : std::unsigned_integral<Number> ? value.is_number_unsigned()
                                                       : value.is_number_integer();
    return fits ? std::optional(value.template get<Number>()) : std::nullopt;
}

} // namespace farcell
