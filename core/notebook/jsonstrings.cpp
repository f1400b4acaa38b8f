#include "core/notebook/jsonstrings.h"

#include "core/notebook/jsonscan.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace farcell::json {

namespace {

constexpr char16_t replacement = 0xfffd;

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return ((c | 0x20) - 'a') + 10;
}

char16_t unicodeEscape(const char *digits)
{
    int value = 0;
    for (int i = 0; i < 4; ++i)
        value = value * 16 + (hexValue(digits[i]) & 0xf);
    return static_cast<char16_t>(value);
}

char simpleEscape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

// Text between escapes, UTF-8 known to be valid; `out` has room for one unit per byte.
char16_t *widen(const char *p, const char *end, char16_t *out)
{
    while (p < end) {
        const auto *u = reinterpret_cast<const unsigned char *>(p);
        const auto tail = [&](int i) { return static_cast<char32_t>(u[i] & 0x3f); };
        if (u[0] < 0x80) {
            *out++ = u[0];
            ++p;
        } else if (u[0] < 0xe0 && end - p >= 2) {
            *out++ = static_cast<char16_t>((u[0] & 0x1f) << 6 | tail(1));
            p += 2;
        } else if (u[0] < 0xf0 && end - p >= 3) {
            *out++ = static_cast<char16_t>((u[0] & 0x0f) << 12 | tail(1) << 6 | tail(2));
            p += 3;
        } else if (end - p >= 4) {
            const char32_t c = (u[0] & 0x07U) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3);
            *out++ = QChar::highSurrogate(c);
            *out++ = QChar::lowSurrogate(c);
            p += 4;
        } else {
            *out++ = replacement;
            ++p;
        }
    }
    return out;
}

// Calls plain(begin, end) for text without escapes and unit(char16_t) for each escape.
template <typename Plain, typename Unit>
void forEachPart(QByteArrayView token, Plain plain, Unit unit)
{
    if (token.size() < 2)
        return;
    const char *p = token.data() + 1;
    const char *const end = token.data() + token.size() - 1;
    while (p < end) {
        const auto *stop =
            static_cast<const char *>(std::memchr(p, '\\', static_cast<size_t>(end - p)));
        if (stop == nullptr)
            stop = end;
        if (stop > p)
            plain(p, stop);
        if (end - stop < 2)
            return;
        if (stop[1] == 'u' && end - stop >= 6) {
            unit(unicodeEscape(stop + 2));
            p = stop + 6;
        } else {
            unit(static_cast<char16_t>(simpleEscape(stop[1])));
            p = stop + 2;
        }
    }
}

void appendUtf8(char32_t c, QByteArray &out)
{
    const auto tail = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        out += tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        out += tail(6);
        out += tail(0);
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        out += tail(12);
        out += tail(6);
        out += tail(0);
    }
}

void appendHex(char16_t unit, const StringStyle &style, QByteArray &out)
{
    const char *const digits = style.upperHex ? "0123456789ABCDEF" : "0123456789abcdef";
    const std::array<char, 6> text{'\\',
                                   'u',
                                   digits[unit >> 12],
                                   digits[(unit >> 8) & 0xf],
                                   digits[(unit >> 4) & 0xf],
                                   digits[unit & 0xf]};
    out.append(text.data(), text.size());
}

// Whether an ASCII character cannot be written as itself.
bool needsEscape(char16_t c, const StringStyle &style)
{
    return c < 0x20 || c == '"' || c == '\\' || (style.slash && c == '/') ||
           (style.html && (c == '<' || c == '>' || c == '&'));
}

void appendEscaped(char16_t c, const StringStyle &style, QByteArray &out)
{
    static constexpr std::array<char, 6> letters{'b', 't', 'n', '\0', 'f', 'r'};
    if (c == '"' || c == '\\' || c == '/') {
        out += '\\';
        out += static_cast<char>(c);
    } else if (c >= 0x08 && c <= 0x0d && c != 0x0b) {
        out += '\\';
        out += letters[static_cast<size_t>(c - 0x08)];
    } else {
        appendHex(c, style, out);
    }
}

// The escape at `p` (a backslash) is the one every writer chooses for its character.
bool isUsualEscape(const char *p, const char *end, const StringStyle &style)
{
    if (p[1] == '/')
        return style.slash;
    if (p[1] != 'u')
        return true;
    // \u001b: a control character that has no short escape
    if (end - p < 6 || p[2] != '0' || p[3] != '0' || (p[4] != '0' && p[4] != '1'))
        return false;
    const char16_t unit = unicodeEscape(p + 2);
    const bool isLower = p[5] >= 'a' && p[5] <= 'f';
    const bool isUpper = p[5] >= 'A' && p[5] <= 'F';
    return (unit < 0x08 || unit > 0x0d || unit == 0x0b) && (style.upperHex ? !isLower : !isUpper);
}

// Units from p on that stand for themselves and are ASCII.
const char16_t *plainRun(const char16_t *p, const char16_t *end, const StringStyle &style)
{
    while (p < end && *p < 0x80 && !needsEscape(*p, style))
        ++p;
    return p;
}

} // namespace

void decodeString(QByteArrayView token, QString &out)
{
    const qsizetype start = out.size();
    out.resize(start + token.size());
    char16_t *const first = reinterpret_cast<char16_t *>(out.data()) + start;
    char16_t *to = first;
    forEachPart(
        token, [&to](const char *p, const char *end) { to = widen(p, end, to); },
        [&to](char16_t unit) { *to++ = unit; });
    out.truncate(start + (to - first));
}

QString decodeString(QByteArrayView token)
{
    QString out;
    decodeString(token, out);
    return out;
}

void decodeUtf8(QByteArrayView token, QByteArray &out)
{
    out.reserve(out.size() + token.size());
    char16_t high = 0; // a high surrogate waiting for its other half
    const auto flush = [&] {
        if (high != 0)
            appendUtf8(replacement, out);
        high = 0;
    };
    forEachPart(
        token,
        [&](const char *p, const char *end) {
            flush();
            out.append(p, end - p);
        },
        [&](char16_t unit) {
            if (high != 0 && QChar::isLowSurrogate(unit)) {
                appendUtf8(QChar::surrogateToUcs4(high, unit), out);
                high = 0;
                return;
            }
            flush();
            if (QChar::isHighSurrogate(unit))
                high = unit;
            else
                appendUtf8(QChar::isLowSurrogate(unit) ? replacement : unit, out);
        });
    flush();
}

void encodeString(QStringView text, const StringStyle &style, QByteArray &out)
{
    out += '"';
    const auto *p = reinterpret_cast<const char16_t *>(text.data());
    const auto *const end = p + text.size();
    while (p < end) {
        const char16_t *const runEnd = plainRun(p, end, style);
        const qsizetype size = out.size();
        out.resize(size + (runEnd - p));
        std::transform(p, runEnd, out.data() + size,
                       [](char16_t c) { return static_cast<char>(c); });
        p = runEnd;
        if (p == end)
            break;
        const char16_t c = *p++;
        if (c < 0x80) {
            appendEscaped(c, style, out);
        } else if (!QChar::isSurrogate(c)) {
            if (style.ascii)
                appendHex(c, style, out);
            else
                appendUtf8(c, out);
        } else if (!style.ascii && QChar::isHighSurrogate(c) && p < end &&
                   QChar::isLowSurrogate(*p)) {
            appendUtf8(QChar::surrogateToUcs4(c, *p++), out);
        } else {
            appendHex(c, style, out);
        }
    }
    out += '"';
}

bool isSpelledAs(QByteArrayView token, const StringStyle &style)
{
    if (style.slash || style.html)
        return false;
    const char *const end = token.data() + token.size() - 1;
    const char *p = token.data() + 1;
    while ((p = findUnusual(p, end)) < end) {
        if (*p != '\\') {
            if (style.ascii)
                return false;
            ++p;
        } else if (isUsualEscape(p, end, style)) {
            p += p[1] == 'u' ? 6 : 2;
        } else {
            return false;
        }
    }
    return true;
}

void respellString(QByteArrayView token, const StringStyle &style, QByteArray &out)
{
    if (isSpelledAs(token, style))
        out.append(token);
    else
        encodeString(decodeString(token), style, out);
}

} // namespace farcell::json
