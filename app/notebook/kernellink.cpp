#include "app/notebook/kernellink.h"

#include "app/notebook/runtimehub.h"
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
    if (m_state == State::Disconnected)
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

void KernelLink::useSession(const Result<RemoteSession> &session)
{
    if (!session) {
        giveUp(session.error());
        return;
    }
    m_sessionId = session->id;
    openConnection(session->kernel.id, session->kernel.name);
}

void KernelLink::openConnection(const KernelId &id, const QString &kernelName)
{
    m_kernelTitle = kernelName;
    for (const RemoteKernelSpec &spec : std::as_const(m_specs.specs)) {
        if (spec.name == kernelName) {
            m_kernelTitle = spec.displayName;
            m_language = spec.language;
        }
    }
    m_connection.reset(client()->connectKernel(id, kernelName));
    KernelConnection *connection = m_connection.get();
    connect(connection, &KernelConnection::stateChanged, this, &KernelLink::connectionStateChanged);
    connect(connection, &KernelConnection::executionStateChanged, this, &KernelLink::stateChanged);
    connect(connection, &KernelConnection::infoReceived, this, [this] {
        m_language = m_connection->info().languageName;
        emit stateChanged();
    });
    connect(connection, &KernelConnection::failed, this, &KernelLink::kernelGone);
    m_session.setConnection(connection);
    if (connection->state() == KernelConnection::State::Connected)
        connectionStateChanged(connection->state());
}

void KernelLink::connectionStateChanged(KernelConnection::State state)
{
    switch (state) {
    case KernelConnection::State::Connected:
        setState(State::Connected);
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

void KernelLink::flushWaiting()
{
    const std::vector<CellId> cells = std::exchange(m_waiting, {});
    if (cells.empty())
        return;
    emit waitingChanged(m_waiting);
    m_session.run(cells);
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
}

void KernelLink::kernelGone(const Error &error)
{
    ++m_attempt;
    // Called from the connection itself: it may not be deleted right here.
    if (m_connection) {
        m_session.setConnection(nullptr);
        disconnect(m_connection.get(), nullptr, this, nullptr);
        m_connection.release()->deleteLater();
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
}

} // namespace farcell
