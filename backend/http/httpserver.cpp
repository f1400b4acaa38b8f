#include "backend/http/httpserver.h"

#include "backend/http/backlog.h"
#include "backend/http/httpconnection.h"
#include "backend/http/socketguard.h"

#include <QCoreApplication>
#include <QFile>
#include <QHostAddress>
#include <QLocalServer>
#include <QLocalSocket>
#include <QLoggingCategory>
#include <QSslSocket>
#include <QTcpServer>
#include <QTimer>
#include <QWebSocket>
#include <QWebSocketServer>

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

namespace farcell::http {

namespace {

Q_LOGGING_CATEGORY(lcHttp, "farcell.http")

constexpr std::chrono::milliseconds sweepInterval{500};

QString text(const char *source)
{
    return QCoreApplication::translate("farcell::http", source);
}

// Removes the socket a killed server left behind; never a file or another server's socket.
bool removeStaleSocket(const QString &path)
{
    struct stat status = {};
    const QByteArray name = QFile::encodeName(path);
    if (::lstat(name.constData(), &status) != 0)
        return true; // nothing there: listen() tells if it cannot be made
    if (!S_ISSOCK(status.st_mode))
        return false;
    QLocalSocket probe;
    probe.connectToServer(path);
    if (probe.waitForConnected(500))
        return false;
    return QFile::remove(path);
}

} // namespace

class HttpServer::TcpListener : public QTcpServer
{
public:
    explicit TcpListener(HttpServer &server)
        : QTcpServer(&server)
        , m_server(server)
    {}

protected:
    void incomingConnection(qintptr descriptor) override { m_server.accept(descriptor, false); }

private:
    HttpServer &m_server;
};

class HttpServer::LocalListener : public QLocalServer
{
public:
    explicit LocalListener(HttpServer &server)
        : QLocalServer(&server)
        , m_server(server)
    {}

protected:
    void incomingConnection(quintptr descriptor) override
    {
        m_server.accept(qintptr(descriptor), true);
    }

private:
    HttpServer &m_server;
};

Result<ListenAddress> ListenAddress::parse(const QString &spec)
{
    ListenAddress address;
    if (spec.startsWith(QLatin1String("unix:"))) {
        address.socketPath = spec.mid(5);
        if (!address.socketPath.startsWith(u'/'))
            return fail(ErrorCode::InvalidData,
                        text("The socket's path must be absolute: %1").arg(spec));
        return address;
    }
    const qsizetype colon = spec.lastIndexOf(u':');
    bool isNumber = false;
    address.port = spec.mid(colon + 1).toUShort(&isNumber);
    address.host = spec.left(colon);
    if (address.host.startsWith(u'[') && address.host.endsWith(u']'))
        address.host = address.host.mid(1, address.host.size() - 2);
    if (colon <= 0 || !isNumber || address.host.isEmpty())
        return fail(ErrorCode::InvalidData,
                    text("Not an address to listen on: %1 (say HOST:PORT or unix:PATH)").arg(spec));
    if (address.host != u"localhost" && QHostAddress(address.host).isNull())
        return fail(ErrorCode::InvalidData, text("Not a numeric address: %1").arg(address.host));
    return address;
}

bool ListenAddress::isLoopback() const
{
    return isUnix() || host == u"localhost" || QHostAddress(host).isLoopback();
}

HttpServer::HttpServer(Admitter &admitter, Limits limits, QObject *parent)
    : QObject(parent)
    , m_admitter(admitter)
    , m_limits(limits)
{
    auto *timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &HttpServer::sweep);
    timer->start(sweepInterval);
}

HttpServer::~HttpServer()
{
    const QSet<HttpConnection *> connections = m_connections;
    m_connections.clear();
    qDeleteAll(connections);
}

Result<> HttpServer::listen(const ListenAddress &address)
{
    if (address.isUnix()) {
        m_local = new LocalListener(*this);
        m_local->setSocketOptions(QLocalServer::UserAccessOption);
        if (!removeStaleSocket(address.socketPath))
            return fail(ErrorCode::Exists,
                        tr("Cannot listen on %1: it is in use").arg(address.socketPath));
        if (!m_local->listen(address.socketPath))
            return fail(ErrorCode::Unavailable, tr("Cannot listen on %1").arg(address.socketPath),
                        m_local->errorString());
        return {};
    }
    const QHostAddress host = address.host == u"localhost" ? QHostAddress(QHostAddress::LocalHost)
                                                           : QHostAddress(address.host);
    m_tcp = new TcpListener(*this);
    m_tcp->setListenBacklogSize(512);
    if (!m_tcp->listen(host, address.port))
        return fail(ErrorCode::Unavailable,
                    tr("Cannot listen on %1 port %2").arg(address.host).arg(address.port),
                    m_tcp->errorString());
    return {};
}

void HttpServer::stopListening()
{
    if (m_tcp)
        m_tcp->close();
    if (m_local)
        m_local->close();
}

quint16 HttpServer::port() const
{
    return m_tcp ? m_tcp->serverPort() : 0;
}

void HttpServer::accept(qintptr descriptor, bool isLocal)
{
    auto *ssl = m_tls && !isLocal ? new QSslSocket : nullptr;
    QTcpSocket *socket = ssl ? ssl : new QTcpSocket;
    if (!socket->setSocketDescriptor(descriptor)) {
        qCWarning(lcHttp) << "cannot take a connection:" << socket->errorString();
        delete socket;
        ::close(int(descriptor)); // Qt has not taken it
        return;
    }
    if (!isLocal)
        socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    if (ssl) {
        ssl->setSslConfiguration(*m_tls);
        ssl->startServerEncryption();
    }
    if (m_open >= m_limits.connections)
        makeRoom();

    ++m_open;
    // Qt's WebSocket drops all connections of a socket it takes; a child of it still goes with it.
    connect(new QObject(socket), &QObject::destroyed, this, [this] { --m_open; });
    auto *connection = new HttpConnection(socket, *this, isLocal);
    m_connections.insert(connection);
}

// A flood of connections must not shut out the owner: those that have waited longest without a
// request in progress go first. With none of those the newcomer is served all the same; the
// file-descriptor limit is the last bound.
void HttpServer::makeRoom()
{
    HttpConnection *oldest = nullptr;
    for (HttpConnection *connection : std::as_const(m_connections)) {
        if (connection->isWaiting() &&
            (!oldest || connection->waitingSince() < oldest->waitingSince()))
            oldest = connection;
    }
    if (oldest)
        oldest->abort();
}

void HttpServer::sweep()
{
    const auto now = std::chrono::steady_clock::now();
    const QSet<HttpConnection *> connections = m_connections;
    for (HttpConnection *connection : connections)
        connection->checkTime(now);
}

void HttpServer::upgrade(QTcpSocket *socket, qsizetype headSize, const SocketRoute &route,
                         const HttpRequest &request)
{
    socket->setReadBufferSize(0); // Qt wants a whole frame in its buffer before it takes it
    auto *guard = new SocketGuard(socket, headSize);
    // Qt shakes hands later, in its own time, and does not tell for which socket: one server for
    // each upgrade keeps them apart.
    auto *server =
        new QWebSocketServer(QStringLiteral("farcelld"), QWebSocketServer::NonSecureMode, this);
    if (route.kernelProtocol)
        server->setSupportedSubprotocols({QStringLiteral("v1.kernel.websocket.jupyter.org")});
    connect(socket, &QTcpSocket::disconnected, server, &QObject::deleteLater);
    connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
    connect(server, &QWebSocketServer::newConnection, this, [=, this] {
        std::unique_ptr<QWebSocket> webSocket(server->nextPendingConnection());
        if (!webSocket)
            return;
        // Qt's WebSocket uses the socket to the end and leaves it behind.
        QObject::disconnect(socket, &QTcpSocket::disconnected, socket, nullptr);
        connect(webSocket.get(), &QObject::destroyed, socket, &QObject::deleteLater);
        server->deleteLater();
        webSocket->setParent(nullptr);
        webSocket->setMaxAllowedIncomingFrameSize(route.messageLimit);
        webSocket->setMaxAllowedIncomingMessageSize(route.messageLimit);
        carry(webSocket.get(), socket);
        guard->watch(webSocket.get());
        route.accept(std::move(webSocket), request);
    });
    server->handleConnection(socket);
}

} // namespace farcell::http
