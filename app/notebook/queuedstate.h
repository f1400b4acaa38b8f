#pragma once

#include "core/client/kernelreports.h"
#include "core/client/runstate.h"
#include "core/notebook/cell.h"

namespace farcell {

// A session takes the first cell that it sent for the one that runs. The runtime's queue knows
// better: it may be paused, or run what others asked for before.
[[nodiscard]] inline CellRunState withQueue(CellRunState state, const Cell *cell,
                                            const KernelQueue &queue)
{
    if (!cell || state.phase != CellRunState::Phase::Running)
        return state;
    const QString name = cell->fileId.value_or(cell->id.toString());
    for (const QueueItem &item : queue.items) {
        if (item.cellId != name || item.isRunning)
            continue;
        state.phase = CellRunState::Phase::Queued;
        state.queuePosition = item.position;
    }
    return state;
}

} // namespace farcell
