#include "core/client/notebooksessionprivate.h"

#include "core/client/outputmessage.h"
#include "core/client/runtimejson.h"
#include "core/notebook/notebookdocument.h"

#include <utility>

namespace farcell {

namespace {

bool isKernelGone(const QString &executionState)
{
    return executionState == QLatin1String("restarting") || executionState == QLatin1String("dead");
}

} // namespace

void NotebookSession::Private::handleMessage(const KernelMessage &message)
{
    if (message.type() == api::usageMessage) {
        handleUsage(message);
        return;
    }
    if (message.type() == api::gpuShortageMessage) {
        handleGpuShortage(message);
        return;
    }
    CellRun *const run = find(message.parentId());
    if (run == nullptr && message.type() == QLatin1String("execute_input"))
        follow(message);
    else if (run == nullptr)
        router.handle(message); // late output of a background thread, display updates
    else if (run->isForeign)
        handleFollowed(*run, message);
    else
        handleOwn(*run, message);
}

void NotebookSession::Private::handleOwn(CellRun &run, const KernelMessage &message)
{
    const QString type = message.type();
    if (idleGrace.isActive() && run.request == activeRequest)
        idleGrace.start();
    run.times.note(message);
    if (message.channel != QLatin1String("iopub")) {
        if (type == QLatin1String("execute_reply"))
            handleReply(run, message);
        else if (type == QLatin1String("input_request"))
            handleInputRequest(run, message);
        return;
    }
    if (type == QLatin1String("status")) {
        handleStatus(run, textAt(message.content, "execution_state"));
        return;
    }
    run.hasBegun = true;
    if (run.request != activeRequest)
        activate(run);
    if (type == QLatin1String("execute_input")) {
        setCount(run.cell, message.content);
        return;
    }
    if (type == QLatin1String("error"))
        run.hasErrorOutput = true;
    router.handle(message);
}

void NotebookSession::Private::setCount(const CellId &cell, const nlohmann::json &content)
{
    const auto count = content.find("execution_count");
    if (count == content.end() || !count->is_number_integer())
        return;
    states[cell].executionCount = count->get<int>();
    document.setExecutionCount(cell, count->get<int>());
}

void NotebookSession::Private::handleStatus(CellRun &run, const QString &state)
{
    run.isIdle = state == QLatin1String("idle");
    if (run.isIdle && run.hasReply) {
        finish(run.request);
    } else if (state == QLatin1String("busy") && !std::exchange(run.hasStarted, true)) {
        if (run.request != activeRequest)
            return;          // shown once it is certain that it will not be aborted
        run.clock.restart(); // until now it may have waited for another client's cell
        states[run.cell].startedAt = QDateTime::currentDateTimeUtc();
        emit q->runStateChanged(run.cell);
    }
}

void NotebookSession::Private::handleReply(CellRun &run, const KernelMessage &message)
{
    router.flush();
    const MsgId request = run.request;
    const QString status = textAt(message.content, "status");
    setCount(run.cell, message.content);
    if (status == QLatin1String("error")) {
        const bool wasInterrupted =
            textAt(message.content, "ename") == QLatin1String("KeyboardInterrupt");
        run.outcome = wasInterrupted ? Phase::Interrupted : Phase::Failed;
        run.replyError = errorFromReply(message);
    } else if (status != QLatin1String("ok")) {
        const bool isDurable = connection != nullptr && connection->isDurable();
        // It never began, or its kernel ended in the middle: no "idle" will follow.
        const bool isLost = run.hasBegun || flagAt(message.content, "farcell_kernel_ended");
        run.outcome = isLost && isDurable ? Phase::Failed : Phase::Aborted;
        if (isDurable) {
            finish(request);
            return;
        }
    } else {
        handlePayload(run, message.content);
    }
    CellRun *const now = find(request); // a slot may have ended it
    if (now == nullptr)
        return;
    now->hasReply = true;
    if (now->isIdle)
        finish(request);
    else if (request == activeRequest)
        idleGrace.start();
}

void NotebookSession::Private::handlePayload(const CellRun &run, const nlohmann::json &content)
{
    const auto payload = content.find("payload");
    if (payload == content.end() || !payload->is_array())
        return;
    const CellId cell = run.cell;
    for (const auto &item : *payload) {
        const QString source = textAt(item, "source");
        if (source == QLatin1String("page")) {
            const auto data = item.find("data");
            if (data != item.end())
                emit q->pagerRequested(textAt(*data, "text/plain"));
        } else if (source == QLatin1String("set_next_input")) {
            emit q->nextInputRequested(cell, textAt(item, "text"), flagAt(item, "replace"));
        }
    }
}

void NotebookSession::Private::handleInputRequest(const CellRun &run, const KernelMessage &message)
{
    router.flush();
    input = Input{run.request, run.cell, textAt(message.content, "prompt"),
                  flagAt(message.content, "password")};
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
    const std::vector<CellRun> others = followed;
    for (const CellRun &run : others) {
        if (run.hasStarted)
            endFollowed(run.request, Phase::Failed);
    }
    if (connection != nullptr && connection->isDurable())
        return; // the keeper answers for the kernel that ended
    // "restarting" can come after a run that was asked for since: that one is still to be
    // answered by the new kernel, and the connection tells if it is not.
    const CellRun *const run = active();
    const bool runIsNewer =
        run != nullptr && !run->hasStarted && state == QLatin1String("restarting");
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

// The connection is certain that no answer will come.
void NotebookSession::Private::handleLost(const MsgId &request)
{
    CellRun *const run = find(request);
    if (run == nullptr || run->isForeign)
        return;
    if (connection == nullptr || !connection->isDurable()) {
        if (request == activeRequest)
            abortAll(Phase::Failed);
        return;
    }
    run->outcome = run->hasBegun ? Phase::Failed : Phase::Aborted;
    finish(request);
}

// The run may be over already, or have been over before this app was started.
CellId NotebookSession::Private::cellOf(const MsgId &request, const QString &sentId)
{
    if (const CellRun *const run = find(request))
        return run->cell;
    for (const auto &[message, cell] : recent) {
        if (message == request)
            return cell;
    }
    const CellId named = cellNamed(sentId);
    // A cell without an id in the file was sent with ours.
    return named.isEmpty() && document.findCell(CellId(sentId)) != nullptr ? CellId(sentId) : named;
}

void NotebookSession::Private::handleUsage(const KernelMessage &message)
{
    const auto usage = api::cellUsageFromJson(message.content);
    const CellId cell = usage ? cellOf(usage->message, usage->cellId) : CellId();
    if (cell.isEmpty())
        return;
    const CellRun *const now = active();
    const bool runsAgain = now != nullptr && now->cell == cell && now->request != usage->message;
    if (!runsAgain) {
        states[cell].usage = *usage;
        emit q->runStateChanged(cell);
    }
    emit q->usageReported(cell, *usage);
}

void NotebookSession::Private::handleGpuShortage(const KernelMessage &message)
{
    const auto shortage = api::gpuShortageFromJson(message.content);
    const CellId cell = shortage ? cellOf(message.parentId(), {}) : CellId();
    if (!cell.isEmpty())
        emit q->gpuShortageReported(cell, *shortage);
}

void NotebookSession::Private::handleContentReset()
{
    abortAll(Phase::Aborted);
    router.forgetAll();
    followed.clear();
    recent.clear();
    states.clear();
    dialect.reset();
}

} // namespace farcell
