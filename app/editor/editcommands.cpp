#include "app/editor/editcommands.h"

#include "app/editor/languages.h"

#include <QByteArray>
#include <Qsci/qsciscintillabase.h>

#include <algorithm>
#include <array>

namespace farcell::EditCommands {

namespace {

using Sci = QsciScintillaBase;

unsigned long ul(long value)
{
    return static_cast<unsigned long>(value);
}

char charAt(const Sci &editor, long position)
{
    if (position < 0 || position >= editor.SendScintilla(Sci::SCI_GETLENGTH))
        return '\0';
    return static_cast<char>(editor.SendScintilla(Sci::SCI_GETCHARAT, ul(position)));
}

QByteArray range(const Sci &editor, long from, long to)
{
    QByteArray bytes(std::max(0L, to - from) + 1, '\0');
    if (to > from)
        editor.SendScintilla(Sci::SCI_GETTEXTRANGE, from, to, bytes.data());
    bytes.chop(1);
    return bytes;
}

long lineOf(const Sci &editor, long position)
{
    return editor.SendScintilla(Sci::SCI_LINEFROMPOSITION, ul(position));
}

long lineStart(const Sci &editor, long line)
{
    return editor.SendScintilla(Sci::SCI_POSITIONFROMLINE, ul(line));
}

long lineEnd(const Sci &editor, long line)
{
    return editor.SendScintilla(Sci::SCI_GETLINEENDPOSITION, ul(line));
}

void insert(Sci &editor, long position, const QByteArray &text)
{
    editor.SendScintilla(Sci::SCI_SETTARGETRANGE, ul(position), position);
    editor.SendScintilla(Sci::SCI_REPLACETARGET, static_cast<uintptr_t>(text.size()),
                         text.constData());
}

void replaceSelection(Sci &editor, const QByteArray &text)
{
    editor.SendScintilla(Sci::SCI_REPLACESEL, text.constData());
}

char closerOf(QChar opener)
{
    switch (opener.unicode()) {
    case u'(':
        return ')';
    case u'[':
        return ']';
    case u'{':
        return '}';
    case u'"':
        return '"';
    case u'\'':
        return '\'';
    case u'`':
        return '`';
    default:
        return '\0';
    }
}

bool isWordByte(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

bool isBlank(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Code of a line before a comment, for deciding what the next line's indentation is.
QByteArray codeOf(QByteArray line, const Language &language)
{
    if (language.lineComment) {
        const qsizetype comment = line.indexOf(language.lineComment);
        const QByteArray before = comment < 0 ? line : line.left(comment);
        // A '#' inside text is no comment: an odd number of quotes before it tells.
        if (before.count('"') % 2 == 0 && before.count('\'') % 2 == 0)
            line = before;
    }
    return line.trimmed();
}

bool endsBlock(const QByteArray &code)
{
    constexpr std::array words{"return", "pass", "break", "continue", "raise"};
    return std::any_of(words.begin(), words.end(), [&code](const char *word) {
        const QByteArray w(word);
        return code == w || code.startsWith(QByteArray(w + ' ')) ||
               code.startsWith(QByteArray(w + '('));
    });
}

// A string prefix as in f"…" or rb'…' lets a quote after it be paired.
bool mayOpenQuote(const Sci &editor, long position)
{
    long start = position;
    while (start > 0 && isWordByte(charAt(editor, start - 1)))
        --start;
    const QByteArray word = range(editor, start, position).toLower();
    return word.isEmpty() || word == "f" || word == "r" || word == "b" || word == "u" ||
           word == "rb" || word == "br" || word == "fr" || word == "rf";
}

} // namespace

void newLine(Sci &editor, const Language &language)
{
    const long caret = editor.SendScintilla(Sci::SCI_GETSELECTIONSTART);
    const long line = lineOf(editor, caret);
    const QByteArray before = range(editor, lineStart(editor, line), caret);
    QByteArray indent;
    for (const char c : before) {
        if (c != ' ' && c != '\t')
            break;
        indent += c;
    }
    const QByteArray eol =
        editor.SendScintilla(Sci::SCI_GETEOLMODE) == Sci::SC_EOL_CRLF ? "\r\n" : "\n";
    const QByteArray code = codeOf(before, language);
    const char last = code.isEmpty() ? '\0' : code.back();
    const char next = charAt(editor, editor.SendScintilla(Sci::SCI_GETSELECTIONEND));
    const bool opens = !language.prose && (last == '(' || last == '[' || last == '{');
    if (opens && next == closerOf(QLatin1Char(last))) { // "{|}": the closer on its own line
        replaceSelection(editor, eol + indent + "    " + eol + indent);
        editor.SendScintilla(Sci::SCI_GOTOPOS, ul(caret + eol.size() + indent.size() + 4));
        return;
    }
    if (opens || (language.colonIndents && last == ':'))
        indent += "    ";
    else if (language.colonIndents && endsBlock(code))
        indent.chop(std::min<qsizetype>(4, indent.size()));
    replaceSelection(editor, eol + indent);
}

bool typeCharacter(Sci &editor, QChar typed, const Language &language)
{
    if (editor.SendScintilla(Sci::SCI_GETSELECTIONS) != 1)
        return false;
    const long start = editor.SendScintilla(Sci::SCI_GETSELECTIONSTART);
    const long end = editor.SendScintilla(Sci::SCI_GETSELECTIONEND);
    const char closer = closerOf(typed);
    const char self = typed.toLatin1();
    if (closer != '\0' && end > start && (!language.prose || typed != u'\'')) {
        const QByteArray inner = range(editor, start, end);
        replaceSelection(editor, self + inner + closer);
        editor.SendScintilla(Sci::SCI_SETSEL, ul(start + 1), start + 1 + inner.size());
        return true;
    }
    const char next = charAt(editor, end);
    const bool isCloser =
        self == ')' || self == ']' || self == '}' || self == '"' || self == '\'' || self == '`';
    if (end == start && isCloser && next == self && !language.prose) {
        editor.SendScintilla(Sci::SCI_GOTOPOS, ul(end + 1));
        return true;
    }
    if (closer == '\0' || language.prose || end != start)
        return false;
    const bool roomAfter = isBlank(next) || next == ')' || next == ']' || next == '}' ||
                           next == ',' || next == ':' || next == ';';
    const bool quote = closer == self;
    if (!roomAfter ||
        (quote && (!mayOpenQuote(editor, start) || charAt(editor, start - 1) == self)))
        return false;
    const QByteArray pair{self + QByteArray(1, closer)};
    replaceSelection(editor, pair);
    editor.SendScintilla(Sci::SCI_GOTOPOS, ul(start + 1));
    return true;
}

bool deletePair(Sci &editor)
{
    if (editor.SendScintilla(Sci::SCI_GETSELECTIONS) != 1 ||
        editor.SendScintilla(Sci::SCI_GETSELECTIONEMPTY) == 0)
        return false;
    const long caret = editor.SendScintilla(Sci::SCI_GETCURRENTPOS);
    const char before = charAt(editor, caret - 1);
    const char closer = closerOf(QLatin1Char(before));
    if (closer == '\0' || charAt(editor, caret) != closer)
        return false;
    editor.SendScintilla(Sci::SCI_SETTARGETRANGE, ul(caret - 1), caret + 1);
    editor.SendScintilla(Sci::SCI_REPLACETARGET, static_cast<uintptr_t>(0), "");
    return true;
}

void toggleComment(Sci &editor, const Language &language)
{
    const long from = lineOf(editor, editor.SendScintilla(Sci::SCI_GETSELECTIONSTART));
    long to = lineOf(editor, editor.SendScintilla(Sci::SCI_GETSELECTIONEND));
    if (to > from && editor.SendScintilla(Sci::SCI_GETSELECTIONEND) == lineStart(editor, to))
        --to; // the selection ends before this line
    const QByteArray open = language.lineComment ? QByteArray(language.lineComment) + ' '
                                                 : QByteArray(language.blockOpen);
    const QByteArray close = language.lineComment ? QByteArray() : QByteArray(language.blockClose);
    bool allCommented = true;
    long column = std::numeric_limits<long>::max();
    for (long line = from; line <= to; ++line) {
        const QByteArray text = range(editor, lineStart(editor, line), lineEnd(editor, line));
        if (text.trimmed().isEmpty() && from != to)
            continue;
        allCommented = allCommented && text.trimmed().startsWith(open.trimmed());
        column = std::min(column, editor.SendScintilla(Sci::SCI_GETLINEINDENTPOSITION, ul(line)) -
                                      lineStart(editor, line));
    }
    for (long line = to; line >= from; --line) {
        const QByteArray text = range(editor, lineStart(editor, line), lineEnd(editor, line));
        if (text.trimmed().isEmpty() && from != to)
            continue;
        const long indentEnd = editor.SendScintilla(Sci::SCI_GETLINEINDENTPOSITION, ul(line));
        if (!allCommented) {
            if (!close.isEmpty())
                insert(editor, lineEnd(editor, line), close);
            insert(editor, lineStart(editor, line) + column, open);
            continue;
        }
        const QByteArray trimmed = text.trimmed();
        if (!close.isEmpty() && trimmed.endsWith(close.trimmed())) {
            const long end = lineEnd(editor, line);
            const long cut = text.endsWith(close) ? close.size() : close.trimmed().size();
            editor.SendScintilla(Sci::SCI_DELETERANGE, ul(end - cut), cut);
        }
        const long length = trimmed.startsWith(open) ? open.size() : open.trimmed().size();
        editor.SendScintilla(Sci::SCI_DELETERANGE, ul(indentEnd), length);
    }
}

void indent(Sci &editor, bool back)
{
    const long selStart = editor.SendScintilla(Sci::SCI_GETSELECTIONSTART);
    const long selEnd = editor.SendScintilla(Sci::SCI_GETSELECTIONEND);
    const long from = lineOf(editor, selStart);
    long to = lineOf(editor, selEnd);
    if (to > from && selEnd == lineStart(editor, to))
        --to;
    for (long line = to; line >= from; --line) {
        const long start = lineStart(editor, line);
        if (!back) {
            if (lineEnd(editor, line) > start || from == to)
                insert(editor, start, "    ");
            continue;
        }
        long count = 0;
        if (charAt(editor, start) == '\t')
            count = 1;
        while (count < 4 && charAt(editor, start + count) == ' ')
            ++count;
        if (count > 0)
            editor.SendScintilla(Sci::SCI_DELETERANGE, ul(start), count);
    }
}

void addCaret(Sci &editor, bool above)
{
    const long count = editor.SendScintilla(Sci::SCI_GETSELECTIONS);
    long edge = above ? std::numeric_limits<long>::max() : -1;
    for (long i = 0; i < count; ++i) {
        const long caret = editor.SendScintilla(Sci::SCI_GETSELECTIONNCARET, ul(i));
        edge = above ? std::min(edge, caret) : std::max(edge, caret);
    }
    const long line = lineOf(editor, edge) + (above ? -1 : 1);
    if (line < 0 || line >= editor.SendScintilla(Sci::SCI_GETLINECOUNT))
        return;
    const long column = editor.SendScintilla(Sci::SCI_GETCOLUMN, ul(edge));
    const long position = editor.SendScintilla(Sci::SCI_FINDCOLUMN, ul(line), column);
    editor.SendScintilla(Sci::SCI_ADDSELECTION, ul(position), position);
}

void selectNextOccurrence(Sci &editor)
{
    if (editor.SendScintilla(Sci::SCI_GETSELECTIONEMPTY) != 0) {
        const long caret = editor.SendScintilla(Sci::SCI_GETCURRENTPOS);
        const long start = editor.SendScintilla(Sci::SCI_WORDSTARTPOSITION, ul(caret), 1L);
        const long end = editor.SendScintilla(Sci::SCI_WORDENDPOSITION, ul(caret), 1L);
        if (end > start)
            editor.SendScintilla(Sci::SCI_SETSEL, ul(start), end);
        return;
    }
    editor.SendScintilla(Sci::SCI_SETSEARCHFLAGS, ul(Sci::SCFIND_MATCHCASE));
    editor.SendScintilla(Sci::SCI_TARGETWHOLEDOCUMENT);
    editor.SendScintilla(Sci::SCI_MULTIPLESELECTADDNEXT);
}

bool caretInLeadingSpace(Sci &editor)
{
    const long caret = editor.SendScintilla(Sci::SCI_GETCURRENTPOS);
    return caret <= editor.SendScintilla(Sci::SCI_GETLINEINDENTPOSITION, ul(lineOf(editor, caret)));
}

bool selectionSpansLines(Sci &editor)
{
    return lineOf(editor, editor.SendScintilla(Sci::SCI_GETSELECTIONSTART)) !=
           lineOf(editor, editor.SendScintilla(Sci::SCI_GETSELECTIONEND));
}

bool caretAfterWord(Sci &editor)
{
    const char before = charAt(editor, editor.SendScintilla(Sci::SCI_GETCURRENTPOS) - 1);
    return isWordByte(before) || before == '.' || before == '%' || before == '/' || before == '$' ||
           before == '\\';
}

} // namespace farcell::EditCommands
