#pragma once

#include <QByteArray>
#include <QString>

namespace farcell::json {

// Which characters a writer escapes although JSON does not ask for it.
struct StringStyle
{
    bool ascii = false;    // everything above U+007E as \uXXXX
    bool upperHex = false; // \u00E9, not \u00e9
    bool slash = false;    // \/
    bool html = false;     // < > & as \u003c, \u003e, \u0026
    friend bool operator==(const StringStyle &a, const StringStyle &b) = default;
};

// Decodes a JSON string token (with its quotes), appending to `out`. A lone surrogate stays one.
void decodeString(QByteArrayView token, QString &out);
[[nodiscard]] QString decodeString(QByteArrayView token);
// The same as UTF-8; a lone surrogate becomes U+FFFD.
void decodeUtf8(QByteArrayView token, QByteArray &out);

// Appends `text` as a JSON string token. Lone surrogates are always escaped.
void encodeString(QStringView text, const StringStyle &style, QByteArray &out);

// Whether that token surely is what encodeString() would make of its text.
[[nodiscard]] bool isSpelledAs(QByteArrayView token, const StringStyle &style);

// Appends the string token `token` respelled in `style`.
void respellString(QByteArrayView token, const StringStyle &style, QByteArray &out);

} // namespace farcell::json
