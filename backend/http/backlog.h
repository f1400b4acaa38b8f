#pragma once

#include <QtGlobal>

class QTcpSocket;
class QWebSocket;

namespace farcell::http {

// Bytes that the socket has taken and the network has not. Qt's own number leaves out what a TLS
// socket has encrypted already, which is nearly everything.
[[nodiscard]] qint64 unsentBytes(const QTcpSocket *socket);
// Of a WebSocket that went through carry().
[[nodiscard]] qint64 unsentBytes(const QWebSocket *socket);

// Tells the WebSocket over which socket it runs: for unsentBytes(), and so that its bytesWritten()
// is also emitted when the network took something from a TLS socket.
void carry(QWebSocket *socket, QTcpSocket *transport);

} // namespace farcell::http
