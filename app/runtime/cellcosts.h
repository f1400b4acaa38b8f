#pragma once

#include "core/api/usage.h"
#include "core/base/ids.h"

#include <QHash>
#include <QObject>
#include <QSet>

namespace farcell {

class NotebookDocument;
class NotebookView;

// What the executions of one cell cost, as far as the runtime has told.
struct CellCost
{
    api::CellUsage last;
    int runs = 0; // 0: only the notebook's file says so
};

struct CostSum
{
    int runs = 0;
    double seconds = 0;
    std::optional<double> gpuSeconds, energy, cpuSeconds;
};

// The ledgers of the window's notebooks: each execution counts once, whether it was seen by this
// window or is told by the runtime afterwards. GUI thread; owned by the window.
class CellCosts : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CellCosts)

public:
    explicit CellCosts(QObject *parent = nullptr);

    void watch(NotebookView *notebook);
    // Of cells that are in the notebook still; measured ones before those that the file tells.
    [[nodiscard]] QHash<CellId, CellCost> costsOf(const NotebookView &notebook) const;
    [[nodiscard]] CostSum sumOf(const NotebookView &notebook) const; // of all executions

    // Writes each cell's last execution as `metadata.farcell.usage`; one undo step.
    void writeTo(NotebookView &notebook) const;
    [[nodiscard]] static bool isWrittenIn(const NotebookDocument &document);
    static void removeFrom(NotebookDocument &document);

signals:
    void changed(farcell::NotebookView *notebook);

private:
    struct Ledger
    {
        QHash<CellId, CellCost> cells;
        QSet<MsgId> seen;
        CostSum sum;
        KernelId asked; // this kernel has told what was before
    };
    void take(NotebookView *notebook, const CellId &cell, const api::CellUsage &usage);
    void askEarlier(NotebookView *notebook);

    QHash<const NotebookView *, Ledger> m_ledgers;
};

} // namespace farcell
