#include "core/notebook/cellstore.h"

#include <algorithm>
#include <utility>

namespace farcell {

Cell *CellStore::find(const CellId &id)
{
    Entry *const found = m_byId.value(id);
    return found != nullptr ? &found->cell : nullptr;
}

const Cell *CellStore::find(const CellId &id) const
{
    const Entry *const found = m_byId.value(id);
    return found != nullptr ? &found->cell : nullptr;
}

int CellStore::indexOf(const CellId &id) const
{
    const Entry *const found = m_byId.value(id);
    if (found == nullptr)
        return -1;
    if (found->index >= m_countedTo || &entry(found->index) != found) {
        // Recounted to the end at once: linear, but only once per change of structure.
        for (; m_countedTo < size(); ++m_countedTo)
            m_entries[static_cast<size_t>(m_countedTo)]->index = m_countedTo;
    }
    return found->index;
}

void CellStore::assign(std::vector<Cell> cells)
{
    m_entries.clear();
    m_byId.clear();
    m_byId.reserve(static_cast<qsizetype>(cells.size()));
    m_countedTo = 0;
    insert(0, std::move(cells));
}

void CellStore::insert(int index, std::vector<Cell> cells)
{
    std::vector<std::unique_ptr<Entry>> entries;
    entries.reserve(cells.size());
    for (Cell &cell : cells) {
        entries.push_back(std::make_unique<Entry>());
        entries.back()->cell = std::move(cell);
        m_byId.insert(entries.back()->cell.id, entries.back().get());
    }
    m_entries.insert(m_entries.begin() + index, std::make_move_iterator(entries.begin()),
                     std::make_move_iterator(entries.end()));
    m_countedTo = std::min(m_countedTo, index);
}

std::vector<Cell> CellStore::take(int index, int count)
{
    const auto first = m_entries.begin() + index;
    std::vector<Cell> cells;
    cells.reserve(static_cast<size_t>(count));
    for (auto it = first; it != first + count; ++it) {
        m_byId.remove((*it)->cell.id);
        cells.push_back(std::move((*it)->cell));
    }
    m_entries.erase(first, first + count);
    m_countedTo = std::min(m_countedTo, index);
    return cells;
}

void CellStore::reorder(const std::vector<CellId> &order)
{
    std::vector<std::unique_ptr<Entry>> entries;
    entries.reserve(m_entries.size());
    std::vector<int> positions; // all of them before the first entry moves
    positions.reserve(order.size());
    for (const CellId &id : order)
        positions.push_back(indexOf(id));
    for (const int position : positions)
        entries.push_back(std::move(m_entries[static_cast<size_t>(position)]));
    m_entries = std::move(entries);
    m_countedTo = 0;
}

std::vector<CellId> CellStore::order() const
{
    std::vector<CellId> ids;
    ids.reserve(m_entries.size());
    for (const auto &entry : m_entries)
        ids.push_back(entry->cell.id);
    return ids;
}

} // namespace farcell
