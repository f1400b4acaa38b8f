#pragma once

#include <QtGlobal>

#include <vector>

namespace farcell {

// Row heights with fast prefix sums (a Fenwick tree): the top of a row, and the row at a place, in
// O(log n). Rows of height 0 are hidden.
class HeightIndex
{
public:
    void assign(std::vector<int> heights);
    void setHeight(int row, int height);

    [[nodiscard]] int size() const { return static_cast<int>(m_heights.size()); }
    [[nodiscard]] int height(int row) const { return m_heights[static_cast<size_t>(row)]; }
    [[nodiscard]] qint64 top(int row) const; // sum of the heights before `row`; row <= size()
    [[nodiscard]] qint64 total() const { return top(size()); }
    // The visible row that covers `y`; the nearest one outside; -1 if there is none.
    [[nodiscard]] int rowAt(qint64 y) const;
    // The next visible row from `row` on in direction +1 or -1, `row` itself included; -1 if none.
    [[nodiscard]] int visibleFrom(int row, int direction) const;

private:
    std::vector<int> m_heights;
    std::vector<qint64> m_tree; // 1-based
};

} // namespace farcell
