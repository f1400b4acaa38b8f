#include "app/notebook/kernellink.h"

#include "app/notebook/runtimehub.h"
#include "core/base/onfinished.h"
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
    onFinished(control->queue(m_connection->kernelId()), this,
               [this, attempt = m_attempt](const Result<KernelQueue> &queue) {
                   if (attempt == m_attempt && m_connection)
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
    onFinished(client()->interruptKernel(m_connection->kernelId()), this,
               [this](const Result<> &done) {
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
    onFinished(client()->restartKernel(m_connection->kernelId()), this,
               [this, attempt = m_attempt](const Result<> &done) {
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
