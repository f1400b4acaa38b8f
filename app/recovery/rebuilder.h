#pragma once

#include "app/recovery/recoverystore.h"

#include <QHash>

#include <functional>
#include <optional>

namespace farcell::recovery {

// Makes the notebook that the batches of a recovery file describe. What they did not change comes
// from the base, so that saving keeps its bytes. For one thread.
class Rebuilder
{
public:
    using ReadBase = std::function<std::optional<NotebookContent>(const Base &)>;
    explicit Rebuilder(ReadBase readBase);

    void add(Batch batch);
    [[nodiscard]] RecoveredNotebook finish();

private:
    void startFrom(const Base &base);
    void apply(CellChange change);

    ReadBase m_readBase;
    RecoveryHead m_head;
    NotebookContent m_content; // without cells
    std::vector<CellId> m_order;
    QHash<CellId, Cell> m_cells;
};

} // namespace farcell::recovery
