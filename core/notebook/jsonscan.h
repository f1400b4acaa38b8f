#pragma once

#include <QByteArray>

#include <vector>

namespace farcell::json {

// What stopped a scan. The names are those of Python's json module, which people know from
// Jupyter's own messages.
enum class Fault
{
    None,
    ExpectingValue,
    ExpectingProperty,
    ExpectingColon,
    ExpectingComma,
    UnterminatedString,
    ControlCharacter,
    BadEscape,
    BadUnicodeEscape,
    ExtraData,
    TooDeep
};

// A part of the scanned text, as offsets from its start.
struct Span
{
    qsizetype begin = 0;
    qsizetype end = 0;

    [[nodiscard]] qsizetype length() const { return end - begin; }
    [[nodiscard]] bool isEmpty() const { return begin == end; }
};

struct Member
{
    Span key; // with its quotes
    Span value;
};

// Walks over JSON text once, checking it as strictly as Python's json module does (so also
// accepting NaN and Infinity) and building nothing: the caller gets spans. Nesting is bounded by
// a limit far above what the machine's stack would allow; there is no recursion.
//
// A value for one thread. Not here: decoding (jsonstrings.h, jsontext.h), UTF-8 validation.
class Scanner
{
public:
    // Deeper values are refused: 64 million levels cost 64 MiB.
    static constexpr size_t maxDepth = size_t{64} << 20;

    explicit Scanner(QByteArrayView text);

    [[nodiscard]] qsizetype position() const { return m_cursor - m_begin; }
    [[nodiscard]] bool atEnd() const { return m_cursor == m_end; }
    [[nodiscard]] char current() const { return m_cursor < m_end ? *m_cursor : '\0'; }
    [[nodiscard]] Fault fault() const { return m_fault; }
    [[nodiscard]] qsizetype faultPosition() const { return m_faultPosition; }

    void skipSpace()
    {
        while (m_cursor < m_end &&
               (*m_cursor == ' ' || *m_cursor == '\n' || *m_cursor == '\r' || *m_cursor == '\t'))
            ++m_cursor;
    }
    // The cursor is at a value; moves behind it. False: see fault().
    bool skipValue();
    // The cursor is at a value; moves behind it and says where it was.
    bool value(Span &span);
    // Nothing but white space may follow.
    bool finish();

    // The cursor is at '{'. onMember(key) is called with the cursor at the member's value and must
    // move behind that value, or return false.
    template <typename OnMember>
    bool object(OnMember onMember);
    // The cursor is at '['. onItem() is called with the cursor at an item and must move behind it.
    template <typename OnItem>
    bool array(OnItem onItem);

private:
    bool stop(Fault fault, const char *at);
    bool skipString();
    bool skipEscape(const char *openingQuote);
    bool skipScalar();
    bool skipNumber();
    bool skipWord(QByteArrayView word);
    bool key(Span &span);                       // at the quote; moves to the value
    bool afterItem(char closing, bool &closed); // behind a value; moves to the next or behind

    const char *m_begin;
    const char *m_end;
    const char *m_cursor;
    Fault m_fault = Fault::None;
    qsizetype m_faultPosition = 0;
    std::vector<char> m_open; // the brackets open at the cursor, for skipValue()
};

template <typename OnMember>
bool Scanner::object(OnMember onMember)
{
    ++m_cursor;
    skipSpace();
    if (current() == '}') {
        ++m_cursor;
        return true;
    }
    for (bool closed = false; !closed;) {
        Span name;
        if (!key(name) || !onMember(name) || !afterItem('}', closed))
            return false;
    }
    return true;
}

template <typename OnItem>
bool Scanner::array(OnItem onItem)
{
    ++m_cursor;
    skipSpace();
    if (current() == ']') {
        ++m_cursor;
        return true;
    }
    for (bool closed = false; !closed;) {
        if (!onItem() || !afterItem(']', closed))
            return false;
    }
    return true;
}

// The next backslash or byte of a non-ASCII character, or `end`.
[[nodiscard]] const char *findUnusual(const char *p, const char *end);

// The members of an object, or items of an array, in text order, duplicates included. Empty when
// `text` is something else. Spans are offsets into `text`.
[[nodiscard]] std::vector<Member> membersOf(QByteArrayView text);
[[nodiscard]] std::vector<Span> itemsOf(QByteArrayView text);

[[nodiscard]] inline QByteArrayView cut(QByteArrayView text, Span span)
{
    return text.sliced(span.begin, span.length());
}

} // namespace farcell::json
