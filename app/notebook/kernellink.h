#pragma once

#include "app/notebook/runtimehub.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/client/kernelconnection.h"
#include "core/client/runtimeclient.h"

#include <QObject>
#include <QPointer>

#include <memory>
#include <vector>

namespace farcell {

class NotebookDocument;
class NotebookSession;

// The way from one notebook to its kernel: which runtime, which Jupyter session, and the
// connection the notebook's NotebookSession runs through. Cells asked to run before the kernel is
// there wait here. GUI thread.
// Not here: the run queue itself (NotebookSession), choosing a runtime (ConnectDialog).
class KernelLink : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelLink)

public:
    enum class State
    {
        Disconnected,
        Starting,
        Connected,
        Reconnecting,
        Restarting
    };

    KernelLink(NotebookDocument &document, NotebookSession &session, Runtime *runtime,
               QObject *parent = nullptr);
    ~KernelLink() override;

    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] Runtime *runtime() const { return m_runtime; }
    [[nodiscard]] KernelConnection *connection() const { return m_connection.get(); }
    [[nodiscard]] RuntimeClient *client() const;
    [[nodiscard]] RemoteKernelSpec kernelSpec() const; // empty name: not known
    [[nodiscard]] QString kernelTitle() const;         // "Python 3 (ipykernel)", may be empty
    [[nodiscard]] QString executionState() const; // idle, busy, …; empty without a connection
    [[nodiscard]] QString language() const;

    // Which file the session is for; tells the runtime when it changes.
    void setPath(const QString &path, const QString &name);
    // Uses another runtime from now on; the old connection ends, its kernel goes on.
    void setRuntime(Runtime *runtime);

    void connectDefault();                       // by the notebook's kernelspec
    void connectKernelSpec(const QString &name); // a new kernel of this kind
    void attach(const KernelId &kernel, const QString &kernelName);

    void run(const std::vector<CellId> &cells); // connects first if need be
    void interrupt();
    void restart(bool runAllAfter = false);
    void disconnectKernel(); // the kernel goes on
    void shutdown();         // ends the session and its kernel

signals:
    void stateChanged();
    void connected(); // ready to run; after a (re)start too
    void waitingChanged(const std::vector<farcell::CellId> &cells); // asked to run, not yet sent
    void runAllWanted(); // after a restart that asked for it
    void kernelReplaced(const QString &wanted, const QString &used);
    void failed(const farcell::Error &error);

private:
    void begin(State state);
    void startSession(const QString &kernelName);
    void useSpecs(const Result<RemoteKernelSpecs> &specs, const QString &wanted);
    void useSession(const Result<RemoteSession> &session);
    void openConnection(const KernelId &id, const QString &kernelName);
    void connectionStateChanged(KernelConnection::State state);
    void kernelGone(const Error &error);
    void dropConnection();
    void giveUp(const Error &error);
    void setState(State state);
    void flushWaiting();

    NotebookDocument &m_document;
    NotebookSession &m_session;
    QPointer<Runtime> m_runtime;
    QString m_path, m_name;
    State m_state = State::Disconnected;
    int m_attempt = 0; // answers of earlier attempts are stale
    SessionId m_sessionId;
    QString m_kernelTitle, m_language;
    RemoteKernelSpecs m_specs;
    std::unique_ptr<KernelConnection> m_connection;
    std::vector<CellId> m_waiting;
    bool m_runAllAfter = false;
};

} // namespace farcell
