#pragma once

#include "core/notebook/cell.h"

#include <QHash>

#include <memory>
#include <vector>

namespace farcell {

// The cells of a document in order, found by id or by index in constant time; positions are
// recounted lazily after a change of structure. Cells keep their address while they are here.
//
// Owned by NotebookDocument. Not here: signals, undo.
class CellStore
{
public:
    [[nodiscard]] int size() const { return static_cast<int>(m_entries.size()); }
    [[nodiscard]] const Cell &at(int index) const { return entry(index).cell; }
    [[nodiscard]] Cell &at(int index) { return m_entries[static_cast<size_t>(index)]->cell; }
    [[nodiscard]] Cell *find(const CellId &id);
    [[nodiscard]] const Cell *find(const CellId &id) const;
    [[nodiscard]] int indexOf(const CellId &id) const; // -1 if not here

    void assign(std::vector<Cell> cells);
    void insert(int index, std::vector<Cell> cells);
    [[nodiscard]] std::vector<Cell> take(int index, int count);
    // `order` names every cell once.
    void reorder(const std::vector<CellId> &order);
    [[nodiscard]] std::vector<CellId> order() const;

private:
    struct Entry
    {
        Cell cell;
        int index = 0; // right below m_countedTo
    };
    [[nodiscard]] const Entry &entry(int index) const
    {
        return *m_entries[static_cast<size_t>(index)];
    }

    std::vector<std::unique_ptr<Entry>> m_entries;
    QHash<CellId, Entry *> m_byId;
    mutable int m_countedTo = 0;
};

} // namespace farcell
