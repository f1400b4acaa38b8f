#pragma once

#include "core/client/kernelconnection.h"
#include "core/client/kernelhandshake.h"
#include "core/client/kernelsocket.h"
#include "core/client/unanswered.h"

#include <QHash>
#include <QPromise>
#include <QTimer>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace farcell {

// What goes on over a KernelConnection's socket: what is held back, what is repeated, what is lost.
class KernelConnection::Private : public QObject
{
    Q_OBJECT

public:
    using Reply = Result<KernelMessage>;

    Private(KernelConnection *connection, const Endpoint &endpoint, KernelId kernel, QString name,
            const ConnectOptions &options);
    ~Private() override;

    void start() { socket.open(); }
    MsgId post(const char *channel, const char *type, const nlohmann::json &content);
    MsgId execute(const nlohmann::json &content, const QString &cellId);
    void answerInput(const nlohmann::json &content);
    void cancel(const MsgId &message);
    void expectRestart();
    // A request whose answer only the caller wants: ends by reply, time-out, loss or cancellation.
    template <typename T>
    QFuture<Result<T>> ask(const char *type, const nlohmann::json &content,
                           std::function<Result<T>(const KernelMessage &)> read);
    QFuture<std::optional<QList<MsgId>>> openExecutions();

    KernelConnection *q;
    KernelId id;
    QString kernelName;
    QString sessionName;
    KernelSocket socket;
    State state = State::Connecting;
    QString executionState = QStringLiteral("starting");
    KernelInfo info;
    QString deathReason;
    quint64 lastSequence = 0;
    bool isDurable = false; // the server has told where its replay ends

    [[nodiscard]] OutgoingMessage build(const char *channel, const char *type, const MsgId &message,
                                        const nlohmann::json &content) const;
    void add(Unanswered::Request request);
    void unqueue(const MsgId &message); // nobody waits for its answer any more
    void handleOpened();
    void handleLost();
    void handleGaveUp(const Error &error);
    void handleMessage(const KernelMessage &message);
    void handleBroadcast(const KernelMessage &message, const QString &type);
    void handleLive();
    void handleGap(const nlohmann::json &content);
    void handleStatus(const QString &newState, const QString &reason = {});
    void handleShutdown(const KernelMessage &message);
    void refuseComm(const KernelMessage &message);
    void settle();
    void becomeReady();
    void checkLostExecutes();
    void verifyExecutes(const QList<MsgId> &asked);
    void loseUnknown(const QList<MsgId> &asked, const std::optional<QList<MsgId>> &known);
    void setState(State newState);
    void setExecutionState(const QString &newState);
    void failPending(const Error &error);

    KernelHandshake handshake;
    bool hasNumbers = false; // its messages carry farcell_seq
    bool isEnding = false;
    bool isReady = false;
    bool mayHaveLost = false; // since the last break of the line or the kernel
    struct Queued
    {
        MsgId id;
        OutgoingMessage message;
    };
    std::vector<Queued> queue; // until the kernel has answered once
    Unanswered unanswered;
    QHash<MsgId, std::function<void(Reply)>> pending;
    nlohmann::json inputRequest = nlohmann::json::object(); // header of the last input_request
    MsgId inputAsker;
};

template <typename T>
QFuture<Result<T>>
KernelConnection::Private::ask(const char *type, const nlohmann::json &content,
                               std::function<Result<T>(const KernelMessage &)> read)
{
    constexpr std::chrono::seconds replyTimeout{10};
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
        unqueue(message);
        if (const auto answer = pending.take(message))
            answer(fail(ErrorCode::Timeout, KernelConnection::tr("The kernel is busy")));
    });
    return future;
}

} // namespace farcell
