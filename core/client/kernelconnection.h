#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"

#include <QFuture>
#include <QObject>
#include <QStringList>

#include <nlohmann/json.hpp>

#include <memory>
#include <vector>

namespace farcell {

struct Endpoint;

// One Jupyter message as it came from, or goes to, the WebSocket.
struct KernelMessage
{
    QString channel;                                        // shell, control, stdin, iopub
    nlohmann::json header, parentHeader, metadata, content; // objects
    std::vector<QByteArray> buffers;
    QByteArray rawContent; // content as it came, valid UTF-8: keeps the spelling of numbers

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

// The WebSocket of one kernel: sends requests, pairs replies, reconnects with back-off.
// Cursor positions are UTF-16 outside and code points on the wire. Every request ends exactly
// once. Lives on the thread that created it.
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
                     QObject *parent = nullptr);
    ~KernelConnection() override;

    [[nodiscard]] const KernelId &kernelId() const;
    [[nodiscard]] const QString &kernelName() const;
    [[nodiscard]] State state() const;
    [[nodiscard]] QString executionState() const; // starting, idle, busy, restarting, dead
    // Why the kernel last died, one sentence; only servers that know (Farcell) tell, else empty.
    [[nodiscard]] QString deathReason() const;
    [[nodiscard]] const KernelInfo &info() const; // empty until infoReceived

    // Sends; outputs and the reply come by messageReceived with parentId() == the returned id.
    MsgId execute(const QString &code, const ExecuteOptions &options);
    void sendInput(const QString &value); // answers the pending input_request
    // The kernel was restarted by request: holds back what is sent until the new one answers.
    void expectRestart();
    QFuture<Result<CompletionReply>> complete(const QString &code, int cursor);
    QFuture<Result<InspectReply>> inspect(const QString &code, int cursor, int detailLevel);

signals:
    void messageReceived(const farcell::KernelMessage &message);
    void stateChanged(farcell::KernelConnection::State state);
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
