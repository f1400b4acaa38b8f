#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/client/linkstate.h"

#include <QFuture>
#include <QObject>
#include <QStringList>

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace farcell {

struct Endpoint;

// One Jupyter message as it came from, or goes to, the WebSocket.
struct KernelMessage
{
    QString channel;                                        // shell, control, stdin, iopub
    nlohmann::json header, parentHeader, metadata, content; // objects; see forEachStreamPart()
    std::vector<QByteArray> buffers;
    QByteArray rawContent; // content as it came, valid UTF-8: keeps the spelling of numbers
    quint64 sequence = 0;  // metadata.farcell_seq; 0 on other servers
    // A long stream message comes in several parts; then content has no "text".
    std::optional<QString> streamText;
    bool goesOn = false; // more parts of the same message follow

    [[nodiscard]] QString type() const;   // header.msg_type
    [[nodiscard]] MsgId parentId() const; // parent_header.msg_id, may be empty
};

struct KernelInfo
{
    QString implementation, languageName, languageVersion, banner, fileExtension, mimeType;
    nlohmann::json languageInfo; // as sent, for the notebook's metadata
};

struct ExecuteOptions
{
    bool silent = false;
    bool storeHistory = true;
    bool allowStdin = true;
    bool stopOnError = true;
    QString cellId; // sent as metadata.cellId
};

struct CompletionReply
{
    struct Match
    {
        QString text;
        QString type;      // function, module, keyword, …; may be empty
        QString signature; // may be empty
    };
    QList<Match> matches;
    int start = 0, end = 0; // UTF-16 positions in the code that was sent
};

struct InspectReply
{
    bool found = false;
    QString plainText; // may carry ANSI colours
    QString html;
};

// How to take up a kernel again.
struct ConnectOptions
{
    QString session;              // session_id to use; empty: a new one
    std::optional<quint64> since; // replay what came after this farcell_seq; 0: all that is kept
};

// The WebSocket of one kernel: sends requests, pairs replies, reconnects with back-off.
// Cursor positions are UTF-16 outside and code points on the wire. Every request ends exactly
// once. Lives on the thread that created it.
//
// On Farcell a break of the line loses nothing: messages go on after the last one that came, and
// unanswered executions are sent again, which the runtime takes only once. Elsewhere Jupyter's own
// buffering gives what it kept, and outputsMissing() says that it may not be all.
class KernelConnection : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelConnection)

public:
    enum class State
    {
        Connecting,
        Connected,
        Reconnecting,
        Closed
    };

    KernelConnection(const Endpoint &endpoint, KernelId id, QString kernelName,
                     const ConnectOptions &options = {}, QObject *parent = nullptr);
    ~KernelConnection() override;

    [[nodiscard]] const KernelId &kernelId() const;
    [[nodiscard]] const QString &kernelName() const;
    [[nodiscard]] State state() const;
    [[nodiscard]] LinkState linkState() const;
    void reconnectNow();                        // does not wait for the next try's time
    [[nodiscard]] QString session() const;      // Jupyter's session_id
    [[nodiscard]] quint64 lastSequence() const; // farcell_seq of the latest message; 0: none
    // The server keeps messages and the queue of executions (Farcell); known once it is connected.
    [[nodiscard]] bool isDurable() const;
    [[nodiscard]] QString executionState() const; // starting, idle, busy, restarting, dead
    // Why the kernel last died, one sentence; only servers that know (Farcell) tell, else empty.
    [[nodiscard]] QString deathReason() const;
    [[nodiscard]] const KernelInfo &info() const; // empty until infoReceived

    // Sends; outputs and the reply come by messageReceived with parentId() == the returned id.
    MsgId execute(const QString &code, const ExecuteOptions &options);
    // Takes an execution back that has not begun. Its end comes as executeLost() or as a reply with
    // status "aborted".
    void cancelExecute(const MsgId &id);
    // Which executions the runtime still has before it; nothing when it cannot tell.
    QFuture<std::optional<QList<MsgId>>> openExecutions();
    void sendInput(const QString &value); // answers the pending input_request
    // The kernel was restarted by request: holds back what is sent until the new one answers.
    void expectRestart();
    QFuture<Result<CompletionReply>> complete(const QString &code, int cursor);
    QFuture<Result<InspectReply>> inspect(const QString &code, int cursor, int detailLevel);

signals:
    void messageReceived(const farcell::KernelMessage &message);
    void stateChanged(farcell::KernelConnection::State state);
    void linkChanged(const farcell::LinkState &state);
    void caughtUp(); // on Farcell: everything up to now has come
    // One sentence: some output of the time without a connection is not there any more, or nobody
    // can tell.
    void outputsMissing(const QString &why);
    void executionStateChanged(const QString &state);
    void infoReceived();
    // The reply to this execute() will never come: it was on its way when the line or kernel broke.
    void executeLost(const farcell::MsgId &id);
    void failed(const farcell::Error &error); // gave up: kernel gone, refused, …

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace farcell
