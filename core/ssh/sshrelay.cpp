#include "core/ssh/sshrelay.h"

#include <QHostAddress>
#include <QLocalSocket>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;

constexpr qint64 bufferBytes = 1 << 20;
constexpr qsizetype maxHeadBytes = 64LL * 1024;
constexpr auto refusalPatience = 5s;

QByteArray refusal(const QString &why)
{
    const QByteArray body = QByteArray::fromStdString(
        nlohmann::json{{"message", why.toStdString()}, {"reason", nullptr}}.dump());
    return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
           "Connection: close\r\nContent-Length: " +
           QByteArray::number(body.size()) + "\r\n\r\n" + body;
}

// Answers the request that comes, whatever it is, and closes.
void refuse(QTcpSocket *tcp, const QString &why)
{
    const auto answer = [tcp, why, head = QByteArray(), done = false]() mutable {
        head += tcp->readAll();
        if (done || (!head.contains("\r\n\r\n") && head.size() < maxHeadBytes))
            return;
        done = true;
        tcp->write(refusal(why));
        tcp->disconnectFromHost();
    };
    QObject::connect(tcp, &QTcpSocket::readyRead, tcp, answer);
    QObject::connect(tcp, &QTcpSocket::disconnected, tcp, &QObject::deleteLater);
    QTimer::singleShot(refusalPatience, tcp, [tcp] { tcp->abort(); });
    if (tcp->bytesAvailable() > 0)
        emit tcp->readyRead();
}

// Copies what can be had without piling up at the other end.
void pump(QIODevice *from, QIODevice *to)
{
    while (from->bytesAvailable() > 0 && to->bytesToWrite() < bufferBytes)
        to->write(from->read(bufferBytes));
}

} // namespace

class SshRelay::Worker : public QObject
{
public:
    explicit Worker(SshRelay *relay)
        : m_relay(relay)
    {}

    quint16 listen()
    {
        m_server = new QTcpServer(this);
        connect(m_server, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *const tcp = m_server->nextPendingConnection())
                join(tcp);
        });
        return m_server->listen(QHostAddress::LocalHost) ? m_server->serverPort() : 0;
    }

    QString target; // empty: away
    QString why;

private:
    void join(QTcpSocket *tcp)
    {
        if (target.isEmpty())
            return refuse(tcp, why);
        auto *const local = new QLocalSocket(tcp);
        tcp->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        tcp->setReadBufferSize(bufferBytes);
        local->setReadBufferSize(bufferBytes);
        connect(local, &QLocalSocket::errorOccurred, tcp, [this, tcp, local] {
            if (local->state() == QLocalSocket::ConnectedState || m_isJoined.contains(tcp))
                return;
            local->disconnect(tcp);
            tcp->disconnect(local);
            refuse(tcp, tr("The SSH connection has just been lost"));
        });
        connect(local, &QLocalSocket::connected, tcp, [this, tcp, local] {
            m_isJoined.insert(tcp);
            pump(tcp, local);
        });
        connect(local, &QLocalSocket::readyRead, tcp, [this, tcp, local] {
            m_isAnswered.insert(tcp);
            pump(local, tcp);
        });
        connect(local, &QLocalSocket::bytesWritten, tcp, [tcp, local] { pump(tcp, local); });
        connect(tcp, &QTcpSocket::readyRead, local, [this, tcp, local] {
            if (m_isJoined.contains(tcp))
                pump(tcp, local);
        });
        connect(tcp, &QTcpSocket::bytesWritten, local, [tcp, local] { pump(local, tcp); });
        connect(local, &QLocalSocket::disconnected, tcp, [this, tcp, local] {
            if (local->bytesAvailable() > 0)
                tcp->write(local->readAll());
            else if (!m_isAnswered.contains(tcp))
                emit m_relay->nobodyThere();
            tcp->disconnectFromHost();
        });
        connect(tcp, &QTcpSocket::disconnected, this, [this, tcp, local] {
            m_isJoined.remove(tcp);
            m_isAnswered.remove(tcp);
            local->disconnect(tcp);
            tcp->deleteLater(); // with the local socket
        });
        local->connectToServer(target);
    }

    QTcpServer *m_server = nullptr;
    SshRelay *m_relay; // outlives our thread
    QSet<QTcpSocket *> m_isJoined, m_isAnswered;
};

SshRelay::SshRelay(QObject *parent)
    : QObject(parent)
    , m_worker(new Worker(this))
{
    m_thread.setObjectName(QStringLiteral("ssh relay"));
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    m_thread.start();
}

SshRelay::~SshRelay()
{
    m_thread.quit();
    m_thread.wait();
}

Result<quint16> SshRelay::listen()
{
    quint16 port = 0;
    QMetaObject::invokeMethod(
        m_worker, [this] { return m_worker->listen(); }, Qt::BlockingQueuedConnection, &port);
    if (port == 0)
        return fail(ErrorCode::Internal, tr("No port of this computer could be opened"));
    return port;
}

void SshRelay::setTarget(const QString &socketPath)
{
    QMetaObject::invokeMethod(m_worker, [this, socketPath] { m_worker->target = socketPath; });
}

void SshRelay::setAway(const QString &why)
{
    QMetaObject::invokeMethod(m_worker, [this, why] {
        m_worker->target.clear();
        m_worker->why = why;
    });
}

} // namespace farcell
