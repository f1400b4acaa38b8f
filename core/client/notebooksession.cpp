#include "core/client/notebooksession.h"

#include "core/client/attachmentstore.h"
#include "core/client/notebooksessionprivate.h"
#include "core/notebook/notebookdocument.h"

#include <utility>

namespace farcell {

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
        d->abortAll(CellRunState::Phase::Aborted);
        d->followed.clear();
        d->endInput();
        d->router.forgetAll();
    }
    d->setConnected(connection);
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

void NotebookSession::runText(const CellId &id, const QString &text)
{
    const Cell *cell = d->document.findCell(id);
    if (cell == nullptr || cell->kind != CellKind::Code)
        return;
    d->enqueue(id, OnError::Stop, text);
    emit queueChanged();
    d->startNext();
}

void NotebookSession::cancelQueued(const CellId &id)
{
    d->cancel(id);
}

void NotebookSession::clearQueue()
{
    if (d->connection == nullptr || !d->connection->isDurable()) {
        const bool hadQueue = d->abortQueue();
        if (hadQueue && d->runs.empty())
            emit queueFinished(false);
        return;
    }
    QList<CellId> queued;
    for (const CellRun &run : d->runs) {
        if (run.request.isEmpty() || run.request != d->activeRequest)
            queued.append(run.cell);
    }
    for (const CellId &id : std::as_const(queued))
        d->cancel(id);
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
    d->abortAll(CellRunState::Phase::Aborted);
    d->router.forgetAll();
    if (d->connection != nullptr)
        d->connection->expectRestart();
}

void NotebookSession::remember(AttachmentStore *store, const Attachment &base)
{
    d->store = store;
    d->attachment = base;
    d->persist();
}

void NotebookSession::resume(const Attachment &earlier)
{
    d->resume(earlier);
}

void NotebookSession::notebookSaved()
{
    d->noteSaved();
}

void NotebookSession::forget()
{
    if (d->store != nullptr)
        (void)d->store->remove(d->attachment.notebook);
    d->store = nullptr;
    d->attachment = {};
}

CellRunState NotebookSession::runState(const CellId &id) const
{
    CellRunState state = d->states.value(id);
    if (const auto position = d->positionOf(id))
        state.queuePosition = *position;
    return state;
}

CellId NotebookSession::runningCell() const
{
    if (const CellRun *const run = std::as_const(*d).active())
        return run->cell;
    for (const CellRun &run : d->followed) {
        if (run.hasStarted)
            return run.cell;
    }
    return {};
}

int NotebookSession::queueLength() const
{
    return static_cast<int>(d->runs.size()) - (d->activeRequest.isEmpty() ? 0 : 1);
}

std::vector<CellId> NotebookSession::queuedCells() const
{
    std::vector<CellId> cells;
    cells.reserve(d->runs.size());
    for (const CellRun &run : d->runs) {
        const bool isRunning = !d->activeRequest.isEmpty() && run.request == d->activeRequest;
        if (!isRunning && !run.isCancelled)
            cells.push_back(run.cell);
    }
    return cells;
}

bool NotebookSession::isBusy() const
{
    return !d->runs.empty() || !runningCell().isEmpty();
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
