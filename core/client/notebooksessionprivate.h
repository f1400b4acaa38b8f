#pragma once

#include "core/client/attachmentstore.h"
#include "core/client/cellrun.h"
#include "core/client/notebooksession.h"
#include "core/client/outputrouter.h"

#include <QHash>
#include <QTimer>

#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace farcell {

// NotebookSession's inside, in three parts: the queue (notebookqueue.cpp), the messages of a run
// (notebookmessages.cpp), runs of others and of an earlier life (notebookfollow.cpp).
class NotebookSession::Private : public QObject
{
    Q_OBJECT

public:
    using Phase = CellRunState::Phase;

    Private(NotebookSession *session, NotebookDocument &notebook);

    // --- the queue
    void enqueue(const CellId &cell, OnError onError, const std::optional<QString> &text = {});
    void startNext();
    void finish(const MsgId &given);
    void abortAll(Phase runningBecomes);
    bool abortQueue();
    void cancel(const CellId &cell);
    void setPhase(const CellId &cell, Phase phase);
    [[nodiscard]] CellRun *active();
    [[nodiscard]] const CellRun *active() const;
    [[nodiscard]] CellRun *find(const MsgId &request);
    [[nodiscard]] std::optional<int> positionOf(const CellId &cell) const; // 1 = next

    // --- messages
    void handleMessage(const KernelMessage &message);
    void handleExecutionState(const QString &state);
    void handleConnectionState(KernelConnection::State state);
    void handleLost(const MsgId &request);
    void endInput();

    // --- following
    void resume(const Attachment &attachment);
    void checkFollowed(bool isLast);
    void endUnknown(const QList<MsgId> &known, bool isLast);
    void setConnected(KernelConnection *newConnection);
    void noteSent(const CellRun &run);
    void noteOver(const MsgId &request, const CellId &cell);
    void noteSaved();
    void persist();

    NotebookSession *q;
    NotebookDocument &document;
    OutputRouter router;
    KernelConnection *connection = nullptr;
    std::deque<CellRun> runs;      // ours, in order; those sent come first
    std::vector<CellRun> followed; // of others
    MsgId activeRequest;           // of ours: the one that runs, or is next to
    QHash<CellId, CellRunState> states;
    std::deque<std::pair<MsgId, CellId>> recent; // over; something may still be told of them
    quint64 lastTicket = 0;
    bool hasFailed = false; // an error stopped the queue since it was last empty
    bool recordsTimes = true;
    bool allowsStdin = true;
    std::optional<ExecutionTimes::Dialect> dialect;
    QTimer idleGrace;

    struct Input
    {
        MsgId request;
        CellId cell;
        QString prompt;
        bool password = false;
    };
    std::optional<Input> input;

    AttachmentStore *store = nullptr;
    Attachment attachment;

private:
    enum class Sent
    {
        Yes,
        Nothing // the cell is gone or empty
    };
    Sent send(CellRun &run);
    void activate(CellRun &run);
    void tellFinished();
    [[nodiscard]] bool isQueued(const CellId &cell) const;
    void recordTimes(const CellRun &run, std::chrono::milliseconds elapsed);
    void handleOwn(CellRun &run, const KernelMessage &message);
    void handleStatus(CellRun &run, const QString &state);
    void handleReply(CellRun &run, const KernelMessage &message);
    void handlePayload(const CellRun &run, const nlohmann::json &content);
    void handleInputRequest(const CellRun &run, const KernelMessage &message);
    void setCount(const CellId &cell, const nlohmann::json &content);
    void handleUsage(const KernelMessage &message);
    void handleGpuShortage(const KernelMessage &message);
    void handleContentReset();

    void handleFollowed(CellRun &run, const KernelMessage &message);
    void follow(const KernelMessage &message);
    void beginFollowed(CellRun &run);
    void endFollowed(const MsgId &given, Phase outcome);
    void remember(const PendingRun &run);
    [[nodiscard]] bool wasOver(const MsgId &request) const;
    [[nodiscard]] CellId cellNamed(const QString &fileId) const;
    [[nodiscard]] CellId cellOf(const MsgId &request, const QString &sentId);
};

} // namespace farcell
