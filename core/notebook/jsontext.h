#pragma once

#include <QByteArray>
#include <QString>

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace farcell {

// One JSON value kept as the text it was read or received as, decoded only when asked for.
// Numbers, escapes, key order, duplicate keys, NaN and lone surrogates so survive a save.
//
// The text may be a slice of the mapped file; copies share it. UTF-8, valid by construction.
class JsonText
{
public:
    JsonText() = default; // no value at all (isNull())
    explicit JsonText(QByteArray text);
    static JsonText fromString(const QString &value);
    static JsonText fromJson(const nlohmann::ordered_json &value);

    [[nodiscard]] bool isNull() const { return m_text.isNull(); }
    [[nodiscard]] const QByteArray &text() const { return m_text; }

    // nbformat's "multi-line string": a string, or a list of strings joined without separator.
    // Empty optional when the value is of another type.
    [[nodiscard]] std::optional<QString> toMultilineString() const;
    // The same as UTF-8, without the detour over UTF-16: for base64 images and other large text.
    [[nodiscard]] std::optional<QByteArray> toMultilineUtf8() const;
    // Parsed; lone surrogates become U+FFFD, NaN and Infinity become null, too deep becomes null.
    [[nodiscard]] nlohmann::ordered_json toJson() const;
    // `value` as text in which every part that this text already says keeps its spelling: for
    // metadata that a person changed in one place.
    [[nodiscard]] JsonText updatedTo(const nlohmann::ordered_json &value) const;

    friend bool operator==(const JsonText &a, const JsonText &b) { return a.m_text == b.m_text; }
    friend bool operator!=(const JsonText &a, const JsonText &b) { return a.m_text != b.m_text; }

private:
    QByteArray m_text;
};

} // namespace farcell
