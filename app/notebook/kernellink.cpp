#include "app/notebook/kernellink.h"

#include "app/notebook/runtimehub.h"
#include "core/client/kernelcontrol.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QFuture>

#include <algorithm>
#include <utility>

namespace farcell {

KernelLink::KernelLink(NotebookDocument &document, NotebookSession &session, Runtime *runtime,
                       QObject *parent)
    : QObject(parent)
    , m_document(document)
    , m_session(session)
{
    setRuntime(runtime);
}

KernelLink::~KernelLink()
{
    m_session.setConnection(nullptr);
}

RuntimeClient *KernelLink::client() const
{
    return m_runtime ? m_runtime->client() : nullptr;
}

QString KernelLink::kernelTitle() const
{
    return m_kernelTitle;
}

RemoteKernelSpec KernelLink::kernelSpec() const
{
    for (const RemoteKernelSpec &spec : m_specs.specs) {
        if (m_connection && spec.name == m_connection->kernelName())
            return spec;
    }
    return {};
}

QString KernelLink::language() const
{
    return m_language;
}

QString KernelLink::executionState() const
{
    return m_connection ? m_connection->executionState() : QString();
}

void KernelLink::setPath(const QString &path, const QString &name)
{
    const bool moved = !m_path.isEmpty() && path != m_path;
    m_path = path;
    m_name = name;
    if (moved && client() && !m_sessionId.isEmpty())
        client()->renameSession(m_sessionId, path, name);
}

void KernelLink::setRuntime(Runtime *runtime)
{
    if (runtime == m_runtime)
        return;
    if (m_runtime)
        disconnect(m_runtime, nullptr, this, nullptr);
    dropConnection();
    m_sessionId = {};
    m_runtime = runtime;
    if (!runtime)
        return;
    connect(runtime, &Runtime::reachable, this, &KernelLink::reconnectNow);
    connect(runtime, &Runtime::ended, this, [this](const QString &why) {
        m_sessionId = {};
        dropConnection(); // now: its client ends with this signal
        if (m_state != State::Disconnected)
            kernelGone({ErrorCode::Unavailable, why, {}});
    });
}

void KernelLink::begin(State state)
{
    dropConnection();
    setState(state);
    ++m_attempt;
}

void KernelLink::connectDefault()
{
    if (m_state != State::Disconnected)
        return;
    const auto run = lastRun();
    if (run && m_runtime && run->server == m_runtime->address())
        resume(*run);
    else
        startSession(m_document.kernelName());
}

void KernelLink::connectKernelSpec(const QString &name)
{
    const SessionId old = std::exchange(m_sessionId, {});
    if (client() && !old.isEmpty())
        client()->deleteSession(old); // a new kernel in the place of the old one
    startSession(name);
}

// The kernelspecs come first: a notebook's kernel may not be there, and then the one of the same
// language, or the default, takes its place.
void KernelLink::startSession(const QString &wanted)
{
    begin(State::Starting);
    if (!m_runtime)
        return;
    m_runtime->whenReady(
        this, [this, wanted, attempt = m_attempt](const Result<RuntimeClient *> &client) {
            if (attempt != m_attempt)
                return;
            if (!client) {
                giveUp(client.error());
                return;
            }
            (*client)->kernelSpecs().then(
                this, [this, wanted, attempt](const Result<RemoteKernelSpecs> &specs) {
                    if (attempt == m_attempt)
                        useSpecs(specs, wanted);
                });
        });
}

void KernelLink::useSpecs(const Result<RemoteKernelSpecs> &specs, const QString &wanted)
{
    if (!specs) {
        giveUp(specs.error());
        return;
    }
    m_specs = *specs;
    const auto &list = m_specs.specs;
    const auto named = [&list](const QString &name) {
        return std::any_of(list.begin(), list.end(),
                           [&name](const RemoteKernelSpec &spec) { return spec.name == name; });
    };
    QString name = wanted;
    if (name.isEmpty() || !named(name)) {
        const QString language = m_document.language();
        const auto same =
            std::find_if(list.begin(), list.end(), [&language](const RemoteKernelSpec &spec) {
                return spec.language.compare(language, Qt::CaseInsensitive) == 0;
            });
        name = same != list.end() ? same->name : m_specs.defaultName;
        if (!named(name)) {
            giveUp({ErrorCode::NotFound,
                    tr("No kernel is installed on %1. Install one, for example with "
                       "“pip install ipykernel”")
                        .arg(m_runtime->name()),
                    {}});
            return;
        }
        if (!wanted.isEmpty())
            emit kernelReplaced(wanted, name);
    }
    // A kernel of this notebook may run there already: then this is a second window on it.
    client()->sessions().then(
        this, [this, name, attempt = m_attempt](const Result<QList<RemoteSession>> &sessions) {
            if (attempt != m_attempt)
                return;
            for (const RemoteSession &session : sessions.value_or(QList<RemoteSession>())) {
                if (session.path == m_path && !m_path.isEmpty()) {
                    join(session);
                    return;
                }
            }
            createSession(name);
        });
}

void KernelLink::createSession(const QString &name)
{
    client()
        ->startSession(m_path, m_name, name)
        .then(this, [this, attempt = m_attempt](const Result<RemoteSession> &session) {
            if (attempt == m_attempt)
                useSession(session);
        });
}

void KernelLink::attach(const KernelId &kernel, const QString &kernelName)
{
    begin(State::Starting);
    if (!m_runtime)
        return;
    m_runtime->whenReady(this, [this, kernel, kernelName,
                                attempt = m_attempt](const Result<RuntimeClient *> &client) {
        if (attempt != m_attempt)
            return;
        if (!client) {
            giveUp(client.error());
            return;
        }
        (*client)
            ->attachSession(m_path, m_name, kernel)
            .then(this, [this, attempt](const Result<RemoteSession> &session) {
                if (attempt == m_attempt)
                    useSession(session);
            });
    });
}

void KernelLink::setStore(AttachmentStore *store, const QString &notebook)
{
    m_store = store;
    m_notebook = notebook;
}

std::optional<Attachment> KernelLink::lastRun() const
{
    return m_store && !m_notebook.isEmpty() ? m_store->find(m_notebook) : std::nullopt;
}

std::optional<Attachment> KernelLink::lastRunOf(const KernelId &kernel) const
{
    auto run = lastRun();
    const bool isIt =
        run && run->kernel == kernel && m_runtime && run->server == m_runtime->address();
    return isIt ? run : std::nullopt;
}

void KernelLink::resume(const Attachment &run)
{
    begin(State::Starting);
    if (!m_runtime)
        return;
    m_runtime->whenReady(this,
                         [this, run, attempt = m_attempt](const Result<RuntimeClient *> &client) {
                             if (attempt != m_attempt)
                                 return;
                             if (client)
                                 resumeOn(**client, run);
                             else
                                 giveUp(client.error());
                         });
}

// The titles of kernels come first, then whether this one still lives.
void KernelLink::resumeOn(RuntimeClient &client, const Attachment &run)
{
    client.kernelSpecs().then(this, [this, run,
                                     attempt = m_attempt](const Result<RemoteKernelSpecs> &specs) {
        if (attempt != m_attempt)
            return;
        if (!specs) {
            giveUp(specs.error());
            return;
        }
        m_specs = *specs;
        this->client()->kernels().then(this, [this, run,
                                              attempt](const Result<QList<RemoteKernel>> &kernels) {
            if (attempt != m_attempt)
                return;
            if (!kernels) {
                giveUp(kernels.error());
                return;
            }
            const bool lives =
                std::any_of(kernels->begin(), kernels->end(),
                            [&run](const RemoteKernel &kernel) { return kernel.id == run.kernel; });
            if (lives) {
                m_sessionId = run.remoteSession;
                openConnection(run.kernel, run.kernelName, run, {run.session, run.since});
                return;
            }
            if (m_store)
                m_store->remove(m_notebook);
            const std::vector<CellId> waiting = m_waiting;
            setState(State::Disconnected);
            if (!run.runs.isEmpty())
                emit runLost();
            if (!waiting.empty())
                connectDefault(); // a cell was run meanwhile: it gets a new kernel
        });
    });
}

void KernelLink::findRun()
{
    if (!m_runtime || m_state != State::Disconnected || m_path.isEmpty())
        return;
    m_runtime->whenReady(this, [this](const Result<RuntimeClient *> &client) {
        if (!client)
            return; // nobody has asked for it
        (*client)->sessions().then(this, [this](const Result<QList<RemoteSession>> &sessions) {
            if (m_state != State::Disconnected)
                return;
            for (const RemoteSession &session : sessions.value_or(QList<RemoteSession>())) {
                if (session.path == m_path)
                    emit runFound(session);
            }
        });
    });
}

void KernelLink::join(const RemoteSession &session)
{
    begin(State::Starting);
    if (!client())
        return;
    client()->kernelSpecs().then(
        this, [this, session, attempt = m_attempt](const Result<RemoteKernelSpecs> &specs) {
            if (attempt != m_attempt)
                return;
            m_specs = specs.value_or(m_specs);
            m_sessionId = session.id;
            const auto earlier = lastRunOf(session.kernel.id);
            openConnection(session.kernel.id, session.kernel.name, earlier,
                           earlier ? ConnectOptions{earlier->session, earlier->since}
                                   : ConnectOptions{{}, 0});
        });
}

void KernelLink::useSession(const Result<RemoteSession> &session)
{
    if (!session) {
        giveUp(session.error());
        return;
    }
    m_sessionId = session->id;
    openConnection(session->kernel.id, session->kernel.name);
}

void KernelLink::openConnection(const KernelId &id, const QString &kernelName,
                                const std::optional<Attachment> &earlier,
                                const ConnectOptions &options)
{
    m_kernelTitle = kernelName;
    for (const RemoteKernelSpec &spec : std::as_const(m_specs.specs)) {
        if (spec.name == kernelName) {
            m_kernelTitle = spec.displayName;
            m_language = spec.language;
        }
    }
    m_connection.reset(client()->connectKernel(id, kernelName, options));
    KernelConnection *connection = m_connection.get();
    connect(connection, &KernelConnection::stateChanged, this, &KernelLink::connectionStateChanged);
    connect(connection, &KernelConnection::executionStateChanged, this, &KernelLink::stateChanged);
    connect(connection, &KernelConnection::infoReceived, this, [this] {
        m_language = m_connection->info().languageName;
        emit stateChanged();
    });
    connect(connection, &KernelConnection::failed, this, &KernelLink::kernelGone);
    connect(connection, &KernelConnection::messageReceived, this, &KernelLink::takeMessage);
    connect(connection, &KernelConnection::linkChanged, this, &KernelLink::linkChanged);
    m_readsHistory = options.since && *options.since == 0;
    connect(connection, &KernelConnection::caughtUp, this, [this] {
        m_readsHistory = false;
        emit linkChanged();
    });
    connect(connection, &KernelConnection::outputsMissing, this, &KernelLink::outputsMissing);
    m_session.setConnection(connection);
    if (m_store && !m_notebook.isEmpty()) {
        Attachment base;
        base.notebook = m_notebook;
        base.server = m_runtime->address();
        base.kernel = id;
        base.kernelName = kernelName;
        base.remoteSession = m_sessionId;
        m_session.remember(m_store, earlier.value_or(base));
    }
    if (earlier)
        m_session.resume(*earlier);
    if (connection->state() == KernelConnection::State::Connected)
        connectionStateChanged(connection->state());
}

void KernelLink::connectionStateChanged(KernelConnection::State state)
{
    switch (state) {
    case KernelConnection::State::Connected:
        setState(State::Connected);
        askQueue();
        flushWaiting();
        emit connected();
        return;
    case KernelConnection::State::Reconnecting:
        setState(State::Reconnecting);
        return;
    case KernelConnection::State::Connecting:
    case KernelConnection::State::Closed:
        return;
    }
}

LinkState KernelLink::linkState() const
{
    if (m_connection)
        return m_connection->linkState();
    LinkState state;
    state.phase =
        m_state == State::Disconnected ? LinkState::Phase::Gone : LinkState::Phase::Connecting;
    return state;
}

void KernelLink::reconnectNow()
{
    if (m_connection)
        m_connection->reconnectNow();
}

// What a Farcell runtime tells beside Jupyter's messages.
void KernelLink::takeMessage(const KernelMessage &message)
{
    if (message.channel != QLatin1String("iopub"))
        return;
    const QString type = message.type();
    if (type == QLatin1String("farcell_queue")) {
        if (const auto queue = kernelQueueFrom(message.content))
            setQueue(*queue, true);
    } else if (type == QLatin1String("farcell_death")) {
        // What a second window reads from the beginning is history.
        if (const auto death = kernelDeathFrom(message.content); death && !m_readsHistory)
            emit died(*death);
    }
}

void KernelLink::askQueue()
{
    KernelControl *control = m_runtime ? m_runtime->control() : nullptr;
    if (!control || !m_connection)
        return;
    control->queue(m_connection->kernelId())
        .then(m_runtime.data(), [this, guard = QPointer(this),
                                 attempt = m_attempt](const Result<KernelQueue> &queue) {
            if (guard && attempt == m_attempt && m_connection)
                setQueue(queue.value_or(KernelQueue()), queue.has_value());
        });
}

void KernelLink::setQueue(const KernelQueue &queue, bool exists)
{
    m_queue = queue;
    m_hasQueue = exists;
    emit queueChanged();
}

void KernelLink::flushWaiting()
{
    const std::vector<CellId> cells = std::exchange(m_waiting, {});
    if (cells.empty())
        return;
    emit waitingChanged(m_waiting);
    const QHash<CellId, QString> texts = std::exchange(m_waitingTexts, {});
    for (const CellId &id : cells) {
        if (const auto text = texts.constFind(id); text != texts.constEnd())
            m_session.runText(id, *text);
        else
            m_session.run(std::span(&id, 1));
    }
}

void KernelLink::runText(const CellId &id, const QString &text)
{
    if (m_state == State::Connected) {
        m_session.runText(id, text);
        return;
    }
    m_waitingTexts.insert(id, text);
    run({id});
}

void KernelLink::run(const std::vector<CellId> &cells)
{
    if (m_state == State::Connected) {
        m_session.run(cells);
        return;
    }
    for (const CellId &id : cells) {
        if (std::find(m_waiting.begin(), m_waiting.end(), id) == m_waiting.end())
            m_waiting.push_back(id);
    }
    emit waitingChanged(m_waiting);
    connectDefault();
}

void KernelLink::interrupt()
{
    m_waiting.clear();
    emit waitingChanged(m_waiting);
    m_session.clearQueue();
    if (!m_connection || !client())
        return;
    client()->interruptKernel(m_connection->kernelId()).then(this, [this](const Result<> &done) {
        if (!done)
            emit failed(done.error());
    });
    emit interruptSent();
}

void KernelLink::restart(bool runAllAfter)
{
    if (!m_connection || !client()) {
        if (runAllAfter)
            emit runAllWanted();
        return;
    }
    m_waiting.clear();
    m_session.reset();
    setState(State::Restarting);
    m_runAllAfter = runAllAfter;
    client()
        ->restartKernel(m_connection->kernelId())
        .then(this, [this, attempt = m_attempt](const Result<> &done) {
            if (attempt != m_attempt)
                return;
            const bool runAll = std::exchange(m_runAllAfter, false);
            m_session.reset();
            setState(State::Connected);
            if (!done) {
                emit failed(done.error());
                return;
            }
            emit connected();
            if (runAll)
                emit runAllWanted();
            flushWaiting();
        });
}

void KernelLink::disconnectKernel()
{
    ++m_attempt;
    m_session.forget();
    dropConnection();
    m_waiting.clear();
    emit waitingChanged(m_waiting);
    setState(State::Disconnected);
}

void KernelLink::shutdown()
{
    RuntimeClient *server = client();
    const SessionId id = std::exchange(m_sessionId, {});
    disconnectKernel();
    if (server && !id.isEmpty())
        server->deleteSession(id);
}

void KernelLink::dropConnection()
{
    m_session.setConnection(nullptr);
    if (!m_connection)
        return;
    disconnect(m_connection.get(), nullptr, this, nullptr);
    m_connection.reset();
    setQueue({}, false);
}

void KernelLink::kernelGone(const Error &error)
{
    ++m_attempt;
    // Called from the connection itself: it may not be deleted right here.
    if (m_connection) {
        m_session.setConnection(nullptr);
        disconnect(m_connection.get(), nullptr, this, nullptr);
        m_connection.release()->deleteLater();
        setQueue({}, false);
    }
    m_sessionId = {};
    giveUp(error);
}

void KernelLink::giveUp(const Error &error)
{
    m_waiting.clear();
    emit waitingChanged(m_waiting);
    setState(State::Disconnected);
    emit failed(error);
}

void KernelLink::setState(State state)
{
    m_state = state;
    emit stateChanged();
    emit linkChanged();
}

} // namespace farcell
