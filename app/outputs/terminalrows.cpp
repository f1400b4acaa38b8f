#include "app/outputs/terminalrows.h"

#include <algorithm>

namespace farcell {

void TerminalRows::drop(int lines)
{
    const auto gone = std::min(static_cast<size_t>(lines), m_starts.size() - 1);
    m_starts.erase(m_starts.begin(), m_starts.begin() + static_cast<std::ptrdiff_t>(gone));
    const int rows = m_starts.front();
    for (int &start : m_starts)
        start -= rows;
}

void TerminalRows::update(const std::deque<TerminalLine> &lines, int columns, int firstChanged)
{
    if (columns != m_columns) {
        m_columns = std::max(1, columns);
        firstChanged = 0;
    }
    firstChanged = std::clamp(firstChanged, 0, static_cast<int>(m_starts.size()) - 1);
    m_starts.resize(lines.size() + 1);
    for (auto i = static_cast<size_t>(firstChanged); i < lines.size(); ++i)
        m_starts[i + 1] = m_starts[i] + rowsOf(lines[i]);
}

int TerminalRows::rowsOf(const TerminalLine &line) const
{
    const int length = static_cast<int>(line.text.size());
    if (length <= m_columns / 2)
        return 1; // even if every character is wide
    if (line.simple)
        return std::max(1, (length + m_columns - 1) / m_columns);
    return static_cast<int>(breaks(line).size());
}

TerminalRows::Place TerminalRows::at(int row) const
{
    const auto next = std::upper_bound(m_starts.begin(), m_starts.end() - 1, row);
    const int line = std::max(0, static_cast<int>(next - m_starts.begin()) - 1);
    return {line, row - firstRow(line)};
}

// The first character of each row of a line with wide or combining characters.
std::vector<int> TerminalRows::breaks(const TerminalLine &line) const
{
    std::vector<int> starts{0};
    int cells = 0;
    const QString &text = line.text;
    for (qsizetype i = 0; i < text.size();) {
        const bool pair =
            text[i].isHighSurrogate() && i + 1 < text.size() && text[i + 1].isLowSurrogate();
        const char32_t c = pair ? QChar::surrogateToUcs4(text[i], text[i + 1]) : text[i].unicode();
        const int width = cellWidth(c);
        if (cells + width > m_columns && cells > 0) {
            starts.push_back(static_cast<int>(i));
            cells = 0;
        }
        cells += width;
        i += pair ? 2 : 1;
    }
    return starts;
}

std::pair<int, int> TerminalRows::range(const TerminalLine &line, int row) const
{
    const int length = static_cast<int>(line.text.size());
    if (line.simple || length <= m_columns / 2)
        return {std::min(length, row * m_columns), std::min(length, (row + 1) * m_columns)};
    const std::vector<int> starts = breaks(line);
    const auto index = static_cast<size_t>(std::clamp(row, 0, static_cast<int>(starts.size()) - 1));
    return {starts[index], index + 1 < starts.size() ? starts[index + 1] : length};
}

} // namespace farcell
