#pragma once

#include "core/base/result.h"
#include "core/ssh/askpassserver.h"
#include "core/ssh/serverbundle.h"
#include "core/ssh/sshprogram.h"
#include "core/ssh/sshtarget.h"

#include <QDateTime>
#include <QFutureWatcher>
#include <QHash>
#include <QObject>
#include <QPointer>
#include <QSet>
#include <QTimer>
#include <QUrl>

#include <functional>
#include <memory>
#include <optional>

namespace farcell {

struct HostServer;

// A host reached over SSH, made ready and kept in reach: logs in with the system's ssh, finds or
// copies and starts farcelld there, and leads url() to it. When the connection drops it comes back
// by itself; url() and token() stay. The server and its kernels go on when this ends.
// GUI thread; nothing blocks.
// Not here: what is asked of the server (RuntimeClient), showing questions (app/connect).
class SshLink : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SshLink)

public:
    struct Options
    {
        SshProgram ssh;
        QString askpass;           // farcell-askpass; empty: beside this program
        QString programs;          // folder of the farcelld to copy; empty: beside this program
        QString cacheDirectory;    // for the packed server
        bool usesInstalled = true; // a farcelld that is the same as ours, installed on the host
    };
    enum class State
    {
        Closed,
        Connecting, // also: waiting for answers to questions
        Checking,
        Copying,
        Starting,
        Ready,
        Waiting, // was ready, has lost the connection, tries again after a pause
        Forgetting
    };

    SshLink(SshTarget target, Options options, QObject *parent = nullptr);
    ~SshLink() override;

    [[nodiscard]] const SshTarget &target() const { return m_target; }
    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] bool isReconnecting() const { return m_wasReady && m_state != State::Ready; }
    [[nodiscard]] const QDateTime &lostAt() const { return m_lostAt; } // while reconnecting
    // Known once ready, and the same from then on.
    [[nodiscard]] const QUrl &url() const { return m_url; }
    [[nodiscard]] const QString &token() const { return m_token; }
    [[nodiscard]] const std::optional<SshQuestion> &question() const { return m_question; }
    [[nodiscard]] qint64 sshProcessId() const;

    void open();  // does nothing unless closed or waiting; waiting: tries now
    void close(); // the server goes on
    // Connects if need be and tells the kernels that run there; then forget() ends server and
    // kernels and removes all that was put there. An attempt that close() ends calls nobody back.
    void lookForForgetting(std::function<void(const Result<QStringList> &kernels)> done);
    void forget(std::function<void(const Result<> &)> done);

    [[nodiscard]] const Error &error() const { return m_error; } // why it closed by itself

    // Who shows the questions now; nobody: the window has to.
    void setAsker(QObject *asker) { m_asker = asker; }
    [[nodiscard]] QObject *asker() const { return m_asker; }
    void answer(const QString &text); // of the current question
    void refuse();                    // ends the attempt

signals:
    void stateChanged();
    void progressChanged(qint64 done, qint64 total); // bytes, while copying
    void questionChanged();                          // see question()
    void ready();                                    // also after a reconnection
    void failed(const farcell::Error &error);        // closed now

private:
    class Helpers;
    void attempt();
    void masterUp();
    void masterEnded();
    void usePack();
    void setUpHost();
    void reviveServer();
    void failOrRetry(const Error &error);
    void attach(const HostServer &server);
    void verify();
    void becomeReady();
    void takeQuestion(const SshQuestion &question);
    void dropQuestion(int id);
    void giveUp(const Error &error);
    void setState(State state);
    void retryLater();
    void endAttempt();

    SshTarget m_target;
    Options m_options;
    State m_state = State::Closed;
    std::unique_ptr<Helpers> m_helpers; // private folder, askpass, relay: as long as we live
    std::unique_ptr<SshMaster> m_master;
    // Not QFuture::then(): it must not outlive its context.
    QFutureWatcher<Result<ServerBundle>> m_packing;
    std::optional<ServerBundle> m_bundle;
    int m_attempt = 0; // what belongs to an earlier one is stale
    int m_triesInRow = 0;
    bool m_wasReady = false;
    bool m_onlyLooks = false; // this attempt is for lookForForgetting()
    QTimer m_retry;
    QUrl m_url;
    QString m_token;
    QString m_forwarded; // the host's socket that leads here now
    QDateTime m_lostAt;
    std::function<void(const Result<QStringList> &)> m_lookDone;
    Error m_error;
    std::optional<SshQuestion> m_question;
    QPointer<QObject> m_asker;
    // Answers of this attempt by question, and those that led to a log-in: a connection that comes
    // back does not ask again. In memory only.
    QHash<QString, QString> m_given, m_accepted;
    QSet<QString> m_askedBefore;
};

} // namespace farcell
