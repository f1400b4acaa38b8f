#pragma once

#include "app/cli/cli.h"
#include "app/cli/clioptions.h"
#include "app/cli/runprogress.h"
#include "app/cli/signalwatcher.h"
#include "core/base/result.h"
#include "core/client/embeddedruntime.h"
#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/client/runtimeclient.h"
#include "core/notebook/notebookdocument.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <optional>

namespace farcell {

// `farcell run`: one notebook, once, on the embedded runtime or a server. Whatever happens, the
// session and the embedded runtime are gone before finished() comes, and what ran is written.
// Not here: arguments (clioptions), the bar (RunProgress).
class RunCommand : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RunCommand)

public:
    explicit RunCommand(RunOptions options, QObject *parent = nullptr);
    ~RunCommand() override;

    void start();

signals:
    void finished(farcell::ExitCode code); // exactly once

private:
    // Each step starts the next; any of them may end the run.
    [[nodiscard]] Result<> readInput();
    [[nodiscard]] Result<> checkOutput() const;
    void startEmbedded();
    void connectTo(const Endpoint &endpoint);
    void chooseKernel(const RemoteKernelSpecs &specs);
    void startSession(const QString &kernelName);
    void openKernel(const RemoteSession &session);
    void runCells();
    void checkHandedOver();

    void handleRunState(const CellId &id);
    void handleCellFinished(const CellId &id, bool ok);
    void handleKernelState(const QString &state);
    void handleConnectionState(KernelConnection::State state);
    void handleTimeout();
    void handleSignal();
    void handleQueueFinished(bool ok);
    void interruptKernel();
    void reportError(const CellId &id);

    void fail(ExitCode code, const QString &message);
    void wrapUp(ExitCode code);
    void endSession(ExitCode code);
    void release();
    [[nodiscard]] bool writeOutput();
    [[nodiscard]] int cellNumber(const CellId &id) const;

    RunOptions m_options;
    NotebookDocument m_document;
    RunProgress m_progress;
    SignalWatcher m_signals;
    std::unique_ptr<EmbeddedRuntime> m_embedded;
    std::unique_ptr<RuntimeClient> m_client;
    std::unique_ptr<KernelConnection> m_connection;
    std::unique_ptr<NotebookSession> m_session;
    SessionId m_sessionId;
    KernelId m_kernelId;
    QTimer m_cellTimer;       // one cell's time
    QTimer m_connectionTimer; // how long a lost connection is waited for
    QTimer m_stopTimer;       // how long an interrupted kernel may take
    QTimer m_release;         // ends all in a turn of the event loop of its own
    ExitCode m_exitCode = ExitCode::Done;
    QString m_trouble;         // why the run ended early, if not by a cell's own error
    bool m_hasStarted = false; // the kernel answered: from here on there is something to write
    bool m_hasFailedCell = false;
    bool m_isStopping = false;
    bool m_isEnding = false;
};

} // namespace farcell
