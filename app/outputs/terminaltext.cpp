#include "app/outputs/terminaltext.h"

#include <QUrl>

#include <algorithm>

namespace farcell {

namespace {

constexpr int maxParameter = 9999;      // larger cursor moves are nonsense
constexpr qsizetype maxSequence = 4096; // an unfinished sequence longer than this is dropped
constexpr size_t maxStyles = 4096;      // hostile text cannot make the table grow without end

// "1;31" -> {1, 31}; empty parameters are 0; "38:2::1:2:3" is read like "38;2;1;2;3".
std::vector<int> parametersOf(const QString &sequence)
{
    std::vector<int> values(1, 0);
    for (const QChar c : sequence) {
        if (c.isDigit())
            values.back() = std::min(maxParameter, values.back() * 10 + c.digitValue());
        else if (c == QLatin1Char(';') || c == QLatin1Char(':'))
            values.push_back(0);
        if (values.size() > 64)
            break;
    }
    return values;
}

uint32_t paletteColor(int index)
{
    if (index >= 232) {
        const auto grey = static_cast<uint32_t>(8 + 10 * (index - 232));
        return grey << 16 | grey << 8 | grey;
    }
    const int cube = index - 16;
    const auto level = [](int step) { return static_cast<uint32_t>(step ? 55 + 40 * step : 0); };
    return level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6);
}

TerminalStyle::Color indexed(int index)
{
    return {TerminalStyle::ColorKind::Indexed, static_cast<uint32_t>(index)};
}

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

void TerminalText::parse(QStringView chunk)
{
    touch(m_row);
    qsizetype start = 0;
    const qsizetype size = chunk.size();
    for (qsizetype i = 0; i < size; ++i) {
        const char16_t c = chunk[i].unicode();
        if (m_state == State::Text) {
            if (c >= 0x20 && c != 0x7f && c != 0x9b)
                continue;
            write(chunk.mid(start, i - start));
            control(c);
        } else if (m_state == State::Escape) {
            m_sequence.clear();
            m_state = c == u'['                                          ? State::Csi
                      : c == u']' || c == u'P' || c == u'_' || c == u'^' ? State::Osc
                      : c == u'(' || c == u')'                           ? State::Charset
                                                                         : State::Text;
            if (c == u']')
                m_sequence += QLatin1Char(']');
        } else if (m_state == State::Charset) {
            m_state = State::Text;
        } else if (m_state == State::Csi) {
            if (c >= 0x40 && c <= 0x7e)
                finishCsi(c);
            else if (c < 0x20 || m_sequence.size() > maxSequence)
                m_state = State::Text;
            else
                m_sequence += QChar(c);
        } else { // Osc, OscEscape: ends with BEL or ESC backslash
            if (c == 0x07 || (m_state == State::OscEscape && c == u'\\'))
                finishOsc();
            else if (c == u'\n' || m_sequence.size() > maxSequence)
                m_state = State::Text;
            else if (c == 0x1b)
                m_state = State::OscEscape;
            else
                m_sequence += QChar(c);
        }
        start = i + 1;
    }
    if (m_state == State::Text && start < size)
        write(chunk.mid(start));
}

void TerminalText::control(char16_t c)
{
    switch (c) {
    case u'\n':
        newline();
        break;
    case u'\r':
        m_column = 0;
        break;
    case u'\b':
        if (m_column > 0)
            setColumn(m_column - 1);
        break;
    case u'\t': {
        const int width = 8 - m_column % 8;
        write(QString(width, QLatin1Char(' ')));
        break;
    }
    case 0x1b:
        m_state = State::Escape;
        break;
    case 0x9b:
        m_sequence.clear();
        m_state = State::Csi;
        break;
    default: // bell, form feed and the like leave no trace
        break;
    }
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
    m_column = std::clamp(column, 0, maxParameter);
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

void TerminalText::finishCsi(char16_t final)
{
    m_state = State::Text;
    if (!m_sequence.isEmpty() && m_sequence[0] >= QLatin1Char('<'))
        return; // private modes: show cursor, alternate screen, …
    const std::vector<int> parameters = parametersOf(m_sequence);
    const int first = parameters[0];
    const int count = std::max(1, first);
    switch (final) {
    case u'm':
        applySgr(parameters);
        break;
    case u'A':
        moveRow(-count);
        break;
    case u'B':
        moveRow(count);
        break;
    case u'C':
        setColumn(m_column + count);
        break;
    case u'D':
        setColumn(m_column - count);
        break;
    case u'E':
    case u'F':
        moveRow(final == u'E' ? count : -count);
        m_column = 0;
        break;
    case u'G':
        setColumn(count - 1);
        break;
    case u'H':
    case u'f':
        // Without a screen only "home" has a meaning, and there it is what `watch` loops want.
        if (first <= 1)
            m_row = 0;
        setColumn(parameters.size() > 1 ? std::max(1, parameters[1]) - 1 : 0);
        touch(m_row);
        break;
    case u'J':
        eraseScreen(first);
        break;
    case u'K':
        eraseLine(first);
        break;
    default:
        break;
    }
}

void TerminalText::finishOsc()
{
    m_state = State::Text;
    // OSC 8 ; params ; URI: a link until the next OSC 8. Everything else (titles, …) is dropped.
    if (!m_sequence.startsWith(QStringLiteral("]8;")))
        return;
    const qsizetype separator = m_sequence.indexOf(QLatin1Char(';'), 3);
    const QString target = separator < 0 ? QString() : m_sequence.mid(separator + 1);
    const QString scheme = QUrl(target).scheme();
    const bool allowed = scheme == QStringLiteral("http") || scheme == QStringLiteral("https") ||
                         scheme == QStringLiteral("mailto");
    if (allowed && m_links.size() < maxStyles) {
        m_links.push_back(target);
        m_pen.link = static_cast<int>(m_links.size()) - 1;
    } else {
        m_pen.link = -1;
    }
    m_penIndex = -1;
}

// 38 or 48 at `at`: returns the index of the last parameter used.
size_t TerminalText::applyExtendedColor(const std::vector<int> &parameters, size_t at)
{
    TerminalStyle::Color &target = parameters[at] == 38 ? m_pen.foreground : m_pen.background;
    if (at + 2 < parameters.size() && parameters[at + 1] == 5) {
        const int index = parameters[at + 2];
        if (index < 16)
            target = indexed(index);
        else if (index < 256)
            target = {TerminalStyle::ColorKind::Rgb, paletteColor(index)};
        return at + 2;
    }
    if (at + 4 < parameters.size() && parameters[at + 1] == 2) {
        const auto part = [&](size_t i) { return static_cast<uint32_t>(parameters[i] & 0xff); };
        target = {TerminalStyle::ColorKind::Rgb,
                  part(at + 2) << 16 | part(at + 3) << 8 | part(at + 4)};
        return at + 4;
    }
    return parameters.size(); // an invalid colour stops the sequence
}

void TerminalText::resetPen()
{
    const int link = m_pen.link; // a link ends by its own sequence
    m_pen = {};
    m_pen.link = link;
}

void TerminalText::applySgr(const std::vector<int> &parameters)
{
    for (size_t i = 0; i < parameters.size(); ++i) {
        const int p = parameters[i];
        if (p == 0)
            resetPen();
        else if (p == 1 || p == 5)
            m_pen.bold = true;
        else if (p == 2)
            m_pen.faint = true;
        else if (p == 3 || p == 23)
            m_pen.italic = p == 3;
        else if (p == 4 || p == 24)
            m_pen.underline = p == 4;
        else if (p == 7 || p == 27)
            m_pen.inverse = p == 7;
        else if (p == 9 || p == 29)
            m_pen.strike = p == 9;
        else if (p == 21 || p == 22)
            m_pen.bold = m_pen.faint = false;
        else if (p >= 30 && p <= 37)
            m_pen.foreground = indexed(p - 30);
        else if (p >= 90 && p <= 97)
            m_pen.foreground = indexed(p - 90 + 8);
        else if (p == 39)
            m_pen.foreground = {};
        else if (p >= 40 && p <= 47)
            m_pen.background = indexed(p - 40);
        else if (p >= 100 && p <= 107)
            m_pen.background = indexed(p - 100 + 8);
        else if (p == 49)
            m_pen.background = {};
        else if (p == 38 || p == 48)
            i = applyExtendedColor(parameters, i);
    }
    m_penIndex = -1;
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
