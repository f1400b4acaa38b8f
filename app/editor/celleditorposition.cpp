#include "app/editor/cellbuffer.h"
#include "app/editor/celleditor.h"
#include "app/editor/editorstyle.h"
#include "app/editor/textmap.h"

#include <QScopedValueRollback>

namespace farcell {

namespace {

constexpr unsigned long utf16Index = QsciScintillaBase::SC_LINECHARACTERINDEX_UTF16;

} // namespace

// --- positions

int CellEditor::utf16Of(long bytePosition) const
{
    const auto line = static_cast<unsigned long>(
        SendScintilla(SCI_LINEFROMPOSITION, static_cast<unsigned long>(bytePosition)));
    const long lineStart = SendScintilla(SCI_POSITIONFROMLINE, line);
    return static_cast<int>(
        SendScintilla(SCI_INDEXPOSITIONFROMLINE, line, static_cast<long>(utf16Index)) +
        SendScintilla(SCI_COUNTCODEUNITS, static_cast<unsigned long>(lineStart), bytePosition));
}

long CellEditor::byteOf(int position) const
{
    const auto line = static_cast<unsigned long>(
        SendScintilla(SCI_LINEFROMINDEXPOSITION, static_cast<unsigned long>(std::max(0, position)),
                      static_cast<long>(utf16Index)));
    const long lineStart = SendScintilla(SCI_POSITIONFROMLINE, line);
    const long lineIndex =
        SendScintilla(SCI_INDEXPOSITIONFROMLINE, line, static_cast<long>(utf16Index));
    if (position <= lineIndex)
        return lineStart;
    const long byte = SendScintilla(SCI_POSITIONRELATIVECODEUNITS,
                                    static_cast<unsigned long>(lineStart), position - lineIndex);
    const long length = SendScintilla(SCI_GETLENGTH);
    return byte <= 0 && position > 0 ? length : std::min(byte, length);
}

QString CellEditor::textRange(int start, int end) const
{
    const long from = byteOf(start);
    const long to = byteOf(end);
    if (to <= from)
        return {};
    QByteArray bytes(to - from + 1, '\0');
    SendScintilla(SCI_GETTEXTRANGE, from, to, bytes.data());
    return fromEditorText(bytes.constData(), to - from);
}

int CellEditor::caret() const
{
    return utf16Of(SendScintilla(SCI_GETCURRENTPOS));
}

QList<int> CellEditor::carets() const
{
    QList<int> result;
    const long count = SendScintilla(SCI_GETSELECTIONS);
    for (long i = 0; i < count; ++i)
        result.append(
            utf16Of(SendScintilla(SCI_GETSELECTIONNCARET, static_cast<unsigned long>(i))));
    std::sort(result.begin(), result.end());
    return result;
}

bool CellEditor::hasSelection() const
{
    return SendScintilla(SCI_GETSELECTIONEMPTY) == 0;
}

QString CellEditor::selectedText() const
{
    QStringList parts;
    const long count = SendScintilla(SCI_GETSELECTIONS);
    for (long i = 0; i < count; ++i) {
        const auto n = static_cast<unsigned long>(i);
        const QString part = textRange(utf16Of(SendScintilla(SCI_GETSELECTIONNSTART, n)),
                                       utf16Of(SendScintilla(SCI_GETSELECTIONNEND, n)));
        if (!part.isEmpty())
            parts.append(part);
    }
    return parts.join(u'\n');
}

void CellEditor::setCaret(int position)
{
    SendScintilla(SCI_GOTOPOS, static_cast<unsigned long>(byteOf(position)));
}

void CellEditor::select(int position, int length)
{
    SendScintilla(SCI_SETSEL, static_cast<unsigned long>(byteOf(position)),
                  byteOf(position + length));
}

void CellEditor::replaceSelections(const QString &text)
{
    m_grouping = true;
    const QByteArray utf8 = toEditorText(text);
    const long count = SendScintilla(SCI_GETSELECTIONS);
    for (long i = count - 1; i >= 0; --i) {
        const auto n = static_cast<unsigned long>(i);
        const long start = SendScintilla(SCI_GETSELECTIONNSTART, n);
        SendScintilla(SCI_SETTARGETRANGE, static_cast<unsigned long>(start),
                      SendScintilla(SCI_GETSELECTIONNEND, n));
        SendScintilla(SCI_REPLACETARGET, static_cast<uintptr_t>(utf8.size()), utf8.constData());
        const long end = start + utf8.size();
        SendScintilla(SCI_SETSELECTIONNSTART, n, end);
        SendScintilla(SCI_SETSELECTIONNEND, n, end);
    }
    endGroup();
    reportChanges();
}

// --- geometry

int CellEditor::lineHeight() const
{
    return static_cast<int>(SendScintilla(SCI_TEXTHEIGHT, 0UL));
}

int CellEditor::displayLines()
{
    const long last = SendScintilla(SCI_GETLINECOUNT) - 1;
    const auto line = static_cast<unsigned long>(last);
    const bool shown = SendScintilla(SCI_GETLINEVISIBLE, line) != 0;
    if (m_wrap && shown)
        SendScintilla(SCI_ENSUREVISIBLE, line); // wraps what is still unwrapped
    const long rows = shown ? SendScintilla(SCI_WRAPCOUNT, line) : 1;
    return static_cast<int>(SendScintilla(SCI_VISIBLEFROMDOCLINE, line) + rows);
}

int CellEditor::displayLineOf(int position)
{
    const long byte = byteOf(position);
    const auto line = static_cast<unsigned long>(
        SendScintilla(SCI_LINEFROMPOSITION, static_cast<unsigned long>(byte)));
    int row = static_cast<int>(SendScintilla(SCI_VISIBLEFROMDOCLINE, line));
    if (!m_wrap)
        return row;
    const long lineStart = SendScintilla(SCI_POSITIONFROMLINE, line);
    const long top = SendScintilla(SCI_POINTYFROMPOSITION, 0UL, lineStart);
    const long y = SendScintilla(SCI_POINTYFROMPOSITION, 0UL, byte);
    row += static_cast<int>((y - top) / std::max(1, lineHeight()));
    return row;
}

int CellEditor::caretDisplayLine()
{
    return displayLineOf(caret());
}

QRect CellEditor::caretRect() const
{
    const long position = SendScintilla(SCI_GETCURRENTPOS);
    const auto x = static_cast<int>(SendScintilla(SCI_POINTXFROMPOSITION, 0UL, position));
    const auto y = static_cast<int>(SendScintilla(SCI_POINTYFROMPOSITION, 0UL, position));
    return {x, y, 2, lineHeight()};
}

int CellEditor::caretX() const
{
    return caretRect().x();
}

void CellEditor::setFirstDisplayLine(int line)
{
    if (SendScintilla(SCI_GETFIRSTVISIBLELINE) == line)
        return;
    const QScopedValueRollback<int> guard(m_binding, m_binding + 1);
    SendScintilla(SCI_SETFIRSTVISIBLELINE, static_cast<unsigned long>(line));
}

void CellEditor::placeCaretAtLine(bool first, int pixelX)
{
    const long lastLine = SendScintilla(SCI_GETLINECOUNT) - 1;
    const auto line = static_cast<unsigned long>(first ? 0 : lastLine);
    const long y =
        SendScintilla(SCI_POINTYFROMPOSITION, 0UL, first ? 0L : SendScintilla(SCI_GETLENGTH));
    const long position = SendScintilla(SCI_POSITIONFROMPOINT, static_cast<unsigned long>(pixelX),
                                        y + lineHeight() / 2);
    const bool onLine = SendScintilla(SCI_LINEFROMPOSITION, static_cast<unsigned long>(position)) ==
                        static_cast<long>(line);
    SendScintilla(SCI_GOTOPOS,
                  static_cast<unsigned long>(onLine ? position
                                                    : SendScintilla(SCI_GETLINEENDPOSITION, line)));
}

void CellEditor::setFindHits(const QList<std::pair<int, int>> &hits, int current)
{
    const long length = SendScintilla(SCI_GETLENGTH);
    for (const int indicator : {EditorMark::findIndicator, EditorMark::findCurrentIndicator}) {
        SendScintilla(SCI_SETINDICATORCURRENT, static_cast<unsigned long>(indicator));
        SendScintilla(SCI_INDICATORCLEARRANGE, 0UL, length);
    }
    for (qsizetype i = 0; i < hits.size(); ++i) {
        const long start = byteOf(hits[i].first);
        const long end = byteOf(hits[i].first + hits[i].second);
        SendScintilla(SCI_SETINDICATORCURRENT,
                      static_cast<unsigned long>(i == current ? EditorMark::findCurrentIndicator
                                                              : EditorMark::findIndicator));
        SendScintilla(SCI_INDICATORFILLRANGE, static_cast<unsigned long>(start), end - start);
    }
}

// --- looks

void CellEditor::matchBrackets()
{
    const long caret = SendScintilla(SCI_GETCURRENTPOS);
    for (const long position : {caret - 1, caret}) {
        if (position < 0)
            continue;
        const auto c =
            static_cast<char>(SendScintilla(SCI_GETCHARAT, static_cast<unsigned long>(position)));
        if (c == '\0' || !QByteArray("()[]{}").contains(c))
            continue;
        const long match = SendScintilla(SCI_BRACEMATCH, static_cast<unsigned long>(position), 0L);
        if (match >= 0 && hasFocus()) {
            SendScintilla(SCI_BRACEHIGHLIGHT, static_cast<unsigned long>(position), match);
            return;
        }
    }
    SendScintilla(SCI_BRACEHIGHLIGHT, static_cast<unsigned long>(-1), -1L);
}

// "!command", "%magic" and the "%%magic" line are not the kernel's language: one colour of their
// own, drawn over the lexer's.
void CellEditor::styleMagics()
{
    if (!m_buffer || m_buffer->language->prose)
        return;
    SendScintilla(SCI_SETINDICATORCURRENT, static_cast<unsigned long>(EditorMark::magicIndicator));
    SendScintilla(SCI_INDICATORCLEARRANGE, 0UL, SendScintilla(SCI_GETLENGTH));
    const long lines = SendScintilla(SCI_GETLINECOUNT);
    for (long line = 0; line < lines; ++line) {
        const auto n = static_cast<unsigned long>(line);
        const long start = SendScintilla(SCI_GETLINEINDENTPOSITION, n);
        const auto first =
            static_cast<char>(SendScintilla(SCI_GETCHARAT, static_cast<unsigned long>(start)));
        if (first != '!' && first != '%')
            continue;
        const bool python = m_buffer->language->colonIndents;
        const bool cellMagic = line == 0 && first == '%';
        if (!python && !cellMagic)
            continue;
        const long style = SendScintilla(SCI_GETSTYLEAT, static_cast<unsigned long>(start));
        constexpr long tripleSingle = 6, tripleDouble = 7;
        if (python && line > 0 && (style == tripleSingle || style == tripleDouble))
            continue; // inside a long string
        SendScintilla(SCI_INDICATORFILLRANGE, static_cast<unsigned long>(start),
                      SendScintilla(SCI_GETLINEENDPOSITION, n) - start);
    }
}

} // namespace farcell
