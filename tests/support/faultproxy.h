#pragma once

#include <QHash>
#include <QHostAddress>
#include <QObject>
#include <QTcpServer>
#include <QTcpSocket>

#include <sys/socket.h>

namespace farcell::test {

// A TCP proxy on loopback that behaves as bad as a network can: drops, stalls, half-closes,
// swallows. Same thread, no process.
class FaultProxy : public QObject
{
public:
    explicit FaultProxy(quint16 target)
        : m_target(target)
    {
        m_listener.listen(QHostAddress::LocalHost);
        connect(&m_listener, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *const client = m_listener.nextPendingConnection())
                open(client);
        });
    }
    ~FaultProxy() override { cut(); }
    Q_DISABLE_COPY_MOVE(FaultProxy)

    [[nodiscard]] quint16 port() const { return m_listener.serverPort(); }
    [[nodiscard]] bool isUsed() const { return !m_serverOf.isEmpty(); }

    // Ends all connections with a reset, both sides at once.
    void cut()
    {
        for (const auto &[client, server] : pairs()) {
            reset(client);
            reset(server);
        }
    }
    // The server hears of the end only much later, or the client.
    void cutClient()
    {
        for (const auto &[client, server] : pairs())
            reset(client);
    }
    void cutServer()
    {
        for (const auto &[client, server] : pairs())
            reset(server);
    }
    // Nothing moves, nothing ends.
    void setStalled(bool stalled)
    {
        m_isStalled = stalled;
        for (const auto &[client, server] : pairs()) {
            forward(client, server);
            forward(server, client);
        }
    }
    // What one side sends is lost from now on; only cut() may follow.
    void swallow(bool fromClient, bool fromServer)
    {
        m_swallowsClient = fromClient;
        m_swallowsServer = fromServer;
    }
    // New connections are refused as by a host that is down.
    void setRefusing(bool refusing)
    {
        m_isRefusing = refusing;
        if (refusing)
            cut();
    }
    void heal()
    {
        m_swallowsClient = m_swallowsServer = m_isRefusing = false;
        setStalled(false);
    }

private:
    using Pair = std::pair<QTcpSocket *, QTcpSocket *>;
    [[nodiscard]] QList<Pair> pairs() const
    {
        QList<Pair> list;
        for (auto it = m_serverOf.cbegin(); it != m_serverOf.cend(); ++it)
            list.append(Pair(it.key(), it.value()));
        return list;
    }
    void open(QTcpSocket *client)
    {
        client->setParent(this);
        if (m_isRefusing) {
            reset(client);
            client->deleteLater();
            return;
        }
        auto *server = new QTcpSocket(this);
        m_serverOf.insert(client, server);
        server->connectToHost(QHostAddress::LocalHost, m_target);
        client->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        server->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        connect(client, &QTcpSocket::readyRead, this, [=, this] { forward(client, server); });
        connect(server, &QTcpSocket::readyRead, this, [=, this] { forward(server, client); });
        connect(server, &QTcpSocket::connected, this, [=, this] { forward(client, server); });
        connect(client, &QTcpSocket::disconnected, this, [=, this] { ended(client, client); });
        connect(server, &QTcpSocket::disconnected, this, [=, this] { ended(client, server); });
        connect(server, &QTcpSocket::errorOccurred, this, [=, this] {
            if (server->state() == QAbstractSocket::UnconnectedState)
                ended(client, server);
        });
    }
    void forward(QTcpSocket *from, QTcpSocket *to)
    {
        if (m_isStalled)
            return;
        const bool isClient = m_serverOf.contains(from);
        const QByteArray bytes = from->readAll();
        if (!(isClient ? m_swallowsClient : m_swallowsServer) &&
            to->state() != QAbstractSocket::UnconnectedState)
            to->write(bytes);
    }
    // A side that closed itself takes the other one along, as a network would tell in the end. One
    // that was reset here leaves the other one open: half a connection.
    void ended(QTcpSocket *client, QTcpSocket *which)
    {
        QTcpSocket *const server = m_serverOf.value(client);
        if (server == nullptr)
            return;
        QTcpSocket *const other = which == client ? server : client;
        if (!which->property("reset").toBool())
            other->disconnectFromHost();
        if (client->state() == QAbstractSocket::UnconnectedState &&
            server->state() == QAbstractSocket::UnconnectedState) {
            m_serverOf.remove(client);
            client->deleteLater();
            server->deleteLater();
        }
    }
    static void reset(QTcpSocket *socket)
    {
        if (socket->state() == QAbstractSocket::UnconnectedState)
            return;
        const linger hard{1, 0};
        ::setsockopt(int(socket->socketDescriptor()), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        socket->setProperty("reset", true);
        socket->abort();
    }

    QTcpServer m_listener;
    quint16 m_target;
    QHash<QTcpSocket *, QTcpSocket *> m_serverOf;
    bool m_isStalled = false;
    bool m_isRefusing = false;
    bool m_swallowsClient = false;
    bool m_swallowsServer = false;
};

} // namespace farcell::test
