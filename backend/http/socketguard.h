#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>

#include <array>

class QTcpSocket;
class QTimer;
class QWebSocket;

namespace farcell::http {

// What Qt's WebSocket does not do itself: ends connections whose client sends unmasked frames
// (RFC 6455 5.1), and those that have been silent too long. Pings every 30 s as Jupyter does.
// Child of the socket. Sees each byte before Qt's WebSocket takes it from the socket's buffer.
class SocketGuard : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SocketGuard)

public:
    // Before the socket is handed to QWebSocketServer; `headSize` bytes of HTTP are still in it.
    SocketGuard(QTcpSocket *socket, qsizetype headSize);
    // Right after the upgrade.
    void watch(QWebSocket *webSocket);

private:
    void beforeRead();
    void afterRead();
    bool walk(const char *bytes, qsizetype size); // false: not to be tolerated
    bool headerComplete();
    void ping();

    static constexpr int maxHeader = 14;

    QTcpSocket *m_socket;
    QPointer<QWebSocket> m_webSocket;
    qint64 m_walked = 0;    // bytes at the front of the socket's buffer already looked at
    qint64 m_available = 0; // in the buffer when Qt began to read
    qint64 m_skip;          // bytes until the next frame header
    std::array<unsigned char, maxHeader> m_header{};
    int m_headerSize = 0;
    QElapsedTimer m_lastSign; // of life from the client
};

} // namespace farcell::http
