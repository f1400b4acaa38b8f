#pragma once

#include "backend/http/router.h"
#include "core/base/result.h"

#include <QObject>
#include <QSet>
#include <QSslConfiguration>

#include <chrono>
#include <memory>
#include <optional>

class QLocalServer;
class QTcpServer;
class QTcpSocket;
class QWebSocket;

namespace farcell::http {

class HttpConnection;

// What is decided about a request when its head is there and its body not yet read.
struct Admission
{
    std::optional<HttpResponse> refusal; // answer this; a body is left unread
    std::chrono::milliseconds delay{0};  // before a refusal
    Handler handler;
    quint64 bodyLimit = 0;
    const SocketRoute *socket = nullptr; // an upgrade to take over
    HttpHeaders extraHeaders;            // for whatever answer is sent
};

// Decides about requests: authentication, origin, routes. See RequestGate.
class Admitter
{
    Q_DISABLE_COPY_MOVE(Admitter)

public:
    Admitter() = default;
    virtual ~Admitter() = default;
    // Fills in path, query, parameters and identity of `request`.
    virtual Admission admit(HttpRequest &request) = 0;
};

// Where to listen: exactly one of address+port and socketPath.
struct ListenAddress
{
    QString host; // "127.0.0.1", "::1", "localhost"
    quint16 port = 0;
    QString socketPath; // unix socket

    // "127.0.0.1:8888", "[::1]:0", "unix:/run/x.sock". InvalidData says what is wrong.
    static Result<ListenAddress> parse(const QString &text);
    [[nodiscard]] bool isUnix() const { return !socketPath.isEmpty(); }
    [[nodiscard]] bool isLoopback() const;
};

// The front: listens, keeps the connections and their number in bounds, ends those that dawdle.
// REST and WebSocket come in on the same port; an upgrade is handed to Qt's WebSocket server only
// after the Admitter let it pass. Lives on one event loop; the Admitter must outlive it.
// Not here: what is answered (RequestGate, the route files).
class HttpServer : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(HttpServer)

public:
    struct Limits
    {
        int connections = 1024;
        std::chrono::seconds head{20};  // from the first byte, or from connecting
        std::chrono::seconds idle{75};  // between two requests
        std::chrono::seconds stall{60}; // no progress in a body or an answer
    };

    HttpServer(Admitter &admitter, Limits limits, QObject *parent = nullptr);
    ~HttpServer() override;

    Result<> listen(const ListenAddress &address);
    void stopListening();
    // TLS for every connection accepted from now on.
    void setTls(const QSslConfiguration &configuration) { m_tls = configuration; }

    [[nodiscard]] quint16 port() const; // of the TCP listener
    [[nodiscard]] int connectionCount() const { return m_open; }

private:
    friend class HttpConnection;
    class TcpListener;
    class LocalListener;

    void accept(qintptr descriptor, bool isLocal);
    void makeRoom();
    void sweep();
    void forget(HttpConnection *connection) { m_connections.remove(connection); }
    // Takes the socket, its head still unread.
    void upgrade(QTcpSocket *socket, qsizetype headSize, const SocketRoute &route,
                 const HttpRequest &request);

    Admitter &m_admitter;
    Limits m_limits;
    std::optional<QSslConfiguration> m_tls;
    QTcpServer *m_tcp = nullptr;
    QLocalServer *m_local = nullptr;
    QSet<HttpConnection *> m_connections; // those still speaking HTTP
    int m_open = 0;                       // sockets, WebSockets included
};

} // namespace farcell::http
