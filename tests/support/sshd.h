#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QThread>

#include <csignal>

#include <unistd.h>

namespace farcell::test {

// A real sshd on loopback with keys and a configuration of its own, for the user who runs the
// tests or (as root) for another one, whose home folder is `home()` during its sessions.
class Sshd
{
public:
    // `user`: who logs in; empty: we ourselves. More lines for sshd_config in `config`.
    explicit Sshd(QString user = {}, QByteArray config = {})
        : m_user(std::move(user))
        , m_config(std::move(config))
    {
        // Others must be able to pass through to the home folder.
        QFile::setPermissions(m_folder.path(), QFile::ReadOwner | QFile::WriteOwner |
                                                   QFile::ExeOwner | QFile::ExeGroup |
                                                   QFile::ExeOther);
        QDir(m_folder.path()).mkpath(QStringLiteral("home"));
        makeKey(QStringLiteral("hostkey"));
        makeKey(QStringLiteral("key"));
        QTcpServer probe;
        probe.listen(QHostAddress::LocalHost);
        m_port = probe.serverPort();
        if (m_user.isEmpty())
            m_user = qEnvironmentVariable("USER", QStringLiteral("root"));
        run(QStringLiteral("chown"), {QStringLiteral("-R"), m_user, home()});
        authorize(QStringLiteral("key"));
        writeClientConfig();
    }
    ~Sshd() { stop(); }
    Q_DISABLE_COPY_MOVE(Sshd)

    static QString program()
    {
        return QStandardPaths::findExecutable(
            QStringLiteral("sshd"), {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/bin")});
    }

    bool start()
    {
        if (::geteuid() == 0)
            QDir().mkpath(QStringLiteral("/run/sshd"));
        write(QStringLiteral("sshd_config"),
              "Port " + QByteArray::number(m_port) + "\nListenAddress 127.0.0.1\nHostKey " +
                  path("hostkey") +
                  "\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n"
                  "MaxStartups 100\nMaxSessions 50\nAuthorizedKeysFile " +
                  path("authorized") + "\nSetEnv HOME=" + QFile::encodeName(home()) + "\n" +
                  m_config + '\n');
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.setStandardOutputFile(file(QStringLiteral("log")), QIODevice::Append);
        m_process.start(program(), {QStringLiteral("-D"), QStringLiteral("-e"),
                                    QStringLiteral("-f"), file(QStringLiteral("sshd_config"))});
        for (int i = 0; i < 200 && m_process.state() != QProcess::NotRunning; ++i) {
            QTcpSocket socket;
            socket.connectToHost(QHostAddress::LocalHost, m_port);
            if (socket.waitForConnected(100) && socket.waitForReadyRead(5000))
                return true;
            QThread::msleep(50);
        }
        return false;
    }
    void stop()
    {
        endSessions();
        m_process.kill();
        m_process.waitForFinished(5000);
    }
    // Cuts every connection, as a lost network would in the end; the listener goes on.
    void endSessions()
    {
        if (m_process.state() != QProcess::NotRunning)
            endSessionsBelow(m_process.processId());
    }

    // A host key nobody knows, as after a new installation.
    void changeHostKey()
    {
        QFile::remove(file(QStringLiteral("hostkey")));
        QFile::remove(file(QStringLiteral("hostkey.pub")));
        makeKey(QStringLiteral("hostkey"));
    }
    void makeKey(const QString &name, const QString &passphrase = {})
    {
        run(QStringLiteral("ssh-keygen"),
            {QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"),
             QStringLiteral("-N"), passphrase, QStringLiteral("-C"), name, QStringLiteral("-f"),
             file(name)});
    }
    void authorize(const QString &key)
    {
        QFile from(file(key + QStringLiteral(".pub")));
        (void)from.open(QIODevice::ReadOnly);
        write(QStringLiteral("authorized"), from.readAll());
        QFile::setPermissions(file(QStringLiteral("authorized")),
                              QFile::ReadOwner | QFile::ReadGroup | QFile::ReadOther |
                                  QFile::WriteOwner);
    }
    // Nothing of the person's own ssh configuration, agent or known hosts is used.
    void writeClientConfig(const QString &key = QStringLiteral("key"),
                           const QByteArray &more = "PreferredAuthentications publickey")
    {
        write(QStringLiteral("ssh_config"),
              "Host box\n  HostName 127.0.0.1\n  Port " + QByteArray::number(m_port) + "\n  User " +
                  m_user.toUtf8() + "\n  " + more +
                  "\n  IdentitiesOnly yes\n  IdentityAgent none\n  IdentityFile " +
                  QFile::encodeName(file(key)) + "\n  UserKnownHostsFile " + path("known") +
                  "\n  GlobalKnownHostsFile none\n");
    }
    void trustHostKey()
    {
        QFile key(file(QStringLiteral("hostkey.pub")));
        (void)key.open(QIODevice::ReadOnly);
        write(QStringLiteral("known"),
              "[127.0.0.1]:" + QByteArray::number(m_port) + ' ' + key.readAll());
    }

    [[nodiscard]] QString file(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString home() const { return file(QStringLiteral("home")); }
    [[nodiscard]] QString clientConfig() const { return file(QStringLiteral("ssh_config")); }
    [[nodiscard]] quint16 port() const { return m_port; }
    [[nodiscard]] const QString &user() const { return m_user; }
    [[nodiscard]] QByteArray log() const
    {
        QFile log(file(QStringLiteral("log")));
        (void)log.open(QIODevice::ReadOnly);
        return log.readAll();
    }

    static bool run(const QString &program, const QStringList &arguments)
    {
        QProcess process;
        process.start(program, arguments);
        return process.waitForFinished(60000) && process.exitCode() == 0;
    }

private:
    // sshd's own processes only, with the one it makes for the user, which also holds the
    // connection; what runs in the session is left to it.
    static void endSessionsBelow(qint64 parent)
    {
        for (const QString &name :
             QDir(QStringLiteral("/proc")).entryList({QStringLiteral("[0-9]*")}, QDir::Dirs)) {
            QFile file(QStringLiteral("/proc/") + name + QStringLiteral("/stat"));
            if (!file.open(QIODevice::ReadOnly))
                continue;
            const QByteArray stat = file.readAll();
            const auto fields = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
            if (fields.size() < 2 || fields[1].toLongLong() != parent || !stat.contains("(sshd"))
                continue;
            endSessionsBelow(name.toLongLong());
            ::kill(static_cast<pid_t>(name.toLongLong()), SIGKILL);
        }
    }
    [[nodiscard]] QByteArray path(const char *name) const
    {
        return QFile::encodeName(file(QLatin1String(name)));
    }
    void write(const QString &name, const QByteArray &text)
    {
        QFile out(file(name));
        (void)out.open(QIODevice::WriteOnly);
        out.write(text);
    }

    QTemporaryDir m_folder;
    QString m_user;
    QByteArray m_config;
    QProcess m_process;
    quint16 m_port = 0;
};

// A user of this system for as long as this lives. Only root can make one.
class ThrowawayUser
{
public:
    ThrowawayUser()
        : m_name(QStringLiteral("farcell-t%1").arg(::getpid()))
    {
        m_isMade = ::geteuid() == 0 &&
                   Sshd::run(QStringLiteral("useradd"),
                             {QStringLiteral("--no-create-home"), QStringLiteral("--shell"),
                              QStringLiteral("/bin/bash"), QStringLiteral("--password"),
                              QStringLiteral("*"), m_name});
    }
    ~ThrowawayUser()
    {
        if (!m_isMade)
            return;
        Sshd::run(QStringLiteral("pkill"), {QStringLiteral("-KILL"), QStringLiteral("-u"), m_name});
        QThread::msleep(200);
        Sshd::run(QStringLiteral("userdel"), {QStringLiteral("-f"), m_name});
    }
    Q_DISABLE_COPY_MOVE(ThrowawayUser)

    [[nodiscard]] bool isMade() const { return m_isMade; }
    [[nodiscard]] const QString &name() const { return m_name; }
    bool setPassword(const QByteArray &password) const
    {
        QProcess process;
        process.start(QStringLiteral("chpasswd"), QStringList());
        process.write(m_name.toUtf8() + ':' + password + '\n');
        process.closeWriteChannel();
        return process.waitForFinished(10000) && process.exitCode() == 0;
    }

private:
    QString m_name;
    bool m_isMade = false;
};

} // namespace farcell::test
