#pragma once

#include <QDBusConnection>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>

namespace farcell::test {

// A real dbus-daemon of one test's own. Made before anything asks for the session bus: Qt connects
// to it once per program.
class SessionBus
{
public:
    // False if there is no dbus-daemon.
    bool start()
    {
        const QString program = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
        if (program.isEmpty())
            return false;
        QFile config(m_folder.filePath(QStringLiteral("bus.conf")));
        if (!config.open(QIODevice::WriteOnly))
            return false;
        config.write("<busconfig><type>session</type><listen>unix:dir=" + m_folder.path().toUtf8() +
                     R"(</listen><policy context="default"><allow send_destination="*"/>)"
                     R"(<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>)");
        config.close();
        m_daemon.start(program, {QStringLiteral("--config-file=") + config.fileName(),
                                 QStringLiteral("--print-address"), QStringLiteral("--nofork")});
        if (!m_daemon.waitForReadyRead(20000))
            return false;
        m_address = QString::fromLatin1(m_daemon.readLine().trimmed());
        qputenv("DBUS_SESSION_BUS_ADDRESS", m_address.toLatin1());
        return true;
    }
    // A second connection, as another program would have.
    [[nodiscard]] QDBusConnection connection(const QString &name) const
    {
        return QDBusConnection::connectToBus(m_address, name);
    }
    ~SessionBus()
    {
        m_daemon.kill();
        m_daemon.waitForFinished();
    }
    SessionBus() = default;
    Q_DISABLE_COPY_MOVE(SessionBus)

private:
    QTemporaryDir m_folder;
    QProcess m_daemon;
    QString m_address;
};

} // namespace farcell::test
