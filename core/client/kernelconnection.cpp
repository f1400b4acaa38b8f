#include "core/client/kernelconnection.h"

#include "core/client/codepoints.h"
#include "core/client/kernelconnectionprivate.h"
#include "core/client/kernelreplies.h"

#include <utility>

namespace farcell {

using nlohmann::json;

KernelConnection::KernelConnection(const Endpoint &endpoint, KernelId id, QString kernelName,
                                   const ConnectOptions &options, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(this, endpoint, std::move(id), std::move(kernelName), options))
{
    d->start();
}

KernelConnection::~KernelConnection() = default;

const KernelId &KernelConnection::kernelId() const
{
    return d->id;
}

const QString &KernelConnection::kernelName() const
{
    return d->kernelName;
}

KernelConnection::State KernelConnection::state() const
{
    return d->state;
}

LinkState KernelConnection::linkState() const
{
    return d->socket.link();
}

void KernelConnection::reconnectNow()
{
    d->socket.reconnectNow();
}

QString KernelConnection::session() const
{
    return d->sessionName;
}

quint64 KernelConnection::lastSequence() const
{
    return d->lastSequence;
}

bool KernelConnection::isDurable() const
{
    return d->isDurable;
}

QString KernelConnection::executionState() const
{
    return d->executionState;
}

QString KernelConnection::deathReason() const
{
    return d->deathReason;
}

const KernelInfo &KernelConnection::info() const
{
    return d->info;
}

MsgId KernelConnection::execute(const QString &code, const ExecuteOptions &options)
{
    const json content{{"code", code.toStdString()},
                       {"silent", options.silent},
                       {"store_history", options.storeHistory},
                       {"user_expressions", json::object()},
                       {"allow_stdin", options.allowStdin},
                       {"stop_on_error", options.stopOnError}};
    return d->execute(content, options.cellId);
}

void KernelConnection::cancelExecute(const MsgId &id)
{
    d->cancel(id);
}

QFuture<std::optional<QList<MsgId>>> KernelConnection::openExecutions()
{
    return d->openExecutions();
}

void KernelConnection::expectRestart()
{
    d->expectRestart();
}

void KernelConnection::sendInput(const QString &value)
{
    d->answerInput({{"status", "ok"}, {"value", value.toStdString()}});
}

QFuture<Result<CompletionReply>> KernelConnection::complete(const QString &code, int cursor)
{
    const json content{{"code", code.toStdString()},
                       {"cursor_pos", codePointPosition(code, cursor)}};
    return d->ask<CompletionReply>("complete_request", content, [code](const KernelMessage &reply) {
        return completionFrom(reply, code);
    });
}

QFuture<Result<InspectReply>> KernelConnection::inspect(const QString &code, int cursor,
                                                        int detailLevel)
{
    const json content{{"code", code.toStdString()},
                       {"cursor_pos", codePointPosition(code, cursor)},
                       {"detail_level", detailLevel}};
    return d->ask<InspectReply>("inspect_request", content, inspectionFrom);
}

} // namespace farcell
