#include "core/notebook/jsonscan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace farcell::json {

namespace {

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isHexDigit(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool endsPlainRun(char c)
{
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

// The next quote, backslash or control character.
const char *skipPlain(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i lastControl = _mm_set1_epi8(0x1f);
    for (; end - p >= 16; p += 16) {
        const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(chunk, lastControl), chunk);
        const __m128i special =
            _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash));
        const int mask = _mm_movemask_epi8(_mm_or_si128(control, special));
        if (mask != 0)
            return p + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    while (p < end && !endsPlainRun(*p))
        ++p;
    return p;
}

} // namespace

Scanner::Scanner(QByteArrayView text)
    : m_begin(text.data())
    , m_end(text.data() + text.size())
    , m_cursor(text.data())
{}

bool Scanner::stop(Fault fault, const char *at)
{
    m_fault = fault;
    m_faultPosition = at - m_begin;
    return false;
}

bool Scanner::value(Span &span)
{
    span.begin = position();
    if (!skipValue())
        return false;
    span.end = position();
    return true;
}

bool Scanner::finish()
{
    skipSpace();
    return m_cursor == m_end || stop(Fault::ExtraData, m_cursor);
}

bool Scanner::skipValue()
{
    const size_t outer = m_open.size();
    while (true) {
        // At a value: enter containers until one is empty or a scalar is found.
        const char c = current();
        if (c == '{' || c == '[') {
            if (m_open.size() - outer >= maxDepth)
                return stop(Fault::TooDeep, m_cursor);
            ++m_cursor;
            skipSpace();
            if (current() != (c == '{' ? '}' : ']')) {
                m_open.push_back(c == '{' ? '}' : ']');
                Span ignored;
                if (c == '{' && !key(ignored))
                    return false;
                continue;
            }
            ++m_cursor;
        } else if (!skipScalar()) {
            return false;
        }
        // Behind a value: leave containers until one has another value.
        bool closed = true;
        while (closed && m_open.size() > outer) {
            if (!afterItem(m_open.back(), closed))
                return false;
            if (closed)
                m_open.pop_back();
        }
        if (closed)
            return true;
        Span ignored;
        if (m_open.back() == '}' && !key(ignored))
            return false;
    }
}

bool Scanner::key(Span &span)
{
    if (current() != '"')
        return stop(Fault::ExpectingProperty, m_cursor);
    span.begin = position();
    if (!skipString())
        return false;
    span.end = position();
    skipSpace();
    if (current() != ':')
        return stop(Fault::ExpectingColon, m_cursor);
    ++m_cursor;
    skipSpace();
    return true;
}

bool Scanner::afterItem(char closing, bool &closed)
{
    skipSpace();
    closed = current() == closing;
    if (!closed && current() != ',')
        return stop(Fault::ExpectingComma, m_cursor);
    ++m_cursor;
    if (!closed)
        skipSpace();
    return true;
}

bool Scanner::skipString()
{
    const char *const openingQuote = m_cursor++;
    while (true) {
        m_cursor = skipPlain(m_cursor, m_end);
        if (m_cursor == m_end)
            return stop(Fault::UnterminatedString, openingQuote);
        if (*m_cursor == '"') {
            ++m_cursor;
            return true;
        }
        if (*m_cursor != '\\')
            return stop(Fault::ControlCharacter, m_cursor);
        if (!skipEscape(openingQuote))
            return false;
    }
}

bool Scanner::skipEscape(const char *openingQuote)
{
    const char *const backslash = m_cursor++;
    if (m_cursor == m_end)
        return stop(Fault::UnterminatedString, openingQuote);
    switch (*m_cursor++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    case 'u':
        break;
    default:
        return stop(Fault::BadEscape, backslash);
    }
    if (m_end - m_cursor < 5) // four digits and at least the closing quote
        return stop(Fault::BadUnicodeEscape, m_cursor - 1);
    for (const char *const end = m_cursor + 4; m_cursor < end; ++m_cursor) {
        if (!isHexDigit(*m_cursor))
            return stop(Fault::BadUnicodeEscape, backslash + 1);
    }
    return true;
}

bool Scanner::skipScalar()
{
    const char *const start = m_cursor;
    bool ok = false;
    switch (current()) {
    case '"':
        return skipString();
    case 'n':
        ok = skipWord("null");
        break;
    case 't':
        ok = skipWord("true");
        break;
    case 'f':
        ok = skipWord("false");
        break;
    case 'N':
        ok = skipWord("NaN");
        break;
    case 'I':
        ok = skipWord("Infinity");
        break;
    default:
        ok = skipNumber() || skipWord("-Infinity");
    }
    return ok || stop(Fault::ExpectingValue, start);
}

bool Scanner::skipWord(QByteArrayView word)
{
    if (m_end - m_cursor < word.size() || QByteArrayView(m_cursor, word.size()) != word)
        return false;
    m_cursor += word.size();
    return true;
}

bool Scanner::skipNumber()
{
    const auto digits = [this](const char *p) {
        while (p < m_end && isDigit(*p))
            ++p;
        return p;
    };
    const char *p = m_cursor;
    if (p < m_end && *p == '-')
        ++p;
    if (p == m_end || !isDigit(*p))
        return false;
    p = *p == '0' ? p + 1 : digits(p);
    if (m_end - p >= 2 && *p == '.' && isDigit(p[1]))
        p = digits(p + 1);
    if (p < m_end && (*p == 'e' || *p == 'E')) {
        const char *exponent = p + 1;
        if (exponent < m_end && (*exponent == '-' || *exponent == '+'))
            ++exponent;
        if (exponent < m_end && isDigit(*exponent))
            p = digits(exponent);
    }
    m_cursor = p;
    return true;
}

const char *findUnusual(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i backslash = _mm_set1_epi8('\\');
    for (; end - p >= 16; p += 16) {
        const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
        // The sign bit of a byte above 127 counts as found, too.
        const int mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(chunk, backslash), chunk));
        if (mask != 0)
            return p + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    while (p < end && *p != '\\' && static_cast<signed char>(*p) >= 0)
        ++p;
    return p;
}

std::vector<Member> membersOf(QByteArrayView text)
{
    std::vector<Member> members;
    Scanner scanner(text);
    if (scanner.current() != '{')
        return members;
    scanner.object([&](Span key) {
        Member member{key, {}};
        const bool ok = scanner.value(member.value);
        if (ok)
            members.push_back(member);
        return ok;
    });
    return members;
}

std::vector<Span> itemsOf(QByteArrayView text)
{
    std::vector<Span> items;
    Scanner scanner(text);
    if (scanner.current() != '[')
        return items;
    scanner.array([&] {
        Span item;
        const bool ok = scanner.value(item);
        if (ok)
            items.push_back(item);
        return ok;
    });
    return items;
}

} // namespace farcell::json
