#include "core/client/kernelconnection.h"

#include "core/client/codepoints.h"
#include "core/client/kernelmessage.h"
#include "core/client/kernelreplies.h"
#include "core/client/kernelsocket.h"
#include "core/client/runtimejson.h"
#include "core/jupyter/messages.h"

#include <QHash>
#include <QPromise>
#include <QSet>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace farcell {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds infoPatience = 3s; // JupyterLab's: then send all the same
constexpr std::chrono::milliseconds iopubPatience = 500ms;
constexpr int maxInfoTries = 20;
constexpr std::chrono::milliseconds replyTimeout = 10s;
constexpr std::chrono::milliseconds lostGrace = 3s;

std::string dump(const json &value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

class KernelConnection::Private : public QObject
{
public:
    using Reply = Result<KernelMessage>;

    Private(KernelConnection *connection, const Endpoint &endpoint, KernelId kernel, QString name)
        : q(connection)
        , id(std::move(kernel))
        , kernelName(std::move(name))
        , session(wire::newUuid())
        , socket(endpoint, id, QString::fromStdString(session))
    {
        patience.setSingleShot(true);
        connect(&patience, &QTimer::timeout, this, &Private::handlePatienceEnd);
        connect(&socket, &KernelSocket::opened, this, &Private::handleOpened);
        connect(&socket, &KernelSocket::lost, this, &Private::handleLost);
        connect(&socket, &KernelSocket::gaveUp, this, &Private::handleGaveUp);
        connect(&socket, &KernelSocket::messageReceived, this, &Private::handleMessage);
    }
    ~Private() override
    {
        failPending({ErrorCode::Cancelled, KernelConnection::tr("The request was cancelled"), {}});
    }

    MsgId post(const char *channel, const char *type, const json &content,
               const json &metadata = json::object(), const json &parent = json::object());
    template <typename T>
    QFuture<Result<T>> ask(const char *type, const json &content,
                           std::function<Result<T>(const KernelMessage &)> read);

    void start() { socket.open(); }
    void handshake(bool restarted);
    void expectExecute(const MsgId &message);

    KernelConnection *q;
    KernelId id;
    QString kernelName;
    State state = State::Connecting;
    QString executionState = QStringLiteral("starting");
    KernelInfo info;
    QString deathReason;
    json inputRequest = json::object(); // header of the last input_request

private:
    static OutgoingMessage build(const std::string &session, const char *channel, const char *type,
                                 const MsgId &id, const json &content);
    void handleOpened();
    void handleLost();
    void handleGaveUp(const Error &error);
    void handleMessage(const KernelMessage &message);
    void handleStatus(const QString &newState, const QString &reason = {});
    void handleShutdown(const KernelMessage &message);
    void handleReply(const KernelMessage &message);
    void handleInfo(const KernelMessage &message);
    void refuseComm(const KernelMessage &message);
    void sendInfoRequest();
    void handlePatienceEnd();
    void settle();
    void becomeReady();
    void checkLostExecutes();
    void verifyExecutes(const QList<MsgId> &asked);
    void loseExecute(const MsgId &message);
    void setState(State newState);
    void setExecutionState(const QString &newState);
    void failPending(const Error &error);

    std::string session;
    KernelSocket socket;
    QTimer patience;
    bool isReady = false;
    bool mayHaveLost = false;           // since the last break of the line or the kernel
    std::vector<OutgoingMessage> queue; // until the kernel has answered once
    // The handshake: kernel_info_request until it is answered. After a restart the server's iopub
    // may come back later than its shell, so a message there is waited for as well.
    QSet<MsgId> infoRequests;
    int infoTries = 0;
    bool isAfterRestart = false;
    bool hasInfoReply = false;
    bool hasInfoStatus = false;
    QHash<MsgId, std::function<void(Reply)>> pending;
    QHash<MsgId, bool> executes; // not answered yet; true: something came for it since the break
};

MsgId KernelConnection::Private::post(const char *channel, const char *type, const json &content,
                                      const json &metadata, const json &parent)
{
    MsgId message(QString::fromStdString(wire::newUuid()));
    OutgoingMessage out = build(session, channel, type, message, content);
    out.metadata = dump(metadata);
    out.parentHeader = dump(parent);
    if (isReady && socket.isOpen())
        socket.send(out);
    else if (state != State::Closed)
        queue.push_back(std::move(out));
    return message;
}

OutgoingMessage KernelConnection::Private::build(const std::string &session, const char *channel,
                                                 const char *type, const MsgId &id,
                                                 const json &content)
{
    OutgoingMessage out;
    out.channel = channel;
    out.header = wire::makeHeader(type, session, id.toString().toStdString());
    out.content = dump(content);
    return out;
}

// A request whose answer only the caller wants: ends by reply, time-out, loss or cancellation.
template <typename T>
QFuture<Result<T>>
KernelConnection::Private::ask(const char *type, const json &content,
                               std::function<Result<T>(const KernelMessage &)> read)
{
    auto promise = std::make_shared<QPromise<Result<T>>>();
    promise->start();
    auto future = promise->future();
    if (state == State::Closed) {
        promise->addResult(fail(ErrorCode::Unavailable, KernelConnection::tr("No kernel")));
        promise->finish();
        return future;
    }
    const MsgId message = post("shell", type, content);
    pending.insert(message, [promise, read = std::move(read)](const Reply &reply) {
        promise->addResult(reply ? read(*reply) : Result<T>(tl::unexpected(reply.error())));
        promise->finish();
    });
    QTimer::singleShot(replyTimeout, this, [this, message] {
        if (const auto answer = pending.take(message))
            answer(fail(ErrorCode::Timeout, KernelConnection::tr("The kernel is busy")));
    });
    return future;
}

void KernelConnection::Private::expectExecute(const MsgId &message)
{
    executes.insert(message, false);
    if (state == State::Closed)
        QTimer::singleShot(0, this, [this, message] { loseExecute(message); });
}

void KernelConnection::Private::handleOpened()
{
    setState(State::Connected);
    handshake(false);
}

void KernelConnection::Private::handshake(bool restarted)
{
    if (!socket.isOpen())
        return; // it comes with the next connection
    isReady = false;
    isAfterRestart = restarted;
    mayHaveLost = mayHaveLost || restarted;
    hasInfoReply = hasInfoStatus = false;
    infoTries = 0;
    infoRequests.clear();
    sendInfoRequest();
}

void KernelConnection::Private::sendInfoRequest()
{
    const MsgId message(QString::fromStdString(wire::newUuid()));
    infoRequests.insert(message);
    socket.send(build(session, "shell", "kernel_info_request", message, json::object()));
    if (!isAfterRestart)
        patience.start(infoPatience);
    else
        patience.start(hasInfoReply ? iopubPatience : std::min(1000ms * (infoTries + 1), 5000ms));
}

void KernelConnection::Private::handlePatienceEnd()
{
    if (!isAfterRestart)
        becomeReady(); // busy with someone's cell; the reply will still come
    else if (++infoTries > maxInfoTries)
        settle();
    else
        sendInfoRequest(); // the first one may have gone to the old kernel
}

void KernelConnection::Private::settle()
{
    isAfterRestart = false;
    if (std::exchange(mayHaveLost, false))
        checkLostExecutes();
    becomeReady();
}

void KernelConnection::Private::becomeReady()
{
    if (!socket.isOpen())
        return;
    patience.stop();
    isReady = true;
    for (const OutgoingMessage &message : std::exchange(queue, {}))
        socket.send(message);
}

void KernelConnection::Private::handleLost()
{
    isReady = false;
    mayHaveLost = true;
    patience.stop();
    setState(State::Reconnecting);
    failPending({ErrorCode::Unavailable, KernelConnection::tr("The connection was lost"), {}});
}

void KernelConnection::Private::handleGaveUp(const Error &error)
{
    isReady = false;
    patience.stop();
    queue.clear();
    executes.clear();
    failPending(error);
    if (error.code == ErrorCode::NotFound)
        setExecutionState(QStringLiteral("dead"));
    setState(State::Closed);
    emit q->failed(error);
}

void KernelConnection::Private::handleMessage(const KernelMessage &message)
{
    const QString type = message.type();
    if (const auto it = executes.find(message.parentId()); it != executes.end())
        *it = true;
    if (message.channel == QLatin1String("iopub")) {
        if (type == QLatin1String("status"))
            handleStatus(textAt(message.content, "execution_state"),
                         textAt(message.metadata, "farcell_reason"));
        else if (type == QLatin1String("shutdown_reply"))
            handleShutdown(message);
        else if (type == QLatin1String("comm_open"))
            refuseComm(message);
        if (isAfterRestart && infoRequests.contains(message.parentId())) {
            hasInfoStatus = true;
            if (hasInfoReply)
                settle();
        }
    } else if (type == QLatin1String("input_request")) {
        inputRequest = message.header;
    } else if (type.endsWith(QLatin1String("_reply"))) {
        handleReply(message);
    }
    emit q->messageReceived(message);
}

void KernelConnection::Private::handleStatus(const QString &newState, const QString &reason)
{
    const bool isRestart =
        newState == QLatin1String("restarting") || newState == QLatin1String("autorestarting");
    if (isRestart || newState == QLatin1String("dead")) {
        failPending({ErrorCode::Unavailable, KernelConnection::tr("The kernel has stopped"), {}});
        mayHaveLost = true;
        deathReason = reason;
        for (bool &heard : executes)
            heard = false;
    }
    if (isRestart)
        handshake(true);
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

void KernelConnection::Private::handleReply(const KernelMessage &message)
{
    const MsgId parent = message.parentId();
    executes.remove(parent);
    if (infoRequests.contains(parent))
        handleInfo(message);
    else if (const auto answer = pending.take(parent))
        answer(message);
}

void KernelConnection::Private::handleInfo(const KernelMessage &message)
{
    const bool isFirst = !std::exchange(hasInfoReply, true);
    info = infoFrom(message.content);
    if (!isAfterRestart || hasInfoStatus)
        settle();
    else if (isFirst)
        patience.start(iopubPatience);
    emit q->infoReceived();
}

// Shell is answered in order, so a reply that is not here when a later request was answered by an
// idle kernel got lost with the line. A little patience lets replayed messages come in first.
void KernelConnection::Private::checkLostExecutes()
{
    QList<MsgId> asked = executes.keys();
    for (const OutgoingMessage &waiting : queue)
        asked.removeAll(MsgId(textAt(json::parse(waiting.header, nullptr, false), "msg_id")));
    if (!asked.isEmpty())
        verifyExecutes(asked);
}

void KernelConnection::Private::verifyExecutes(const QList<MsgId> &asked)
{
    for (const MsgId &message : asked) {
        if (const auto it = executes.find(message); it != executes.end())
            *it = false;
    }
    QTimer::singleShot(lostGrace, this, [this, asked] {
        socket.askModel([this, asked](const QString &modelState) {
            QList<MsgId> open;
            for (const MsgId &message : asked) {
                const auto it = executes.constFind(message);
                if (it == executes.constEnd())
                    continue;
                if (modelState == QLatin1String("idle") && !*it)
                    loseExecute(message);
                else
                    open.append(message); // still running, or its messages are still coming
            }
            if (!open.isEmpty())
                verifyExecutes(open);
        });
    });
}

void KernelConnection::Private::loseExecute(const MsgId &message)
{
    executes.remove(message);
    emit q->executeLost(message);
}

// No front-end object of ours answers to any target. Comms opened for another client's request
// are that client's business.
void KernelConnection::Private::refuseComm(const KernelMessage &message)
{
    if (textAt(message.parentHeader, "session").toStdString() != session)
        return;
    const auto comm = message.content.find("comm_id");
    if (comm != message.content.end() && comm->is_string())
        post("shell", "comm_close", {{"comm_id", *comm}, {"data", json::object()}});
}

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
    for (const auto &answer : std::exchange(pending, {}))
        answer(tl::unexpected(error));
}

KernelConnection::KernelConnection(const Endpoint &endpoint, KernelId id, QString kernelName,
                                   QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(this, endpoint, std::move(id), std::move(kernelName)))
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
    json metadata = json::object();
    if (!options.cellId.isEmpty())
        metadata["cellId"] = options.cellId.toStdString();
    MsgId message = d->post("shell", "execute_request", content, metadata);
    d->expectExecute(message);
    return message;
}

void KernelConnection::expectRestart()
{
    d->handshake(true);
}

void KernelConnection::sendInput(const QString &value)
{
    const json content{{"status", "ok"}, {"value", value.toStdString()}};
    d->post("stdin", "input_reply", content, json::object(), d->inputRequest);
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
