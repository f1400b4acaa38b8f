#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QString>

#include <optional>

#include <nlohmann/json.hpp>

namespace farcell::http {

// Reads the members of a request's JSON object. What is absent or null is not there; the first
// member of a wrong type is remembered as the error, so that callers check once, at the end.
class JsonFields
{
public:
    explicit JsonFields(nlohmann::json object);
    // An empty body counts as {}. InvalidData when it is not one JSON object.
    static Result<JsonFields> parse(const QByteArray &body);

    [[nodiscard]] bool has(const char *key) const;
    std::optional<QString> text(const char *key);
    // A member that is itself an object.
    std::optional<JsonFields> object(const char *key);
    [[nodiscard]] const nlohmann::json &value() const { return m_object; }

    [[nodiscard]] const std::optional<Error> &error() const { return m_error; }

private:
    [[nodiscard]] const nlohmann::json *find(const char *key) const;

    nlohmann::json m_object;
    std::optional<Error> m_error;
};

} // namespace farcell::http
