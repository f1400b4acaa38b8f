#include "core/client/notebooksessionprivate.h"

#include "core/client/runtimejson.h"
#include "core/notebook/notebookdocument.h"

#include <QLoggingCategory>
#include <QPointer>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

Q_LOGGING_CATEGORY(lcSession, "farcell.client.session")

using namespace std::chrono_literals;

// What was on its way when the last app was killed has arrived by then.
constexpr std::chrono::milliseconds arrivalGrace = 3s;
constexpr std::size_t mostRecent = 64; // remembered

} // namespace

void NotebookSession::Private::setConnected(KernelConnection *newConnection)
{
    connection = newConnection;
    if (newConnection == nullptr)
        return;
    connect(newConnection, &KernelConnection::messageReceived, this, &Private::handleMessage);
    connect(newConnection, &KernelConnection::executionStateChanged, this,
            &Private::handleExecutionState);
    connect(newConnection, &KernelConnection::stateChanged, this, &Private::handleConnectionState);
    connect(newConnection, &KernelConnection::executeLost, this, &Private::handleLost);
    connect(newConnection, &KernelConnection::caughtUp, this, [this] {
        startNext();
        checkFollowed(false);
    });
    connect(newConnection, &QObject::destroyed, this, [this] {
        connection = nullptr;
        abortAll(Phase::Aborted);
    });
    startNext();
}

CellId NotebookSession::Private::cellNamed(const QString &fileId) const
{
    for (int i = 0; i < document.cellCount() && !fileId.isEmpty(); ++i) {
        const Cell &cell = document.cellAt(i);
        if (cell.kind == CellKind::Code && cell.fileId == fileId)
            return cell.id;
    }
    return {};
}

// Somebody else runs a cell of this notebook, or did while we were away.
void NotebookSession::Private::follow(const KernelMessage &message)
{
    CellRun run;
    run.isForeign = true;
    run.request = message.parentId();
    run.cell = cellNamed(textAt(message.metadata, "farcell_cell"));
    if (run.cell.isEmpty() || run.request.isEmpty())
        return;
    followed.push_back(std::move(run));
    remember({message.parentId(), textAt(message.metadata, "farcell_cell"), message.sequence - 1,
              false});
    handleFollowed(followed.back(), message);
}

void NotebookSession::Private::handleFollowed(CellRun &run, const KernelMessage &message)
{
    const QString type = message.type();
    const MsgId request = run.request;
    if (type == QLatin1String("status")) {
        const bool isIdle = textAt(message.content, "execution_state") == QLatin1String("idle");
        if (isIdle && run.hasStarted)
            endFollowed(request, run.hasErrorOutput ? Phase::Failed : Phase::Succeeded);
        return;
    }
    if (type == QLatin1String("execute_reply")) {
        const QString status = textAt(message.content, "status");
        if (status != QLatin1String("ok") && status != QLatin1String("error"))
            endFollowed(request, run.hasStarted ? Phase::Failed : Phase::Aborted);
        return;
    }
    if (!run.hasStarted)
        beginFollowed(run);
    if (type == QLatin1String("execute_input")) {
        setCount(run.cell, message.content);
    } else if (type == QLatin1String("input_request")) {
        handleInputRequest(run, message);
    } else {
        run.hasErrorOutput = run.hasErrorOutput || type == QLatin1String("error");
        router.handle(message);
    }
}

void NotebookSession::Private::beginFollowed(CellRun &run)
{
    run.hasStarted = true;
    run.clock.start();
    const CellId cell = run.cell;
    router.begin(run.request, cell);
    document.startOutputs(cell);
    CellRunState state;
    state.startedAt = QDateTime::currentDateTimeUtc();
    states.insert(cell, state);
    setPhase(cell, Phase::Running);
    persist();
}

void NotebookSession::Private::endFollowed(const MsgId &given, Phase outcome)
{
    const MsgId request = given; // it may lie in what is erased here
    const auto it = std::find_if(followed.begin(), followed.end(),
                                 [&](const CellRun &run) { return run.request == request; });
    if (it == followed.end())
        return;
    router.flush();
    if (input && input->request == request)
        endInput();
    const CellRun ended = std::move(*it);
    followed.erase(it);
    noteOver(request, ended.cell);
    if (ended.hasStarted)
        states[ended.cell].elapsed = std::chrono::milliseconds(ended.clock.elapsed());
    setPhase(ended.cell, isQueued(ended.cell) ? Phase::Queued : outcome);
    emit q->cellFinished(ended.cell, outcome == Phase::Succeeded);
}

// Runs of the time before this app was started: their messages come by the replay. One that the
// runtime does not know never got there, or its end is not kept any more.
void NotebookSession::Private::resume(const Attachment &earlier)
{
    for (const PendingRun &pending : earlier.runs) {
        const CellId cell = cellNamed(pending.cellId);
        if (cell.isEmpty() || find(pending.request) != nullptr)
            continue;
        remember(pending);
        CellRun run;
        run.isForeign = true;
        run.request = pending.request;
        run.cell = cell;
        followed.push_back(std::move(run));
        if (!pending.isOver)
            setPhase(cell, Phase::Queued);
    }
    persist();
}

void NotebookSession::Private::checkFollowed(bool isLast)
{
    if (followed.empty() || connection == nullptr)
        return;
    // Guarded here: the session may end before the connection, and Qt's then() takes it badly when
    // its context is gone.
    connection->openExecutions().then(
        [guard = QPointer<Private>(this), isLast](const std::optional<QList<MsgId>> &known) {
            if (guard && known)
                guard->endUnknown(*known, isLast);
        });
}

void NotebookSession::Private::endUnknown(const QList<MsgId> &known, bool isLast)
{
    const std::vector<CellRun> before = followed;
    bool isUnsure = false;
    for (const CellRun &run : before) {
        if (known.contains(run.request))
            continue;
        if (isLast)
            endFollowed(run.request, wasOver(run.request) ? Phase::NotRun : Phase::Aborted);
        else
            isUnsure = true;
    }
    if (isUnsure)
        QTimer::singleShot(arrivalGrace, this, [this] { checkFollowed(true); });
}

// --- what a next start of the app needs to know

void NotebookSession::Private::noteSent(const CellRun &run)
{
    const Cell *const cell = document.findCell(run.cell);
    if (cell == nullptr || connection == nullptr)
        return;
    remember({run.request, cell->fileId.value_or(QString()), connection->lastSequence(), false});
}

// A new run of a cell takes the place of those that are over.
void NotebookSession::Private::remember(const PendingRun &run)
{
    attachment.runs.removeIf([&](const PendingRun &known) {
        return known.request == run.request || (known.isOver && known.cellId == run.cellId);
    });
    attachment.runs.append(run);
}

bool NotebookSession::Private::wasOver(const MsgId &request) const
{
    return std::any_of(attachment.runs.cbegin(), attachment.runs.cend(),
                       [&](const PendingRun &run) { return run.request == request && run.isOver; });
}

void NotebookSession::Private::noteOver(const MsgId &request, const CellId &cell)
{
    recent.emplace_back(request, cell);
    if (recent.size() > mostRecent)
        recent.pop_front();
    if (connection == nullptr)
        return; // it is we who went: the run goes on
    for (PendingRun &run : attachment.runs) {
        if (run.request == request)
            run.isOver = true;
    }
    if (store == nullptr)
        attachment.runs.removeIf([](const PendingRun &run) { return run.isOver; });
    persist();
}

void NotebookSession::Private::noteSaved()
{
    attachment.runs.removeIf([](const PendingRun &run) { return run.isOver; });
    persist();
}

void NotebookSession::Private::persist()
{
    if (store == nullptr || connection == nullptr)
        return;
    attachment.session = connection->session();
    attachment.since = connection->lastSequence();
    for (const PendingRun &run : std::as_const(attachment.runs))
        attachment.since = std::min(attachment.since, run.since);
    if (const auto written = store->put(attachment); !written)
        qCWarning(lcSession) << written.error().message << written.error().detail;
}

} // namespace farcell
