#include "core/client/notebooksession.h"

#include "core/client/executiontimes.h"
#include "core/client/outputmessage.h"
#include "core/client/outputrouter.h"
#include "core/client/runtimejson.h"
#include "core/notebook/notebookdocument.h"

#include <QElapsedTimer>
#include <QHash>
#include <QTimer>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace farcell {

namespace {

using Phase = CellRunState::Phase;

// A kernel must say idle after its reply. One that does not, for so long after the last output,
// will not hold up the queue.
constexpr int idleGraceMs = 10'000;

bool hasTag(const Cell &cell, const char *tag)
{
    if (!cell.metadata.text().contains(tag))
        return false;
    const nlohmann::ordered_json metadata = cell.metadata.toJson();
    const auto tags = metadata.is_object() ? metadata.find("tags") : metadata.end();
    return tags != metadata.end() && tags->is_array() &&
           std::find(tags->begin(), tags->end(), tag) != tags->end();
}

bool isKernelGone(const QString &executionState)
{
    return executionState == QLatin1String("restarting") || executionState == QLatin1String("dead");
}

} // namespace

class NotebookSession::Private : public QObject
{
public:
    Private(NotebookSession *session, NotebookDocument &notebook)
        : q(session)
        , document(notebook)
        , router(notebook)
    {
        idleGrace.setSingleShot(true);
        idleGrace.setInterval(idleGraceMs);
        connect(&idleGrace, &QTimer::timeout, this, [this] { finish(); });
        connect(&document, &NotebookDocument::contentReset, this, &Private::handleContentReset);
    }

    struct Entry
    {
        quint64 ticket = 0;
        CellId cell;
        OnError onError = OnError::Stop;
    };
    struct Running
    {
        Entry entry;
        MsgId request;
        QElapsedTimer clock;
        ExecutionTimes times;
        bool expectsError = false; // raises-exception
        bool hasStarted = false;   // the kernel said busy
        bool hasReply = false, isIdle = false;
        bool hasErrorOutput = false;
        std::optional<Output> replyError;
        Phase outcome = Phase::Succeeded;
    };

    void enqueue(const CellId &cell, OnError onError);
    void startNext();
    bool start(const Entry &entry);
    void finish();
    void abortAll(Phase runningBecomes);
    bool abortQueue();
    void setPhase(const CellId &cell, Phase phase);
    void handleMessage(const KernelMessage &message);
    void handleStatus(const QString &state);
    void handleReply(const KernelMessage &message);
    void handlePayload(const nlohmann::json &content);
    void handleInputRequest(const KernelMessage &message);
    void endInput();
    void handleExecutionState(const QString &state);
    void handleConnectionState(KernelConnection::State state);
    void handleContentReset();
    void recordTimes(bool ok);

    NotebookSession *q;
    NotebookDocument &document;
    OutputRouter router;
    KernelConnection *connection = nullptr;
    std::deque<Entry> queue;
    QHash<CellId, quint64> ticketOf; // of queued cells
    QHash<CellId, CellRunState> states;
    std::optional<Running> running;
    quint64 lastTicket = 0;
    bool recordsTimes = true;
    bool allowsStdin = true;
    std::optional<ExecutionTimes::Dialect> dialect;
    QTimer idleGrace;

    struct Input
    {
        CellId cell;
        QString prompt;
        bool password = false;
    };
    std::optional<Input> input;
};

void NotebookSession::Private::setPhase(const CellId &cell, Phase phase)
{
    states[cell].phase = phase;
    emit q->runStateChanged(cell);
}

void NotebookSession::Private::enqueue(const CellId &cell, OnError onError)
{
    if (ticketOf.contains(cell))
        return;
    queue.push_back({++lastTicket, cell, onError});
    ticketOf.insert(cell, lastTicket);
    if (!running || running->entry.cell != cell)
        setPhase(cell, Phase::Queued);
}

void NotebookSession::Private::startNext()
{
    while (!running && !queue.empty() && connection != nullptr &&
           connection->state() != KernelConnection::State::Closed) {
        const Entry entry = queue.front();
        queue.pop_front();
        ticketOf.remove(entry.cell);
        const bool needsKernel = start(entry);
        emit q->queueChanged();
        if (needsKernel)
            return;
        emit q->cellFinished(entry.cell, true);
        if (queue.empty() && !running)
            emit q->queueFinished(true);
    }
}

// False when there was nothing to send: the cell is gone or empty.
bool NotebookSession::Private::start(const Entry &entry)
{
    const Cell *cell = document.findCell(entry.cell);
    if (cell == nullptr || cell->kind != CellKind::Code) {
        states.remove(entry.cell);
        return false;
    }
    QString code = cell->source;
    code.replace(QLatin1String("\r\n"), QLatin1String("\n"));
    Running run;
    run.entry = entry;
    run.expectsError = hasTag(*cell, "raises-exception");
    ExecuteOptions options;
    options.allowStdin = allowsStdin;
    options.stopOnError = entry.onError == OnError::Stop && !run.expectsError;
    options.cellId = cell->fileId.value_or(entry.cell.toString());

    if (!cell->outputs.isEmpty() || cell->executionCount)
        document.startOutputs(entry.cell);
    CellRunState state;
    if (code.trimmed().isEmpty()) {
        states.insert(entry.cell, state);
        emit q->runStateChanged(entry.cell);
        return false;
    }
    run.request = connection->execute(code, options);
    router.begin(run.request, entry.cell);
    run.clock.start();
    running = std::move(run);
    state.startedAt = QDateTime::currentDateTimeUtc();
    states.insert(entry.cell, state);
    setPhase(entry.cell, Phase::Running);
    return true;
}

void NotebookSession::Private::finish()
{
    if (!running)
        return;
    // Kernels tell errors on iopub as well; only an internal failure comes in the reply alone.
    if (running->replyError && !running->hasErrorOutput)
        router.append(running->entry.cell, *running->replyError);
    router.flush();
    idleGrace.stop();
    endInput();
    const Running ended = std::move(*running);
    running.reset();
    const CellId cell = ended.entry.cell;
    CellRunState &state = states[cell];
    state.elapsed = std::chrono::milliseconds(ended.clock.elapsed());
    const bool succeeded = ended.outcome == Phase::Succeeded;
    const bool ok = succeeded || (ended.expectsError && ended.outcome == Phase::Failed);
    if (recordsTimes && document.findCell(cell) != nullptr) {
        if (!dialect)
            dialect = ExecutionTimes::dialectOf(document);
        const auto patch =
            ended.times.patch(*dialect, succeeded, QDateTime::currentDateTimeUtc(), state.elapsed);
        if (!patch.is_null())
            document.mergeCellMetadata(cell, patch);
    }
    setPhase(cell, ticketOf.contains(cell) ? Phase::Queued : ended.outcome);
    const bool stops = !ok && ended.entry.onError == OnError::Stop;
    if (stops)
        abortQueue();
    emit q->cellFinished(cell, ok);
    if (queue.empty() && !running) {
        emit q->queueChanged();
        emit q->queueFinished(!stops);
    } else {
        startNext();
    }
}

// Queued cells become Aborted. False if there were none.
bool NotebookSession::Private::abortQueue()
{
    if (queue.empty())
        return false;
    const auto dropped = std::exchange(queue, {});
    ticketOf.clear();
    for (const Entry &entry : dropped) {
        if (!running || running->entry.cell != entry.cell)
            setPhase(entry.cell, Phase::Aborted);
    }
    emit q->queueChanged();
    return true;
}

// The kernel or the way to it is gone: nothing of what was asked will be answered.
void NotebookSession::Private::abortAll(Phase runningBecomes)
{
    const bool hadQueue = abortQueue();
    if (!running) {
        if (hadQueue)
            emit q->queueFinished(false);
        return;
    }
    running->outcome = runningBecomes;
    running->entry.onError = OnError::Stop;
    running->expectsError = false;
    finish();
}

void NotebookSession::Private::handleMessage(const KernelMessage &message)
{
    const QString type = message.type();
    const bool isOurs = running && message.parentId() == running->request;
    if (!isOurs) {
        router.handle(message); // late output of a background thread, display updates
        return;
    }
    if (idleGrace.isActive())
        idleGrace.start();
    running->times.note(message);
    if (message.channel != QLatin1String("iopub")) {
        if (type == QLatin1String("execute_reply"))
            handleReply(message);
        else if (type == QLatin1String("input_request"))
            handleInputRequest(message);
        return;
    }
    if (type == QLatin1String("status")) {
        handleStatus(textAt(message.content, "execution_state"));
        return;
    }
    if (type == QLatin1String("execute_input")) {
        const auto count = message.content.find("execution_count");
        if (count != message.content.end() && count->is_number_integer()) {
            states[running->entry.cell].executionCount = count->get<int>();
            document.setExecutionCount(running->entry.cell, count->get<int>());
        }
        return;
    }
    if (type == QLatin1String("error"))
        running->hasErrorOutput = true;
    router.handle(message);
}

void NotebookSession::Private::handleStatus(const QString &state)
{
    running->isIdle = state == QLatin1String("idle");
    if (running->isIdle && running->hasReply) {
        finish();
    } else if (state == QLatin1String("busy") && !std::exchange(running->hasStarted, true)) {
        const CellId cell = running->entry.cell;
        running->clock.restart(); // until now it may have waited for another client's cell
        states[cell].startedAt = QDateTime::currentDateTimeUtc();
        emit q->runStateChanged(cell);
    }
}

void NotebookSession::Private::handleReply(const KernelMessage &message)
{
    router.flush();
    const QString status = textAt(message.content, "status");
    const auto count = message.content.find("execution_count");
    if (count != message.content.end() && count->is_number_integer()) {
        states[running->entry.cell].executionCount = count->get<int>();
        document.setExecutionCount(running->entry.cell, count->get<int>());
    }
    if (status == QLatin1String("error")) {
        const bool wasInterrupted =
            textAt(message.content, "ename") == QLatin1String("KeyboardInterrupt");
        running->outcome = wasInterrupted ? Phase::Interrupted : Phase::Failed;
        running->replyError = errorFromReply(message);
    } else if (status != QLatin1String("ok")) {
        running->outcome = Phase::Aborted;
    } else {
        handlePayload(message.content);
    }
    if (!running)
        return;
    running->hasReply = true;
    if (running->isIdle)
        finish();
    else
        idleGrace.start();
}

void NotebookSession::Private::handlePayload(const nlohmann::json &content)
{
    const auto payload = content.find("payload");
    if (payload == content.end() || !payload->is_array())
        return;
    const CellId cell = running->entry.cell;
    for (const auto &item : *payload) {
        const QString source = textAt(item, "source");
        if (source == QLatin1String("page")) {
            const auto data = item.find("data");
            if (data != item.end())
                emit q->pagerRequested(textAt(*data, "text/plain"));
        } else if (source == QLatin1String("set_next_input")) {
            const auto replace = item.find("replace");
            emit q->nextInputRequested(cell, textAt(item, "text"),
                                       replace != item.end() && replace->is_boolean() &&
                                           replace->get<bool>());
        }
    }
}

void NotebookSession::Private::handleInputRequest(const KernelMessage &message)
{
    router.flush();
    const auto password = message.content.find("password");
    input =
        Input{running->entry.cell, textAt(message.content, "prompt"),
              password != message.content.end() && password->is_boolean() && password->get<bool>()};
    emit q->inputRequested(input->cell, input->prompt, input->password);
}

void NotebookSession::Private::endInput()
{
    if (const auto ended = std::exchange(input, std::nullopt))
        emit q->inputEnded(ended->cell);
}

void NotebookSession::Private::handleExecutionState(const QString &state)
{
    if (!isKernelGone(state))
        return;
    // "restarting" can come after a run that was asked for since: that one is still to be
    // answered by the new kernel, and the connection tells if it is not.
    const bool runIsNewer = running && !running->hasStarted && state == QLatin1String("restarting");
    if (!runIsNewer)
        abortAll(Phase::Failed);
}

void NotebookSession::Private::handleConnectionState(KernelConnection::State state)
{
    if (state == KernelConnection::State::Closed)
        abortAll(Phase::Failed);
    else
        startNext();
}

void NotebookSession::Private::handleContentReset()
{
    abortAll(Phase::Aborted);
    router.forgetAll();
    states.clear();
    dialect.reset();
}

NotebookSession::NotebookSession(NotebookDocument &document, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(this, document))
{}

NotebookSession::~NotebookSession() = default;

void NotebookSession::setConnection(KernelConnection *connection)
{
    if (connection == d->connection)
        return;
    if (d->connection != nullptr) {
        d->connection->disconnect(d.get());
        d->connection = nullptr;
        d->abortAll(Phase::Aborted);
        d->router.forgetAll();
    }
    d->connection = connection;
    if (connection == nullptr)
        return;
    Private *const p = d.get();
    connect(connection, &KernelConnection::messageReceived, p, &Private::handleMessage);
    connect(connection, &KernelConnection::executionStateChanged, p,
            &Private::handleExecutionState);
    connect(connection, &KernelConnection::stateChanged, p, &Private::handleConnectionState);
    connect(connection, &KernelConnection::executeLost, p, [p](const MsgId &request) {
        if (p->running && p->running->request == request)
            p->abortAll(Phase::Failed);
    });
    connect(connection, &QObject::destroyed, p, [p] {
        p->connection = nullptr;
        p->abortAll(Phase::Aborted);
    });
    d->startNext();
}

KernelConnection *NotebookSession::connection() const
{
    return d->connection;
}

void NotebookSession::run(std::span<const CellId> cells, OnError onError)
{
    for (const CellId &id : cells) {
        const Cell *cell = d->document.findCell(id);
        if (cell != nullptr && cell->kind == CellKind::Code)
            d->enqueue(id, onError);
    }
    emit queueChanged();
    d->startNext();
}

void NotebookSession::cancelQueued(const CellId &id)
{
    if (!d->ticketOf.contains(id))
        return;
    const quint64 ticket = d->ticketOf.take(id);
    std::erase_if(d->queue,
                  [ticket](const Private::Entry &entry) { return entry.ticket == ticket; });
    if (runningCell() != id)
        d->setPhase(id, Phase::NotRun);
    emit queueChanged();
    if (d->queue.empty() && !d->running)
        emit queueFinished(true);
}

void NotebookSession::clearQueue()
{
    const bool hadQueue = d->abortQueue();
    if (hadQueue && !d->running)
        emit queueFinished(false);
}

void NotebookSession::answerInput(const QString &value)
{
    if (!d->input || d->connection == nullptr)
        return;
    const Private::Input asked = *d->input;
    d->connection->sendInput(value);
    Output echo;
    echo.kind = OutputKind::Stream;
    echo.streamName = QStringLiteral("stdin");
    echo.text = asked.prompt + (asked.password ? QString(8, QChar(0x00B7)) : value) + u'\n';
    d->router.append(asked.cell, echo);
    d->endInput();
}

void NotebookSession::reset()
{
    d->abortAll(Phase::Aborted);
    d->router.forgetAll();
    if (d->connection != nullptr)
        d->connection->expectRestart();
}

CellRunState NotebookSession::runState(const CellId &id) const
{
    CellRunState state = d->states.value(id);
    if (const auto it = d->ticketOf.constFind(id); it != d->ticketOf.constEnd()) {
        const auto at = std::lower_bound(
            d->queue.begin(), d->queue.end(), *it,
            [](const Private::Entry &entry, quint64 ticket) { return entry.ticket < ticket; });
        state.queuePosition = static_cast<int>(at - d->queue.begin()) + 1;
    }
    return state;
}

CellId NotebookSession::runningCell() const
{
    return d->running ? d->running->entry.cell : CellId();
}

int NotebookSession::queueLength() const
{
    return static_cast<int>(d->queue.size());
}

bool NotebookSession::isBusy() const
{
    return d->running.has_value() || !d->queue.empty();
}

void NotebookSession::setRecordTimes(bool on)
{
    d->recordsTimes = on;
}

void NotebookSession::setAllowStdin(bool on)
{
    d->allowsStdin = on;
}

} // namespace farcell
