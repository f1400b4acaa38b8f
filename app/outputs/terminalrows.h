#pragma once

#include "app/outputs/terminaltext.h"

#include <deque>
#include <vector>

namespace farcell {

// Where terminal lines are wrapped: maps lines to the rows they take at a number of columns.
// Keeps prefix sums; only lines from the first changed one on are counted again. A value.
class TerminalRows
{
public:
    void update(const std::deque<TerminalLine> &lines, int columns, int firstChanged);
    void drop(int lines); // the first ones went away

    struct Place
    {
        int line = 0;
        int row = 0; // within the line
    };
    [[nodiscard]] int count() const { return m_starts.empty() ? 0 : m_starts.back(); }
    [[nodiscard]] int firstRow(int line) const { return m_starts[static_cast<size_t>(line)]; }
    [[nodiscard]] Place at(int row) const;
    [[nodiscard]] int columns() const { return m_columns; }
    // The characters [first, second) of a line that stand on its row.
    [[nodiscard]] std::pair<int, int> range(const TerminalLine &line, int row) const;

private:
    [[nodiscard]] int rowsOf(const TerminalLine &line) const;
    [[nodiscard]] std::vector<int> breaks(const TerminalLine &line) const;

    std::vector<int> m_starts{0}; // one per line, and the total
    int m_columns = 0;
};

} // namespace farcell
