#pragma once

#include "core/base/result.h"

#include <QByteArray>

namespace farcell::nbformat {

enum class Encoding
{
    Utf8,
    Utf8WithBom,
    Utf16LittleEndian,
    Utf16BigEndian
};

// A file's text as UTF-8 without a byte order mark, and how to get its bytes back.
struct DecodedText
{
    Encoding encoding = Encoding::Utf8;
    QByteArray text; // shares the file's bytes where it can
};

// Errors read "line:column: what is wrong".
[[nodiscard]] Result<DecodedText> decodeText(const QByteArray &bytes);
[[nodiscard]] QByteArray encodeText(const QByteArray &text, Encoding encoding);

// "line:column" of a byte offset. Lines end at \n, columns are characters counted from 1, as in
// Python's json messages.
[[nodiscard]] QString placeOf(QByteArrayView text, qsizetype offset);

} // namespace farcell::nbformat
