#pragma once

#include "app/notebook/runtimehub.h"
#include "core/api/runtimetype.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/client/attachmentstore.h"
#include "core/client/kernelconnection.h"
#include "core/client/kernelreports.h"
#include "core/client/linkstate.h"
#include "core/client/runtimeclient.h"

#include <QObject>
#include <QPointer>

#include <memory>
#include <optional>
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
    [[nodiscard]] LinkState linkState() const; // Gone without a kernel
    // The queue that the runtime keeps; empty on servers that keep none.
    [[nodiscard]] const KernelQueue &queue() const { return m_queue; }
    [[nodiscard]] bool hasQueue() const { return m_hasQueue; }

    // Which file the session is for; tells the runtime when it changes.
    void setPath(const QString &path, const QString &name);
    // Uses another runtime from now on; the old connection ends, its kernel goes on.
    void setRuntime(Runtime *runtime);

    // Where the notebook's run is remembered, and under which name: its absolute path, or its
    // address on a server; empty: not at all.
    void setStore(AttachmentStore *store, const QString &notebook);
    // What is remembered of an earlier run, maybe of an earlier start of the app.
    [[nodiscard]] std::optional<Attachment> lastRun() const;
    // Takes it up again: outputs that came meanwhile fill in. The runtime is set before.
    void resume(const Attachment &run);
    // Asks the runtime whether a kernel of this notebook runs there, from another computer, say;
    // tells by runFound().
    void findRun();
    void join(const RemoteSession &session); // with all of its outputs that are kept

    // What kernels started from now on may have of the machine. Other servers than Farcell give
    // what they have.
    void setResources(const api::KernelResources &resources);
    [[nodiscard]] const api::KernelResources &resources() const { return m_resources; }

    void connectDefault();                       // by the notebook's kernelspec
    void connectKernelSpec(const QString &name); // a new kernel of this kind
    void attach(const KernelId &kernel, const QString &kernelName);

    void run(const std::vector<CellId> &cells);          // connects first if need be
    void runText(const CellId &id, const QString &text); // as if it were all of the cell
    void interrupt();
    void reconnectNow(); // instead of waiting for the next try
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
    void limitsRefused(const QString &why); // of a kernel just started; one sentence
    void linkChanged();
    void runFound(const farcell::RemoteSession &session);
    void runLost();                          // the kernel of a remembered run has ended meanwhile
    void outputsMissing(const QString &why); // one sentence
    void queueChanged();
    void interruptSent();
    void died(const farcell::KernelDeath &death); // the kernel's process, also when it was replaced

private:
    void begin(State state);
    void startSession(const QString &kernelName);
    void useSpecs(const Result<RemoteKernelSpecs> &specs, const QString &wanted);
    void useSession(const Result<RemoteSession> &session);
    void openConnection(const KernelId &id, const QString &kernelName,
                        const std::optional<Attachment> &earlier = {},
                        const ConnectOptions &options = {});
    void createSession(const QString &kernelName);
    void askGrant();
    void resumeOn(RuntimeClient &client, const Attachment &run);
    [[nodiscard]] std::optional<Attachment> lastRunOf(const KernelId &kernel) const;
    void connectionStateChanged(KernelConnection::State state);
    void kernelGone(const Error &error);
    void dropConnection();
    void giveUp(const Error &error);
    void setState(State state);
    void flushWaiting();
    void takeMessage(const KernelMessage &message);
    void askQueue();
    void setQueue(const KernelQueue &queue, bool exists);

    NotebookDocument &m_document;
    NotebookSession &m_session;
    QPointer<Runtime> m_runtime;
    QString m_path, m_name;
    State m_state = State::Disconnected;
    int m_attempt = 0; // answers of earlier attempts are stale
    SessionId m_sessionId;
    QString m_kernelTitle, m_language;
    RemoteKernelSpecs m_specs;
    api::KernelResources m_resources;
    std::unique_ptr<KernelConnection> m_connection;
    std::vector<CellId> m_waiting;
    QHash<CellId, QString> m_waitingTexts; // of those that are not to be run as a whole
    bool m_runAllAfter = false;
    AttachmentStore *m_store = nullptr;
    QString m_notebook; // the store's key
    KernelQueue m_queue;
    bool m_hasQueue = false;
    bool m_readsHistory = false; // a replay from the start of what is kept is coming
};

} // namespace farcell
