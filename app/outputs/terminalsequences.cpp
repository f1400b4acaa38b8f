// The part of TerminalText that reads control characters and escape sequences.

#include "app/outputs/terminaltext.h"

#include <QUrl>

#include <algorithm>

namespace farcell {

namespace {

constexpr int maxParameter = 9999;      // larger cursor moves are nonsense
constexpr qsizetype maxSequence = 4096; // an unfinished sequence longer than this is dropped
constexpr size_t maxLinks = 4096;       // hostile text cannot make the table grow without end

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

} // namespace

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
    if (allowed && m_links.size() < maxLinks) {
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

} // namespace farcell
