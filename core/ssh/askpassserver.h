#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QHash>
#include <QLocalServer>
#include <QObject>
#include <QProcessEnvironment>
#include <QString>

class QLocalSocket;

namespace farcell {

// Something ssh wants to know before it goes on.
struct SshQuestion
{
    enum class Kind
    {
        HostKey,    // is this the right host? answered "yes", or the fingerprint
        Passphrase, // of a key file
        Password,   // of the account
        Confirm,    // yes or no
        Text,       // anything else, hidden while typed: one-time codes, …
        Notice      // nothing to answer: "touch your security key"
    };
    int id = 0;
    Kind kind = Kind::Text;
    QString text;            // as ssh put it
    QString fingerprint;     // HostKey: "SHA256:…"
    QString keyType;         // HostKey: "ED25519"
    QString subject;         // HostKey: the host; Passphrase: the key file; Password: user@host
    bool isRepeated = false; // the same question again: the last answer was wrong
};

[[nodiscard]] SshQuestion readSshQuestion(const QString &hint, const QString &text);

// Passes the questions of the ssh processes started with environment() on, and their answers back.
// Only our own user's processes that know the secret of this server are heard. GUI thread.
class AskpassServer : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(AskpassServer)

public:
    // `helper`: the farcell-askpass program.
    AskpassServer(QString socketPath, QString helper, QObject *parent = nullptr);
    ~AskpassServer() override;

    [[nodiscard]] Result<> listen();
    [[nodiscard]] QProcessEnvironment environment() const; // the system's, and how to reach us

    void answer(int id, const QString &text);
    void refuse(int id);

signals:
    void asked(const farcell::SshQuestion &question);
    void withdrawn(int id); // ssh does not wait for this answer any more

private:
    void accept();
    void read(QLocalSocket *socket);
    void reply(int id, const QByteArray &bytes);

    QString m_path;
    QString m_helper;
    QByteArray m_secret;
    QLocalServer m_server;
    QHash<int, QLocalSocket *> m_waiting;
    int m_lastId = 0;
};

} // namespace farcell
