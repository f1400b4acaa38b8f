#include "app/shell/singleinstance.h"

#include <QCryptographicHash>
#include <QDir>
#include <QLocalServer>
#include <QLocalSocket>
#include <QStandardPaths>

namespace farcell {

namespace {

constexpr int connectMs = 300;
constexpr qint64 maxMessage = 1 << 20;

} // namespace

SingleInstance::SingleInstance(QObject *parent)
    : QObject(parent)
{
    // One per display and home, so that test sessions and remote logins stay apart.
    const QByteArray who =
        qgetenv("DISPLAY") + '\n' + qgetenv("WAYLAND_DISPLAY") + '\n' +
        QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation).toUtf8();
    const QByteArray hash = QCryptographicHash::hash(who, QCryptographicHash::Sha256).toHex();
    QString folder = QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation);
    if (folder.isEmpty())
        folder = QDir::tempPath();
    m_name = folder + QStringLiteral("/farcell-") + QString::fromLatin1(hash.left(16));
}

bool SingleInstance::handOver(const QStringList &files) const
{
    QLocalSocket socket;
    socket.connectToServer(m_name);
    // Before any window exists; a socket of this machine answers at once or not at all.
    if (!socket.waitForConnected(connectMs))
        return false;
    // Paths may hold any character but this one; the end of the connection ends the list.
    socket.write(files.join(QLatin1Char('\0')).toUtf8());
    socket.waitForBytesWritten(connectMs);
    socket.disconnectFromServer();
    return true;
}

void SingleInstance::listen()
{
    m_server = new QLocalServer(this);
    m_server->setSocketOptions(QLocalServer::UserAccessOption);
    if (!m_server->listen(m_name)) {
        QLocalServer::removeServer(m_name); // left over by one that crashed
        m_server->listen(m_name);
    }
    connect(m_server, &QLocalServer::newConnection, this, [this] {
        while (QLocalSocket *socket = m_server->nextPendingConnection())
            readFrom(socket);
    });
}

void SingleInstance::readFrom(QLocalSocket *socket)
{
    connect(socket, &QLocalSocket::readyRead, this, [socket] {
        if (socket->bytesAvailable() > maxMessage)
            socket->abort();
    });
    const auto take = [this, socket] {
        socket->deleteLater();
        if (socket->bytesAvailable() > maxMessage)
            return;
        const QString list = QString::fromUtf8(socket->readAll());
        emit filesReceived(list.isEmpty() ? QStringList() : list.split(QLatin1Char('\0')));
    };
    if (socket->state() == QLocalSocket::UnconnectedState)
        take();
    else
        connect(socket, &QLocalSocket::disconnected, this, take);
}

} // namespace farcell
