#include "core/jupyter/jsonscan.h"

#include <nlohmann/json.hpp>

namespace farcell::wire {

namespace {

constexpr std::string_view whiteSpace = " \t\r\n";

// A position in a JSON text. Every step answers false at the end of the text or where the text
// is not what was expected; the caller then gives up.
class Scanner
{
public:
    explicit Scanner(std::string_view text)
        : m_text(text)
    {}

    [[nodiscard]] std::size_t position() const { return m_at; }
    [[nodiscard]] bool atEnd() const { return m_at >= m_text.size(); }

    void skipSpace()
    {
        const std::size_t next = m_text.find_first_not_of(whiteSpace, m_at);
        m_at = next == std::string_view::npos ? m_text.size() : next;
    }

    bool take(char expected)
    {
        skipSpace();
        if (atEnd() || m_text[m_at] != expected) {
            return false;
        }
        ++m_at;
        return true;
    }

    [[nodiscard]] bool isNext(char expected)
    {
        skipSpace();
        return !atEnd() && m_text[m_at] == expected;
    }

    // The text between the quotes, escapes as they stand.
    std::optional<std::string_view> string()
    {
        if (!take('"')) {
            return std::nullopt;
        }
        // Two fast searches instead of a walk: the next quote, and whether an escape lies before
        // it.
        const std::size_t begin = m_at;
        std::size_t quote = m_text.find('"', m_at);
        while (quote != std::string_view::npos) {
            const std::size_t escape = m_text.substr(m_at, quote - m_at).find('\\');
            if (escape == std::string_view::npos) {
                m_at = quote + 1;
                return m_text.substr(begin, quote - begin);
            }
            m_at += escape + 2;
            if (m_at > quote) {
                quote = m_text.find('"', m_at);
            }
        }
        m_at = m_text.size();
        return std::nullopt;
    }

    std::optional<std::string_view> value()
    {
        skipSpace();
        const std::size_t begin = m_at;
        if (!skipValue() || m_at == begin) {
            return std::nullopt;
        }
        return m_text.substr(begin, m_at - begin);
    }

private:
    static bool isStructural(char c)
    {
        return c == '"' || c == '{' || c == '}' || c == '[' || c == ']';
    }

    bool skipValue()
    {
        if (atEnd()) {
            return false;
        }
        if (m_text[m_at] == '"') {
            return string().has_value();
        }
        if (m_text[m_at] == '{' || m_text[m_at] == '[') {
            return skipNested();
        }
        const std::size_t end = m_text.find_first_of(",}] \t\r\n", m_at);
        m_at = end == std::string_view::npos ? m_text.size() : end;
        return true;
    }

    // A loop over the closing brackets still owed, not a recursion: a text can nest very deep.
    bool skipNested()
    {
        std::string owed;
        do {
            while (!atEnd() && !isStructural(m_text[m_at])) {
                ++m_at;
            }
            if (atEnd()) {
                return false;
            }
            switch (m_text[m_at]) {
            case '"':
                if (!string()) {
                    return false;
                }
                break;
            case '{':
                owed.push_back('}');
                ++m_at;
                break;
            case '[':
                owed.push_back(']');
                ++m_at;
                break;
            default:
                if (owed.back() != m_text[m_at]) {
                    return false;
                }
                owed.pop_back();
                ++m_at;
            }
        } while (!owed.empty());
        return true;
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

std::optional<std::string> decoded(std::string_view inner)
{
    if (inner.find('\\') == std::string_view::npos) {
        return std::string(inner);
    }
    const std::string quoted = '"' + std::string(inner) + '"';
    const nlohmann::json value = nlohmann::json::parse(quoted, nullptr, false);
    if (!value.is_string()) {
        return std::nullopt;
    }
    return value.get<std::string>();
}

bool isKey(std::string_view inner, std::string_view key)
{
    return inner == key || (inner.find('\\') != std::string_view::npos && decoded(inner) == key);
}

std::string withRawMember(std::string_view object, std::string_view key, std::string_view value)
{
    std::string_view body = "{";
    bool isEmpty = true;
    if (looksLikeObject(object)) {
        body = object.substr(0, object.find_last_of('}'));
        Scanner scanner(object);
        isEmpty = scanner.take('{') && scanner.isNext('}');
    }
    std::string result;
    result.reserve(body.size() + key.size() + value.size() + 5);
    result.append(body);
    result.append(isEmpty ? "\"" : ",\"").append(key).append("\":");
    result.append(value).push_back('}');
    return result;
}

} // namespace

std::optional<std::string_view> jsonValue(std::string_view object, std::string_view key)
{
    Scanner scanner(object);
    if (!scanner.take('{') || scanner.isNext('}')) {
        return std::nullopt;
    }
    std::optional<std::string_view> found;
    while (true) {
        const std::optional<std::string_view> name = scanner.string();
        if (!name || !scanner.take(':')) {
            return std::nullopt;
        }
        const std::optional<std::string_view> value = scanner.value();
        if (!value) {
            return std::nullopt;
        }
        if (isKey(*name, key)) {
            found = value;
        }
        if (!scanner.take(',')) {
            return scanner.isNext('}') ? found : std::nullopt;
        }
    }
}

std::optional<std::string> jsonString(std::string_view object, std::string_view key)
{
    const std::optional<std::string_view> raw = jsonValue(object, key);
    if (!raw || raw->size() < 2 || raw->front() != '"') {
        return std::nullopt;
    }
    return decoded(raw->substr(1, raw->size() - 2));
}

bool looksLikeObject(std::string_view text)
{
    Scanner scanner(text);
    if (!scanner.isNext('{') || !scanner.value()) {
        return false;
    }
    scanner.skipSpace();
    return scanner.atEnd();
}

std::string withMember(std::string_view object, std::string_view key, unsigned long long value)
{
    return withRawMember(object, key, std::to_string(value));
}

std::string withMember(std::string_view object, std::string_view key, const std::string &value)
{
    return withRawMember(
        object, key,
        nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

} // namespace farcell::wire
