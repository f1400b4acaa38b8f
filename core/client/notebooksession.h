#pragma once

#include "core/api/usage.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/client/kernelconnection.h"
#include "core/client/runstate.h"

#include <QObject>

#include <memory>
#include <span>
#include <vector>

namespace farcell {

class AttachmentStore;
class NotebookDocument;
struct Attachment;

// Joins one document and one kernel: the queue of cells to run, and the way of every output into
// its cell (stream merging, clear_output, display ids). The window and `farcell run` both use it.
// Text is taken from the document when the cell's turn comes; on a runtime that keeps the queue
// itself (Farcell), when it is asked to run. Cells of the same notebook that others run there, on
// another computer or before this app was started, show here as well. GUI/main thread.
// Not here: the socket (KernelConnection), painting.
class NotebookSession : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NotebookSession)

public:
    explicit NotebookSession(NotebookDocument &document, QObject *parent = nullptr);
    ~NotebookSession() override;

    // Not owned; null detaches: queued and running cells become Aborted.
    void setConnection(KernelConnection *connection);
    [[nodiscard]] KernelConnection *connection() const;

    enum class OnError
    {
        Stop,
        Continue
    };
    // Queues code cells in the given order; others are ignored. A cell tagged raises-exception
    // does not stop the queue. Cells already queued stay where they are.
    void run(std::span<const CellId> cells, OnError onError = OnError::Stop);
    // Runs `text` as if it were all of the code cell: its outputs go there.
    void runText(const CellId &id, const QString &text);
    void cancelQueued(const CellId &id);
    void clearQueue(); // the running cell goes on
    void answerInput(const QString &value);
    // Kernel restarted: forget everything that was running or queued.
    void reset();

    // Keeps the store's entry of this notebook true, so that a next start of the app can take the
    // run up again. `base` says which notebook, server and kernel. The store outlives the session.
    void remember(AttachmentStore *store, const Attachment &base);
    // After setConnection() to the same kernel, whose replay fills in what happened meanwhile.
    void resume(const Attachment &earlier);
    void notebookSaved(); // the file holds all outputs of now
    void forget();        // the kernel was shut down or given up

    [[nodiscard]] CellRunState runState(const CellId &id) const;
    [[nodiscard]] CellId runningCell() const;              // empty if none
    [[nodiscard]] int queueLength() const;                 // without the running cell
    [[nodiscard]] std::vector<CellId> queuedCells() const; // in the order they run
    [[nodiscard]] bool isBusy() const;

    // Write execution timestamps into cell metadata the way the file already does (JupyterLab's
    // `execution`, Colab's `executionInfo`); files with neither stay without.
    void setRecordTimes(bool on);
    // False: input() fails in the kernel instead of asking (nobody is there to answer).
    void setAllowStdin(bool on);

signals:
    void runStateChanged(const farcell::CellId &id);
    void queueChanged();
    void cellFinished(const farcell::CellId &id, bool ok);
    // What a run of the cell cost; that of its latest run is in its runState() as well.
    void usageReported(const farcell::CellId &id, const farcell::api::CellUsage &usage);
    // The cell's run found no memory on a GPU: what was there.
    void gpuShortageReported(const farcell::CellId &id, const farcell::api::GpuShortage &shortage);
    void queueFinished(bool ok); // all ran, or an error stopped it
    void inputRequested(const farcell::CellId &id, const QString &prompt, bool password);
    void inputEnded(const farcell::CellId &id);
    void pagerRequested(const QString &text); // payload "page": `?` help; may carry ANSI
    void nextInputRequested(const farcell::CellId &after, const QString &text, bool replace);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace farcell
