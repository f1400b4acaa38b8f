#include "core/client/kernelconnectionprivate.h"

#include "core/base/onfinished.h"
#include "core/client/kernelreplies.h"
#include "core/client/runtimejson.h"
#include "core/jupyter/messages.h"

#include <utility>

namespace farcell {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds lostGrace = 3s;

std::string dump(const json &value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

MsgId newId()
{
    return MsgId(QString::fromStdString(wire::newUuid()));
}

} // namespace

KernelConnection::Private::Private(KernelConnection *connection, const Endpoint &endpoint,
                                   KernelId kernel, QString name, const ConnectOptions &options)
    : q(connection)
    , id(std::move(kernel))
    , kernelName(std::move(name))
    , sessionName(options.session.isEmpty() ? QString::fromStdString(wire::newUuid())
                                            : options.session)
    , socket(endpoint, id, sessionName)
    , handshake([this](const MsgId &message) {
        socket.send(build("shell", "kernel_info_request", message, json::object()));
    })
{
    if (options.since) {
        lastSequence = *options.since;
        socket.setSince(*options.since);
    }
    connect(&handshake, &KernelHandshake::patienceEnded, this, &Private::becomeReady);
    connect(&handshake, &KernelHandshake::answered, this, &Private::settle);
    connect(&handshake, &KernelHandshake::infoCame, this, [this](const KernelMessage &message) {
        info = infoFrom(message.content);
        emit q->infoReceived();
    });
    connect(&socket, &KernelSocket::opened, this, &Private::handleOpened);
    connect(&socket, &KernelSocket::lost, this, &Private::handleLost);
    connect(&socket, &KernelSocket::gaveUp, this, &Private::handleGaveUp);
    connect(&socket, &KernelSocket::messageReceived, this, &Private::handleMessage);
    connect(&socket, &KernelSocket::linkChanged, this,
            [this] { emit q->linkChanged(socket.link()); });
}

KernelConnection::Private::~Private()
{
    isEnding = true;
    failPending({ErrorCode::Cancelled, KernelConnection::tr("The request was cancelled"), {}});
}

// --- what is sent

OutgoingMessage KernelConnection::Private::build(const char *channel, const char *type,
                                                 const MsgId &message, const json &content) const
{
    OutgoingMessage out;
    out.channel = channel;
    out.header =
        wire::makeHeader(type, sessionName.toStdString(), message.toString().toStdString());
    out.content = dump(content);
    return out;
}

MsgId KernelConnection::Private::post(const char *channel, const char *type, const json &content)
{
    MsgId message = newId();
    OutgoingMessage out = build(channel, type, message, content);
    if (isReady && socket.isOpen())
        socket.send(out);
    else if (state != State::Closed)
        queue.push_back({message, std::move(out)});
    return message;
}

void KernelConnection::Private::unqueue(const MsgId &message)
{
    std::erase_if(queue, [&](const Queued &queued) { return queued.id == message; });
}

// Marked so that the runtime takes it once, however often it is sent.
void KernelConnection::Private::add(Unanswered::Request request)
{
    unanswered.add(std::move(request));
    if (isReady && socket.isOpen())
        unanswered.send(false, [this](const OutgoingMessage &message) { socket.send(message); });
}

MsgId KernelConnection::Private::execute(const json &content, const QString &cellId)
{
    Unanswered::Request request;
    request.id = newId();
    request.message = build("shell", "execute_request", request.id, content);
    json metadata{{"farcell_once", true}};
    if (!cellId.isEmpty())
        metadata["cellId"] = cellId.toStdString();
    request.message.metadata = dump(metadata);
    MsgId message = request.id;
    if (state == State::Closed)
        QTimer::singleShot(0, this, [this, message] { emit q->executeLost(message); });
    else
        add(std::move(request));
    return message;
}

void KernelConnection::Private::answerInput(const json &content)
{
    Unanswered::Request request;
    request.id = newId();
    request.asker = inputAsker;
    request.message = build("stdin", "input_reply", request.id, content);
    request.message.parentHeader = dump(inputRequest);
    request.message.metadata = dump({{"farcell_once", true}});
    if (isDurable)
        add(std::move(request));
    else if (socket.isOpen()) // others would take a repeated answer for that of the next question
        socket.send(request.message);
}

void KernelConnection::Private::cancel(const MsgId &message)
{
    if (!unanswered.contains(message))
        return;
    if (!unanswered.sentExecutions().contains(message)) {
        unanswered.remove(message);
        emit q->executeLost(message);
        return;
    }
    HttpRequest request;
    request.verb = "DELETE";
    request.path =
        QStringLiteral("api/farcell/kernels/%1/queue/%2").arg(id.toString(), message.toString());
    socket.http().send(request, [](const Result<HttpReply> &) {});
}

QFuture<std::optional<QList<MsgId>>> KernelConnection::Private::openExecutions()
{
    auto promise = std::make_shared<QPromise<std::optional<QList<MsgId>>>>();
    promise->start();
    HttpRequest request;
    request.path = QStringLiteral("api/farcell/kernels/%1/queue").arg(id.toString());
    socket.http().send(request, [promise](const Result<HttpReply> &reply) {
        std::optional<QList<MsgId>> known;
        const auto body = reply ? parseObject(reply->body) : tl::unexpected(reply.error());
        if (body && body->contains("items") && (*body)["items"].is_array()) {
            known.emplace();
            for (const json &item : (*body)["items"])
                known->append(MsgId(textAt(item, "msg_id")));
        }
        promise->addResult(known);
        promise->finish();
    });
    return promise->future();
}

// --- the line

void KernelConnection::Private::handleOpened()
{
    setState(State::Connected);
    if (isDurable && !info.languageName.isEmpty())
        return; // the rest follows once the replay has ended
    isReady = false;
    handshake.begin(false);
}

void KernelConnection::Private::handleLost()
{
    isReady = false;
    mayHaveLost = true;
    handshake.stop();
    setState(State::Reconnecting);
    failPending({ErrorCode::Unavailable, KernelConnection::tr("The connection was lost"), {}});
    if (!isDurable && unanswered.hasSent())
        emit q->outputsMissing(
            KernelConnection::tr("The connection was lost while code ran. This server does not "
                                 "keep all output, so some may be missing"));
}

void KernelConnection::Private::handleGaveUp(const Error &error)
{
    isReady = false;
    handshake.stop();
    queue.clear();
    unanswered.takeExecutions(); // failed() tells of all of them
    failPending(error);
    if (error.code == ErrorCode::NotFound)
        setExecutionState(QStringLiteral("dead"));
    setState(State::Closed);
    emit q->failed(error);
}

void KernelConnection::Private::expectRestart()
{
    if (isDurable || !socket.isOpen())
        return; // the keeper holds requests back; or it comes with the next connection
    isReady = false;
    mayHaveLost = true;
    handshake.begin(true);
}

void KernelConnection::Private::settle()
{
    handshake.stop();
    if (!isDurable && std::exchange(mayHaveLost, false))
        checkLostExecutes();
    becomeReady();
}

void KernelConnection::Private::becomeReady()
{
    if (!socket.isOpen() || (isDurable && socket.link().phase == LinkState::Phase::CatchingUp))
        return;
    isReady = true;
    if (!isDurable && !hasNumbers)
        socket.setCaughtUp(); // a server that knows no replay
    const auto send = [this](const OutgoingMessage &message) { socket.send(message); };
    unanswered.send(isDurable && std::exchange(mayHaveLost, false), send);
    for (const Queued &queued : std::exchange(queue, {}))
        socket.send(queued.message);
}

// The server has sent everything up to when this connection was opened. Now what is still
// unanswered is sent again: what the runtime has taken already it drops.
void KernelConnection::Private::handleLive()
{
    isDurable = true;
    socket.setCaughtUp();
    const bool hadLoss = mayHaveLost;
    becomeReady();
    if (hadLoss && !unanswered.sentExecutions().isEmpty())
        verifyExecutes(unanswered.sentExecutions());
    if (hadLoss)
        socket.askModel([this](const QString &modelState) {
            if (modelState == QLatin1String("dead") && state == State::Connected)
                handleStatus(modelState); // its last words may have been lost with its keeper
        });
    emit q->caughtUp();
}

void KernelConnection::Private::handleGap(const json &content)
{
    const auto first = content.find("first");
    if (first == content.end() || !first->is_number_unsigned() || first->get<quint64>() == 0)
        return;
    lastSequence = first->get<quint64>() - 1;
    socket.setSince(lastSequence);
    mayHaveLost = true;
    emit q->outputsMissing(KernelConnection::tr("The runtime no longer keeps all of the output "
                                                "since the last connection; some is missing"));
}

// --- what comes

void KernelConnection::Private::handleMessage(const KernelMessage &message)
{
    if (message.sequence != 0) {
        hasNumbers = true;
        if (message.sequence <= lastSequence)
            return; // it came before the line broke
        if (!message.goesOn) {
            lastSequence = message.sequence;
            socket.setSince(lastSequence);
        }
    }
    unanswered.note(message);
    const QString type = message.type();
    if (message.channel == QLatin1String("iopub")) {
        handleBroadcast(message, type);
    } else if (type == QLatin1String("input_request")) {
        inputRequest = message.header;
        inputAsker = message.parentId();
    } else if (type.endsWith(QLatin1String("_reply"))) {
        if (const auto answer = pending.take(message.parentId()))
            answer(message);
    }
    handshake.handle(message);
    emit q->messageReceived(message);
}

void KernelConnection::Private::handleBroadcast(const KernelMessage &message, const QString &type)
{
    if (type == QLatin1String("status"))
        handleStatus(textAt(message.content, "execution_state"),
                     textAt(message.metadata, "farcell_reason"));
    else if (type == QLatin1String("shutdown_reply"))
        handleShutdown(message);
    else if (type == QLatin1String("comm_open"))
        refuseComm(message);
    else if (type == QLatin1String("farcell_live"))
        handleLive();
    else if (type == QLatin1String("farcell_gap"))
        handleGap(message.content);
}

void KernelConnection::Private::handleStatus(const QString &newState, const QString &reason)
{
    const bool isRestart =
        newState == QLatin1String("restarting") || newState == QLatin1String("autorestarting");
    if (isRestart || newState == QLatin1String("dead")) {
        failPending({ErrorCode::Unavailable, KernelConnection::tr("The kernel has stopped"), {}});
        deathReason = reason;
        unanswered.forgetHeard();
        mayHaveLost = mayHaveLost || !isDurable;
        // The keeper answers for a kernel that ended; nobody does when the keeper is gone as well.
        if (isDurable && !unanswered.sentExecutions().isEmpty())
            verifyExecutes(unanswered.sentExecutions());
    }
    if (isRestart)
        expectRestart();
    if (!newState.isEmpty())
        setExecutionState(isRestart ? QStringLiteral("restarting") : newState);
}

// The kernel tells all its clients that it goes; not every server says more about a restart.
void KernelConnection::Private::handleShutdown(const KernelMessage &message)
{
    const auto restart = message.content.find("restart");
    if (restart != message.content.end() && restart->is_boolean() && restart->get<bool>())
        handleStatus(QStringLiteral("restarting"));
}

// No front-end object of ours answers to any target. Comms opened for another client's request
// are that client's business.
void KernelConnection::Private::refuseComm(const KernelMessage &message)
{
    if (textAt(message.parentHeader, "session") != sessionName)
        return;
    const auto comm = message.content.find("comm_id");
    if (comm != message.content.end() && comm->is_string())
        post("shell", "comm_close", {{"comm_id", *comm}, {"data", json::object()}});
}

// --- what may be lost

// Shell is answered in order, so a reply that is not here when a later request was answered by an
// idle kernel got lost with the line. A little patience lets replayed messages come in first.
void KernelConnection::Private::checkLostExecutes()
{
    const QList<MsgId> asked = unanswered.sentExecutions();
    if (!asked.isEmpty())
        verifyExecutes(asked);
}

void KernelConnection::Private::verifyExecutes(const QList<MsgId> &asked)
{
    unanswered.forgetHeard();
    QTimer::singleShot(lostGrace, this, [this, asked] {
        if (!socket.isOpen())
            return; // the next connection begins anew
        if (isDurable) {
            onFinished(openExecutions(), this,
                       [this, asked](const std::optional<QList<MsgId>> &known) {
                           loseUnknown(asked, known);
                       });
            return;
        }
        socket.askModel([this, asked](const QString &modelState) {
            const bool isIdle = modelState == QLatin1String("idle");
            loseUnknown(asked, isIdle ? std::optional<QList<MsgId>>(QList<MsgId>())
                                      : std::optional<QList<MsgId>>());
        });
    });
}

void KernelConnection::Private::loseUnknown(const QList<MsgId> &asked,
                                            const std::optional<QList<MsgId>> &known)
{
    if (isEnding)
        return; // the socket ends the question while the rest of us is gone already
    QList<MsgId> open;
    for (const MsgId &message : asked) {
        if (!unanswered.contains(message) || (known && known->contains(message)))
            continue;
        if (!known || unanswered.wasHeard(message)) {
            open.append(message); // still running, or its messages are still coming
            continue;
        }
        unanswered.remove(message);
        emit q->executeLost(message);
    }
    if (!open.isEmpty())
        verifyExecutes(open);
}

// --- state

void KernelConnection::Private::setState(State newState)
{
    if (std::exchange(state, newState) != newState)
        emit q->stateChanged(newState);
}

void KernelConnection::Private::setExecutionState(const QString &newState)
{
    if (executionState == newState)
        return;
    executionState = newState;
    emit q->executionStateChanged(newState);
}

void KernelConnection::Private::failPending(const Error &error)
{
    std::erase_if(queue, [&](const Queued &queued) { return pending.contains(queued.id); });
    for (const auto &answer : std::exchange(pending, {}))
        answer(tl::unexpected(error));
}

} // namespace farcell
