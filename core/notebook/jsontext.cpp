#include "core/notebook/jsontext.h"

#include "core/base/slice.h"
#include "core/notebook/jsonscan.h"
#include "core/notebook/jsonstrings.h"

#include <nlohmann/json.hpp>

#include <QHash>
#include <QSet>

#include <charconv>
#include <utility>

namespace farcell {

namespace {

using nlohmann::ordered_json;

constexpr int maxParseDepth = 500; // nlohmann's own dump() recurses

ordered_json parse(QByteArrayView text, int depth);

ordered_json parseNumber(QByteArrayView text)
{
    const char *const end = text.data() + text.size();
    if (text.indexOf('.') < 0 && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
        qint64 number = 0;
        if (std::from_chars(text.data(), end, number).ptr == end)
            return number;
        quint64 large = 0;
        if (std::from_chars(text.data(), end, large).ptr == end)
            return large;
    }
    double number = 0;
    if (std::from_chars(text.data(), end, number).ec == std::errc{})
        return number;
    return nullptr; // NaN, Infinity, or beyond what a double holds
}

std::string parseString(QByteArrayView token)
{
    QByteArray utf8;
    json::decodeUtf8(token, utf8);
    return utf8.toStdString();
}

ordered_json parseObject(QByteArrayView text, int depth)
{
    ordered_json object = ordered_json::object();
    auto &entries = object.get_ref<ordered_json::object_t &>();
    // ordered_json looks keys up one by one; only a doubled key needs that.
    QSet<QByteArray> seen;
    for (const json::Member &member : json::membersOf(text)) {
        const std::string key = parseString(json::cut(text, member.key));
        ordered_json value = parse(json::cut(text, member.value), depth + 1);
        const QByteArray keyBytes = QByteArray::fromStdString(key);
        if (seen.contains(keyBytes)) {
            object[key] = std::move(value);
        } else {
            seen.insert(keyBytes);
            entries.std::vector<ordered_json::object_t::value_type>::emplace_back(key,
                                                                                  std::move(value));
        }
    }
    return object;
}

ordered_json parseArray(QByteArrayView text, int depth)
{
    ordered_json array = ordered_json::array();
    for (const json::Span &item : json::itemsOf(text))
        array.push_back(parse(json::cut(text, item), depth + 1));
    return array;
}

ordered_json parse(QByteArrayView text, int depth)
{
    if (text.isEmpty() || depth > maxParseDepth)
        return nullptr;
    switch (text.front()) {
    case '{':
        return parseObject(text, depth);
    case '[':
        return parseArray(text, depth);
    case '"':
        return parseString(text);
    case 't':
        return true;
    case 'f':
        return false;
    case 'n':
        return nullptr;
    default:
        return parseNumber(text);
    }
}

QByteArray dump(const ordered_json &value)
{
    return QByteArray::fromStdString(
        value.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

// See JsonText::updatedTo().
QByteArray respell(QByteArrayView old, const ordered_json &value, int depth)
{
    if (parse(old, depth) == value)
        return old.toByteArray();
    if (!value.is_object() || old.isEmpty() || old.front() != '{' || depth > maxParseDepth)
        return dump(value);
    QHash<QByteArray, QByteArrayView> known; // a doubled key's last value counts
    for (const json::Member &member : json::membersOf(old))
        known.insert(QByteArray::fromStdString(parseString(json::cut(old, member.key))),
                     json::cut(old, member.value));
    QByteArray text("{");
    for (const auto &[key, item] : value.items()) {
        if (text.size() > 1)
            text += ',';
        text +=
            dump(key) + ':' + respell(known.value(QByteArray::fromStdString(key)), item, depth + 1);
    }
    return text + '}';
}

bool isString(QByteArrayView text)
{
    return text.size() >= 2 && text.front() == '"';
}

// All items of a list of strings, or nothing when one is something else.
std::optional<std::vector<json::Span>> stringItems(QByteArrayView text)
{
    if (text.isEmpty() || text.front() != '[')
        return std::nullopt;
    std::vector<json::Span> items = json::itemsOf(text);
    for (const json::Span &item : items) {
        if (text.at(item.begin) != '"')
            return std::nullopt;
    }
    return items;
}

} // namespace

JsonText::JsonText(QByteArray text)
    : m_text(std::move(text))
{}

JsonText JsonText::fromString(const QString &value)
{
    QByteArray text;
    text.reserve(value.size() + 2);
    json::encodeString(value, {}, text);
    return JsonText(std::move(text));
}

JsonText JsonText::fromJson(const ordered_json &value)
{
    return JsonText(dump(value));
}

std::optional<QString> JsonText::toMultilineString() const
{
    QString result;
    if (isString(m_text)) {
        json::decodeString(m_text, result);
    } else if (const auto items = stringItems(m_text)) {
        result.reserve(m_text.size());
        for (const json::Span &item : *items)
            json::decodeString(json::cut(m_text, item), result);
    } else {
        return std::nullopt;
    }
    result.squeeze();
    return result;
}

std::optional<QByteArray> JsonText::toMultilineUtf8() const
{
    QByteArray result(""); // not null: an empty text is a text
    if (isString(m_text)) {
        if (!m_text.contains('\\'))
            return m_text.size() == 2 ? result : sharedSlice(m_text, 1, m_text.size() - 2);
        json::decodeUtf8(m_text, result);
        return result;
    }
    const auto items = stringItems(m_text);
    if (!items)
        return std::nullopt;
    for (const json::Span &item : *items)
        json::decodeUtf8(json::cut(m_text, item), result);
    return result;
}

ordered_json JsonText::toJson() const
{
    return parse(QByteArrayView(m_text).trimmed(), 0);
}

JsonText JsonText::updatedTo(const ordered_json &value) const
{
    return JsonText(respell(QByteArrayView(m_text).trimmed(), value, 0));
}

} // namespace farcell
