#include "core/client/notebooksessionprivate.h"

#include "core/notebook/notebookdocument.h"

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

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

} // namespace

NotebookSession::Private::Private(NotebookSession *session, NotebookDocument &notebook)
    : q(session)
    , document(notebook)
    , router(notebook)
{
    idleGrace.setSingleShot(true);
    idleGrace.setInterval(idleGraceMs);
    connect(&idleGrace, &QTimer::timeout, this, [this] { finish(activeRequest); });
    connect(&document, &NotebookDocument::contentReset, this, &Private::handleContentReset);
}

CellRun *NotebookSession::Private::active()
{
    return activeRequest.isEmpty() ? nullptr : find(activeRequest);
}

const CellRun *NotebookSession::Private::active() const
{
    for (const CellRun &run : runs) {
        if (!activeRequest.isEmpty() && run.request == activeRequest)
            return &run;
    }
    return nullptr;
}

CellRun *NotebookSession::Private::find(const MsgId &request)
{
    if (request.isEmpty())
        return nullptr;
    for (CellRun &run : runs) {
        if (run.request == request)
            return &run;
    }
    for (CellRun &run : followed) {
        if (run.request == request)
            return &run;
    }
    return nullptr;
}

bool NotebookSession::Private::isQueued(const CellId &cell) const
{
    return positionOf(cell).has_value();
}

std::optional<int> NotebookSession::Private::positionOf(const CellId &cell) const
{
    int position = 0;
    for (const CellRun &run : runs) {
        if (run.isCancelled || (!activeRequest.isEmpty() && run.request == activeRequest))
            continue;
        ++position;
        if (run.cell == cell)
            return position;
    }
    return std::nullopt;
}

void NotebookSession::Private::setPhase(const CellId &cell, Phase phase)
{
    states[cell].phase = phase;
    emit q->runStateChanged(cell);
}

void NotebookSession::Private::enqueue(const CellId &cell, OnError onError,
                                       const std::optional<QString> &text)
{
    if (isQueued(cell))
        return;
    CellRun run;
    run.ticket = ++lastTicket;
    run.cell = cell;
    run.text = text;
    run.onError = onError;
    runs.push_back(std::move(run));
    const CellRun *const now = active();
    if (now == nullptr || now->cell != cell)
        setPhase(cell, Phase::Queued);
}

// A runtime that keeps the queue itself gets all of it at once; any other one gets a cell when the
// one before has ended, with the text the cell has then.
void NotebookSession::Private::startNext()
{
    bool hasSent = false;
    while (connection != nullptr && connection->state() != KernelConnection::State::Closed) {
        const auto next = std::find_if(runs.begin(), runs.end(),
                                       [](const CellRun &run) { return run.request.isEmpty(); });
        const bool isFirst = next == runs.begin();
        if (next == runs.end() || (!isFirst && !connection->isDurable()))
            break;
        const CellId cell = next->cell;
        if (send(*next) == Sent::Yes) {
            hasSent = true;
            if (activeRequest.isEmpty())
                activate(*next);
            emit q->queueChanged();
            continue;
        }
        runs.erase(next);
        emit q->queueChanged();
        emit q->cellFinished(cell, true);
        tellFinished();
    }
    if (hasSent)
        persist();
}

NotebookSession::Private::Sent NotebookSession::Private::send(CellRun &run)
{
    const Cell *cell = document.findCell(run.cell);
    if (cell == nullptr || cell->kind != CellKind::Code) {
        states.remove(run.cell);
        return Sent::Nothing;
    }
    QString code = run.text.value_or(cell->source);
    code.replace(QLatin1String("\r\n"), QLatin1String("\n"));
    if (code.trimmed().isEmpty()) {
        if (!cell->outputs.isEmpty() || cell->executionCount)
            document.startOutputs(run.cell);
        states.insert(run.cell, {});
        emit q->runStateChanged(run.cell);
        return Sent::Nothing;
    }
    run.expectsError = hasTag(*cell, "raises-exception");
    ExecuteOptions options;
    options.allowStdin = allowsStdin;
    options.stopOnError = run.onError == OnError::Stop && !run.expectsError;
    options.cellId = cell->fileId.value_or(run.cell.toString());
    run.request = connection->execute(code, options);
    noteSent(run);
    return Sent::Yes;
}

// From now on the cell shows this run.
void NotebookSession::Private::activate(CellRun &run)
{
    if (CellRun *const before = active(); before != nullptr && before != &run) {
        setPhase(before->cell, Phase::Queued); // another one was moved in front of it
    }
    activeRequest = run.request;
    const CellId cell = run.cell;
    const Cell *const shown = document.findCell(cell);
    if (shown != nullptr && (!shown->outputs.isEmpty() || shown->executionCount))
        document.startOutputs(cell);
    router.begin(run.request, cell);
    run.clock.start();
    CellRunState state;
    state.startedAt = QDateTime::currentDateTimeUtc();
    states.insert(cell, state);
    setPhase(cell, Phase::Running);
}

void NotebookSession::Private::recordTimes(const CellRun &run, std::chrono::milliseconds elapsed)
{
    if (!recordsTimes || document.findCell(run.cell) == nullptr)
        return;
    if (!dialect)
        dialect = ExecutionTimes::dialectOf(document);
    const auto patch = run.times.patch(*dialect, run.outcome == Phase::Succeeded,
                                       QDateTime::currentDateTimeUtc(), elapsed);
    if (!patch.is_null())
        document.mergeCellMetadata(run.cell, patch);
}

void NotebookSession::Private::finish(const MsgId &given)
{
    const MsgId request = given; // it often lies in what changes here
    const auto it = std::find_if(runs.begin(), runs.end(),
                                 [&](const CellRun &run) { return run.request == request; });
    if (it == runs.end() || request.isEmpty())
        return;
    // Kernels tell errors on iopub as well; only an internal failure comes in the reply alone.
    if (it->replyError && !it->hasErrorOutput)
        router.append(it->cell, *it->replyError);
    router.flush();
    const bool wasActive = request == activeRequest;
    if (wasActive) {
        idleGrace.stop();
        activeRequest = {};
    }
    if (input && input->request == request)
        endInput();
    const CellRun ended = std::move(*it);
    runs.erase(it);
    noteOver(request, ended.cell);
    const CellId cell = ended.cell;
    const bool hasRun = wasActive && ended.outcome != Phase::Aborted;
    if (wasActive) {
        states[cell].elapsed = std::chrono::milliseconds(ended.clock.elapsed());
        recordTimes(ended, states[cell].elapsed);
    }
    const bool ok =
        ended.outcome == Phase::Succeeded || (ended.expectsError && ended.outcome == Phase::Failed);
    const Phase shown = ended.isCancelled ? Phase::NotRun : ended.outcome;
    setPhase(cell, isQueued(cell) ? Phase::Queued : shown);
    const bool stops = !ok && !ended.isCancelled && ended.onError == OnError::Stop;
    hasFailed = hasFailed || stops;
    // A runtime that keeps the queue ends the others itself, and tells.
    if (stops && (connection == nullptr || !connection->isDurable()))
        abortQueue();
    if (wasActive || hasRun)
        emit q->cellFinished(cell, ok);
    if (activeRequest.isEmpty() && !runs.empty() && !runs.front().request.isEmpty())
        activate(runs.front());
    if (runs.empty()) {
        emit q->queueChanged();
        tellFinished();
    } else {
        startNext();
        emit q->queueChanged();
    }
}

void NotebookSession::Private::tellFinished()
{
    if (runs.empty())
        emit q->queueFinished(!std::exchange(hasFailed, false));
}

// Queued cells become Aborted. False if there were none.
bool NotebookSession::Private::abortQueue()
{
    std::vector<CellId> dropped;
    std::erase_if(runs, [&](const CellRun &run) {
        const bool isActive = !activeRequest.isEmpty() && run.request == activeRequest;
        if (!isActive)
            dropped.push_back(run.cell);
        return !isActive;
    });
    if (dropped.empty())
        return false;
    const CellRun *const now = active();
    for (const CellId &cell : dropped) {
        if (now == nullptr || now->cell != cell)
            setPhase(cell, Phase::Aborted);
    }
    emit q->queueChanged();
    return true;
}

// The kernel or the way to it is gone: nothing of what was asked will be answered.
void NotebookSession::Private::abortAll(Phase runningBecomes)
{
    const bool hadQueue = abortQueue();
    CellRun *const run = active();
    if (run == nullptr) {
        if (hadQueue) {
            hasFailed = false;
            emit q->queueFinished(false);
        }
        return;
    }
    run->outcome = runningBecomes;
    run->onError = OnError::Stop;
    run->expectsError = false;
    finish(run->request);
}

void NotebookSession::Private::cancel(const CellId &cell)
{
    const auto it = std::find_if(runs.begin(), runs.end(), [&](const CellRun &run) {
        const bool isActive = !activeRequest.isEmpty() && run.request == activeRequest;
        return run.cell == cell && !isActive;
    });
    if (it == runs.end())
        return;
    if (!it->request.isEmpty() && connection != nullptr) {
        it->isCancelled = true; // the runtime answers whether it came in time
        connection->cancelExecute(it->request);
    } else {
        runs.erase(it);
    }
    const CellRun *const now = active();
    if (now == nullptr || now->cell != cell)
        setPhase(cell, Phase::NotRun);
    emit q->queueChanged();
    if (runs.empty())
        emit q->queueFinished(true);
}

} // namespace farcell
