#include "app/outputs/terminaltext.h"

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr int maxColumn = 9999;    // of a cursor move; farther ones are nonsense
constexpr size_t maxStyles = 4096; // hostile text cannot make the table grow without end

// Where the last `lines` lines begin that together have at most `characters`; 0: at the start.
qsizetype startOfEnd(QStringView text, int lines, qsizetype characters)
{
    const qsizetype lowest = std::max<qsizetype>(0, text.size() - characters);
    if (text.size() <= lines)
        return 0;
    for (qsizetype i = text.size() - 1; i >= lowest && i > 0; --i) {
        if (text[i] == u'\n' && lines-- == 0)
            return i + 1;
    }
    if (lowest == 0)
        return 0;
    const qsizetype line = text.indexOf(u'\n', lowest); // do not begin within a line
    return line < 0 ? lowest : line + 1;
}

} // namespace

TerminalText::TerminalText()
    : m_lines(1)
    , m_styles(1)
{}

void TerminalText::clear()
{
    *this = TerminalText();
}

int TerminalText::takeFirstChanged()
{
    return std::exchange(m_firstChanged, static_cast<int>(m_lines.size()));
}

void TerminalText::touch(int row)
{
    m_firstChanged = std::min(m_firstChanged, row);
}

bool TerminalText::endsWithNewline() const
{
    return m_lines.size() > 1 && m_lines.back().text.isEmpty();
}

QString TerminalText::plainText() const
{
    QString text;
    for (size_t i = 0; i < m_lines.size(); ++i) {
        if (i > 0)
            text += QLatin1Char('\n');
        text += m_lines[i].text;
    }
    return text;
}

void TerminalText::append(QStringView chunk)
{
    // What would be dropped again at once is not even read.
    const qsizetype start = startOfEnd(chunk, maxLines, maxCharacters);
    if (start > 0) {
        m_dropped += static_cast<int>(m_lines.size());
        m_lines.assign(1, TerminalLine());
        m_characters = 0;
        m_row = m_column = m_firstChanged = 0;
        m_state = State::Text;
        m_isCut = true;
    }
    parse(chunk.mid(start));
    dropOldest();
}

void TerminalText::dropOldest()
{
    // Only now and then: finding out what to keep means looking at all of it.
    if (std::ssize(m_lines) <= maxLines + maxLines / 4 && m_characters <= 2 * maxCharacters)
        return;
    int keep = 0;
    m_characters = 0;
    for (auto line = m_lines.rbegin(); line != m_lines.rend() && keep < maxLines; ++line, ++keep) {
        m_characters += line->text.size();
        if (m_characters > maxCharacters && keep > 0)
            break;
    }
    const int drop = std::min(static_cast<int>(m_lines.size()) - keep, m_row);
    if (drop <= 0)
        return;
    m_lines.erase(m_lines.begin(), m_lines.begin() + drop);
    m_row -= drop;
    m_firstChanged = std::max(0, m_firstChanged - drop);
    m_dropped += drop;
    m_isCut = true;
}

int TerminalText::takeDropped()
{
    return std::exchange(m_dropped, 0);
}

void TerminalText::newline()
{
    m_column = 0;
    if (++m_row == static_cast<int>(m_lines.size()))
        m_lines.emplace_back();
    touch(m_row);
}

int TerminalText::currentStyle()
{
    if (m_penIndex < 0) {
        const auto found = std::find(m_styles.begin(), m_styles.end(), m_pen);
        if (found != m_styles.end()) {
            m_penIndex = static_cast<int>(found - m_styles.begin());
        } else if (m_styles.size() < maxStyles) {
            m_styles.push_back(m_pen);
            m_penIndex = static_cast<int>(m_styles.size()) - 1;
        } else {
            m_penIndex = 0;
        }
    }
    return m_penIndex;
}

void TerminalText::write(QStringView text)
{
    if (text.isEmpty())
        return;
    if (m_column + text.size() > maxLineLength) {
        const qsizetype room = std::max(0, maxLineLength - m_column);
        for (qsizetype at = 0; at < text.size(); at += maxLineLength) {
            if (at == 0 && room > 0) {
                write(text.first(std::min(room, text.size())));
                at = room - maxLineLength;
                continue;
            }
            newline();
            write(text.mid(at, maxLineLength));
        }
        return;
    }
    TerminalLine &row = line();
    const int style = currentStyle();
    const int length = static_cast<int>(row.text.size());
    if (m_column > length) {
        setRuns(row, length, m_column - length, 0);
        row.text.append(QString(m_column - length, QLatin1Char(' ')));
    }
    if (m_column == static_cast<int>(row.text.size()))
        row.text.append(text);
    else
        overwrite(row, m_column, text);
    setRuns(row, m_column, static_cast<int>(text.size()), style);
    row.simple = row.simple && isSimpleText(text);
    m_column += static_cast<int>(text.size());
    m_characters += text.size();
}

void TerminalText::overwrite(TerminalLine &line, int column, QStringView text)
{
    const int end = column + static_cast<int>(text.size());
    QString &old = line.text;
    // Never leave half of a surrogate pair behind.
    if (column > 0 && old[column - 1].isHighSurrogate())
        old[column - 1] = QLatin1Char(' ');
    if (end < old.size() && old[end].isLowSurrogate())
        old[end] = QLatin1Char(' ');
    old.replace(column, std::min<qsizetype>(text.size(), old.size() - column), text.data(),
                text.size());
}

// Gives [start, start + length) this style; what follows keeps its own.
void TerminalText::setRuns(TerminalLine &line, int start, int length, int style)
{
    std::vector<TerminalLine::Run> &runs = line.runs;
    if (length <= 0)
        return;
    if (runs.empty()) {
        if (style == 0)
            return;
        if (start > 0 || static_cast<int>(line.text.size()) > start + length)
            runs.push_back({0, 0});
    }
    const int end = start + length;
    const auto after = std::upper_bound(runs.begin(), runs.end(), end,
                                        [](int at, const auto &run) { return at < run.start; });
    const int following = after == runs.begin() ? 0 : (after - 1)->style;
    auto from = std::lower_bound(runs.begin(), runs.end(), start,
                                 [](const auto &run, int at) { return run.start < at; });
    const int before = from == runs.begin() ? -1 : (from - 1)->style;
    const bool open = end < static_cast<int>(line.text.size());
    from = runs.erase(from, after);
    if (open && following != style)
        from = runs.insert(from, {end, following});
    if (before != style)
        runs.insert(from, {start, style});
}

void TerminalText::setColumn(int column)
{
    m_column = std::clamp(column, 0, maxColumn);
    const QString &text = line().text;
    if (m_column > 0 && m_column < text.size() && text[m_column].isLowSurrogate())
        --m_column;
}

void TerminalText::moveRow(int delta)
{
    const int last = static_cast<int>(m_lines.size()) - 1;
    m_row = std::clamp(m_row + delta, 0, last);
    touch(m_row);
}

void TerminalText::eraseLine(int mode)
{
    TerminalLine &row = line();
    const int length = static_cast<int>(row.text.size());
    if (mode == 0 && m_column < length) {
        row.text.truncate(m_column);
        while (!row.runs.empty() && row.runs.back().start >= m_column)
            row.runs.pop_back();
    } else if (mode == 1) {
        const int count = std::min(m_column + 1, length);
        row.text.replace(0, count, QString(count, QLatin1Char(' ')));
        setRuns(row, 0, count, 0);
    } else if (mode == 2) {
        row = TerminalLine();
    }
}

void TerminalText::eraseScreen(int mode)
{
    if (mode == 0) {
        eraseLine(0);
        m_lines.resize(static_cast<size_t>(m_row) + 1);
    } else if (mode == 1) {
        for (int i = 0; i < m_row; ++i)
            m_lines[static_cast<size_t>(i)] = TerminalLine();
        eraseLine(1);
        touch(0);
    } else {
        m_lines.assign(1, TerminalLine());
        m_row = 0;
        m_column = 0;
        touch(0);
    }
}

bool isSimpleText(QStringView text)
{
    return std::all_of(text.begin(), text.end(), [](QChar c) {
        const char16_t u = c.unicode();
        // Latin to Cyrillic without the combining marks; dashes, arrows, box drawing, blocks.
        return (u < 0x0530 && !(u >= 0x0300 && u < 0x0370)) || (u >= 0x2010 && u < 0x2028) ||
               (u >= 0x2500 && u < 0x25a0);
    });
}

int cellWidth(char32_t c)
{
    if (c < 0x300)
        return 1;
    const QChar::Category category = QChar::category(c);
    if (category == QChar::Mark_NonSpacing || category == QChar::Mark_Enclosing ||
        category == QChar::Other_Format)
        return 0;
    const bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf && c != 0x303f) ||
                      (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
                      (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                      (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1f64f) ||
                      (c >= 0x1f680 && c <= 0x1f6ff) || (c >= 0x1f900 && c <= 0x1f9ff) ||
                      (c >= 0x20000 && c <= 0x3fffd);
    return wide ? 2 : 1;
}

} // namespace farcell
