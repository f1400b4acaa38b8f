#include "core/nbformat/jsonlayout.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace farcell::nbformat {

using json::cut;
using json::Member;
using json::Span;

namespace {

constexpr int maxDepth = 400;

void append(QByteArrayView text, const Layout &layout, const QByteArray &base, int depth,
            QByteArray &out);

void appendNumber(QByteArrayView text, QByteArray &out)
{
    double value = 0;
    const auto isFloat = [](char c) { return c == '.' || c == 'e' || c == 'E'; };
    if (std::any_of(text.begin(), text.end(), isFloat) && text != "false" && text != "true" &&
        std::from_chars(text.begin(), text.end(), value).ec == std::errc{})
        out += pythonFloat(value);
    else
        out.append(text);
}

void appendContainer(QByteArrayView text, const Layout &layout, const QByteArray &base, int depth,
                     QByteArray &out)
{
    SequenceBuilder builder(text.front(), layout, base, out);
    if (text.front() == '{') {
        for (const Member &member : orderedMembers(text, layout)) {
            builder.next();
            json::respellString(cut(text, member.key), layout.strings, out);
            out += layout.colon;
            append(cut(text, member.value), layout, builder.inner(), depth + 1, out);
        }
    } else {
        for (const Span &item : json::itemsOf(text)) {
            builder.next();
            append(cut(text, item), layout, builder.inner(), depth + 1, out);
        }
    }
    builder.finish();
}

void append(QByteArrayView text, const Layout &layout, const QByteArray &base, int depth,
            QByteArray &out)
{
    if (text.isEmpty())
        out += "null";
    else if (text.front() == '"')
        json::respellString(text, layout.strings, out);
    else if (text.front() != '{' && text.front() != '[')
        appendNumber(text, out);
    else if (depth >= maxDepth)
        out.append(text);
    else
        appendContainer(text, layout, base, depth, out);
}

bool breaksLine(char16_t c)
{
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

// Calls f(line) for each line, with its end.
template <typename F>
void forEachLine(QStringView text, const Layout &layout, F f)
{
    qsizetype start = 0;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const char16_t c = text[i].unicode();
        if (c != u'\n' && (!layout.splitAtAllBreaks || !breaksLine(c)))
            continue;
        if (c == u'\r' && i + 1 < text.size() && text[i + 1] == u'\n')
            continue; // ends with the \n
        f(text.sliced(start, i + 1 - start));
        start = i + 1;
    }
    if (start < text.size())
        f(text.sliced(start));
}

// Whether what stands at `p`, a backslash or non-ASCII byte, may end a line (but for "\n").
bool mayBreakLine(const char *p, const char *end)
{
    const auto byte = [&](int i) { return p + i < end ? static_cast<unsigned char>(p[i]) : 0U; };
    if (byte(0) == 0xc2)
        return byte(1) == 0x85;
    if (byte(0) == 0xe2)
        return byte(1) == 0x80 && (byte(2) == 0xa8 || byte(2) == 0xa9);
    if (*p != '\\')
        return false;
    if (p[1] != 'u')
        return p[1] == 'r' || p[1] == 'f';
    return QByteArrayView(p, std::min<qsizetype>(6, end - p)) != "\\u001b"; // colours are common
}

// A string token that is surely one line in every splitting: with "\n" only at its end.
bool isLineToken(QByteArrayView token, bool isLast)
{
    if (token.size() <= 2 || token.front() != '"')
        return false;
    const char *const end = token.data() + token.size() - 1;
    const char *p = token.data() + 1;
    while ((p = json::findUnusual(p, end)) < end) {
        if (mayBreakLine(p, end))
            return false;
        if (*p == '\\' && p[1] == 'n')
            return p + 2 == end;
        p += *p == '\\' ? 2 : 1;
    }
    return isLast;
}

bool isListOfLines(QByteArrayView text, const std::vector<Span> &items)
{
    for (size_t i = 0; i < items.size(); ++i) {
        if (!isLineToken(cut(text, items[i]), i + 1 == items.size()))
            return false;
    }
    return true;
}

// Whether the list is written as `layout` would write it: copying it then is all there is to do.
bool isListSpelledAs(QByteArrayView text, const std::vector<Span> &items, const Layout &layout,
                     const SequenceBuilder &builder)
{
    qsizetype end = 1; // behind what was compared
    for (size_t i = 0; i < items.size(); ++i) {
        const Span gap{end, items[i].begin};
        if (cut(text, gap) != (i == 0 ? builder.opening() : builder.separator()) ||
            !json::isSpelledAs(cut(text, items[i]), layout.strings))
            return false;
        end = items[i].end;
    }
    return cut(text, {end, text.size() - 1}) == builder.closing();
}

} // namespace

std::vector<Member> orderedMembers(QByteArrayView text, const Layout &layout)
{
    std::vector<Member> members = json::membersOf(text);
    putInOrder(members, text, layout);
    return members;
}

void putInOrder(std::vector<Member> &members, QByteArrayView text, const Layout &layout)
{
    if (!layout.sortedKeys)
        return;
    const auto less = [text](const Member &a, const Member &b) {
        const QByteArrayView left = cut(text, a.key);
        const QByteArrayView right = cut(text, b.key);
        if (!left.contains('\\') && !right.contains('\\'))
            return left.chopped(1) < right.chopped(1); // the closing quote is no part of the key
        QByteArray decodedLeft;
        QByteArray decodedRight;
        json::decodeUtf8(left, decodedLeft);
        json::decodeUtf8(right, decodedRight);
        return decodedLeft < decodedRight;
    };
    const auto comesFirst = [&less](const Member &a, const Member &b) {
        return !less(a, b);
    }; // or is the same
    if (std::adjacent_find(members.begin(), members.end(), comesFirst) == members.end())
        return; // in order already, as in most files
    std::stable_sort(members.begin(), members.end(), less);
    const auto isOverridden = [&](const Member &member) {
        const Member *const next = &member + 1;
        return next < members.data() + members.size() && !less(member, *next);
    };
    std::vector<Member> kept;
    kept.reserve(members.size());
    std::copy_if(members.begin(), members.end(), std::back_inserter(kept),
                 [&](const Member &member) { return !isOverridden(member); });
    members = std::move(kept);
}

SequenceBuilder::SequenceBuilder(char opening, const Layout &layout, QByteArray base,
                                 QByteArray &out)
    : m_layout(layout)
    , m_base(std::move(base))
    , m_inner(layout.multiline ? m_base + layout.indent : QByteArray())
    , m_separator(layout.multiline ? layout.comma + layout.eol + m_inner : layout.comma)
    , m_end(layout.multiline ? layout.eol + m_base : QByteArray())
    , m_out(out)
    , m_closing(opening == '{' ? '}' : ']')
{
    m_out += opening;
}

void SequenceBuilder::next()
{
    if (!m_empty)
        m_out += m_separator;
    else
        m_out += opening();
    m_empty = false;
}

void SequenceBuilder::finish()
{
    if (!m_empty)
        m_out += m_end;
    m_out += m_closing;
}

void appendFormatted(QByteArrayView text, const Layout &layout, const QByteArray &base,
                     QByteArray &out)
{
    append(text, layout, base, 0, out);
}

QByteArray pythonFloat(double value)
{
    if (std::isnan(value))
        return "NaN";
    if (std::isinf(value))
        return value < 0 ? "-Infinity" : "Infinity";
    std::array<char, 64> buffer{};
    char *const begin = buffer.data();
    char *const end = begin + buffer.size();
    const char *last = std::to_chars(begin, end, value, std::chars_format::scientific).ptr;
    const char *const mark = std::find(static_cast<const char *>(begin), last, 'e');
    int exponent = 0;
    std::from_chars(mark + (mark[1] == '+' ? 2 : 1), last, exponent);
    if (exponent < -4 || exponent >= 16)
        return {begin, last - begin};
    last = std::to_chars(begin, end, value, std::chars_format::fixed).ptr;
    QByteArray text(begin, last - begin);
    return text.contains('.') ? text : text + ".0";
}

std::vector<QStringView> splitLines(QStringView text, const Layout &layout)
{
    std::vector<QStringView> lines;
    forEachLine(text, layout, [&lines](QStringView line) { lines.push_back(line); });
    return lines;
}

void appendText(QStringView text, bool asList, const Layout &layout, const QByteArray &base,
                QByteArray &out)
{
    if (!asList) {
        json::encodeString(text, layout.strings, out);
        return;
    }
    SequenceBuilder builder('[', layout, base, out);
    forEachLine(text, layout, [&](QStringView line) {
        builder.next();
        json::encodeString(line, layout.strings, out);
    });
    builder.finish();
}

void appendTextValue(QByteArrayView value, bool asList, const Layout &layout,
                     const QByteArray &base, QByteArray &out)
{
    if (!value.isEmpty() && value.front() == '[' && asList) {
        const std::vector<Span> items = json::itemsOf(value);
        if (isListOfLines(value, items)) {
            const qsizetype start = out.size();
            SequenceBuilder builder('[', layout, base, out);
            if (isListSpelledAs(value, items, layout, builder)) {
                out.truncate(start);
                out.append(value);
                return;
            }
            for (const Span &item : items) {
                builder.next();
                json::respellString(cut(value, item), layout.strings, out);
            }
            builder.finish();
            return;
        }
    }
    if (!asList && !value.isEmpty() && value.front() == '"') {
        json::respellString(value, layout.strings, out);
        return;
    }
    if (const auto text = JsonText(value.toByteArray()).toMultilineString())
        appendText(*text, asList, layout, base, out);
    else
        appendFormatted(value, layout, base, out);
}

} // namespace farcell::nbformat
