#include "core/nbformat/textencoding.h"

#include "core/base/slice.h"

#include <simdjson.h>

#include <QCoreApplication>
#include <QStringDecoder>
#include <QStringEncoder>

#include <algorithm>

namespace farcell::nbformat {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NotebookReader", text);
}

// Bytes of the well-formed character at `p`, or 0 (Unicode 15, table 3-7).
qsizetype characterLength(const unsigned char *p, const unsigned char *end)
{
    const auto tailIn = [&](int i, unsigned char low, unsigned char high) {
        return p + i < end && p[i] >= low && p[i] <= high;
    };
    if (*p < 0x80)
        return 1;
    if (*p >= 0xc2 && *p <= 0xdf)
        return tailIn(1, 0x80, 0xbf) ? 2 : 0;
    if (*p >= 0xe0 && *p <= 0xef) {
        const unsigned char low = *p == 0xe0 ? 0xa0 : 0x80;
        const unsigned char high = *p == 0xed ? 0x9f : 0xbf;
        return tailIn(1, low, high) && tailIn(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (*p >= 0xf0 && *p <= 0xf4) {
        const unsigned char low = *p == 0xf0 ? 0x90 : 0x80;
        const unsigned char high = *p == 0xf4 ? 0x8f : 0xbf;
        return tailIn(1, low, high) && tailIn(2, 0x80, 0xbf) && tailIn(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

qsizetype firstInvalidByte(QByteArrayView text)
{
    const auto *const begin = reinterpret_cast<const unsigned char *>(text.data());
    const auto *const end = begin + text.size();
    const auto *p = begin;
    while (p < end) {
        const qsizetype length = characterLength(p, end);
        if (length == 0)
            break;
        p += length;
    }
    return p - begin;
}

Result<DecodedText> decodeUtf16(const QByteArray &bytes, Encoding encoding)
{
    QStringDecoder decoder(encoding == Encoding::Utf16LittleEndian ? QStringConverter::Utf16LE
                                                                   : QStringConverter::Utf16BE);
    const QString text = decoder.decode(QByteArrayView(bytes).sliced(2));
    DecodedText decoded{encoding, text.toUtf8()};
    // A lone surrogate or an odd byte would not come back as it was.
    if (bytes.size() % 2 != 0 || decoder.hasError() || encodeText(decoded.text, encoding) != bytes)
        return fail(ErrorCode::InvalidData,
                    QStringLiteral("1:1: ") + tr("The file is not valid UTF-16 text"));
    return decoded;
}

} // namespace

Result<DecodedText> decodeText(const QByteArray &bytes)
{
    if (bytes.startsWith("\xff\xfe"))
        return decodeUtf16(bytes, Encoding::Utf16LittleEndian);
    if (bytes.startsWith("\xfe\xff"))
        return decodeUtf16(bytes, Encoding::Utf16BigEndian);
    DecodedText decoded{Encoding::Utf8, bytes};
    if (bytes.startsWith("\xef\xbb\xbf")) {
        decoded.encoding = Encoding::Utf8WithBom;
        decoded.text = sharedSlice(bytes, 3, bytes.size() - 3);
    }
    const QByteArray &text = decoded.text;
    if (simdjson::validate_utf8(text.constData(), static_cast<size_t>(text.size())))
        return decoded;
    const qsizetype at = firstInvalidByte(text);
    const auto byte = static_cast<unsigned char>(text.at(at));
    return fail(
        ErrorCode::InvalidData,
        placeOf(text, at) + QStringLiteral(": ") +
            tr("The file is not UTF-8 text (byte 0x%1)").arg(byte, 2, 16, QLatin1Char('0')));
}

QByteArray encodeText(const QByteArray &text, Encoding encoding)
{
    if (encoding == Encoding::Utf8)
        return text;
    if (encoding == Encoding::Utf8WithBom)
        return "\xef\xbb\xbf" + text;
    const bool little = encoding == Encoding::Utf16LittleEndian;
    QStringEncoder encoder(little ? QStringConverter::Utf16LE : QStringConverter::Utf16BE);
    const QByteArray units = encoder.encode(QString::fromUtf8(text));
    return (little ? QByteArray("\xff\xfe") : QByteArray("\xfe\xff")) + units;
}

QString placeOf(QByteArrayView text, qsizetype offset)
{
    const QByteArrayView before = text.first(std::min(offset, text.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const QByteArrayView onLine = before.sliced(before.lastIndexOf('\n') + 1);
    const auto column =
        std::count_if(onLine.begin(), onLine.end(), [](char c) { return (c & 0xc0) != 0x80; }) + 1;
    return QStringLiteral("%1:%2").arg(line).arg(column);
}

} // namespace farcell::nbformat
