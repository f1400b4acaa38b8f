#include "backend/http/jsonfields.h"

#include <QCoreApplication>

#include <utility>

namespace farcell::http {

namespace {

using nlohmann::json;

Error wrongType(const char *key)
{
    return {ErrorCode::InvalidData,
            QCoreApplication::translate("farcell::http", "The field %1 has the wrong type")
                .arg(QString::fromLatin1(key)),
            {}};
}

// Deeper than any request needs. Parsing is not recursive, but what walks the result is.
bool isTooDeep(const QByteArray &text)
{
    constexpr int limit = 200;
    int depth = 0;
    bool inString = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            if (++depth > limit)
                return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

} // namespace

JsonFields::JsonFields(json object)
    : m_object(std::move(object))
{}

Result<JsonFields> JsonFields::parse(const QByteArray &body)
{
    if (body.trimmed().isEmpty())
        return JsonFields(json::object());
    json object = isTooDeep(body) ? json(json::value_t::discarded)
                                  : json::parse(body.begin(), body.end(), nullptr, false);
    if (!object.is_object() && !object.is_null())
        return fail(
            ErrorCode::InvalidData,
            QCoreApplication::translate("farcell::http", "Invalid JSON in body of request"));
    return JsonFields(object.is_null() ? json::object() : std::move(object));
}

const json *JsonFields::find(const char *key) const
{
    const auto it = m_object.find(key);
    return it == m_object.end() || it->is_null() ? nullptr : &*it;
}

bool JsonFields::has(const char *key) const
{
    return find(key) != nullptr;
}

std::optional<QString> JsonFields::text(const char *key)
{
    const json *value = find(key);
    if (!value)
        return std::nullopt;
    if (!value->is_string()) {
        m_error = m_error.value_or(wrongType(key));
        return std::nullopt;
    }
    return QString::fromStdString(value->get_ref<const std::string &>());
}

std::optional<JsonFields> JsonFields::object(const char *key)
{
    const json *value = find(key);
    if (!value)
        return std::nullopt;
    if (!value->is_object()) {
        m_error = m_error.value_or(wrongType(key));
        return std::nullopt;
    }
    return JsonFields(*value);
}

} // namespace farcell::http
