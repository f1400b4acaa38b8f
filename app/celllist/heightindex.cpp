#include "app/celllist/heightindex.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace farcell {

void HeightIndex::assign(std::vector<int> heights)
{
    m_heights = std::move(heights);
    const size_t count = m_heights.size();
    m_tree.assign(count + 1, 0);
    for (size_t i = 1; i <= count; ++i) {
        m_tree[i] += m_heights[i - 1];
        const size_t parent = i + (i & (~i + 1));
        if (parent <= count)
            m_tree[parent] += m_tree[i];
    }
}

void HeightIndex::setHeight(int row, int height)
{
    const auto index = static_cast<size_t>(row);
    const qint64 delta = static_cast<qint64>(height) - m_heights[index];
    if (delta == 0)
        return;
    m_heights[index] = height;
    for (size_t i = index + 1; i < m_tree.size(); i += i & (~i + 1))
        m_tree[i] += delta;
}

qint64 HeightIndex::top(int row) const
{
    qint64 sum = 0;
    for (auto i = static_cast<size_t>(row); i > 0; i -= i & (~i + 1))
        sum += m_tree[i];
    return sum;
}

int HeightIndex::rowAt(qint64 y) const
{
    const size_t count = m_heights.size();
    if (count == 0)
        return -1;
    // Descend to the last prefix that ends at or before y.
    size_t position = 0;
    qint64 rest = std::max<qint64>(0, y);
    for (size_t step = std::bit_floor(count); step > 0; step >>= 1U) {
        const size_t next = position + step;
        if (next <= count && m_tree[next] <= rest) {
            position = next;
            rest -= m_tree[next];
        }
    }
    const int row = visibleFrom(static_cast<int>(std::min(position, count - 1)), 1);
    return row >= 0 ? row : visibleFrom(static_cast<int>(count) - 1, -1);
}

int HeightIndex::visibleFrom(int row, int direction) const
{
    while (row >= 0 && row < size()) {
        if (height(row) > 0)
            return row;
        row += direction;
    }
    return -1;
}

} // namespace farcell
