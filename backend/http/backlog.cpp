#include "backend/http/backlog.h"

#include <QPointer>
#include <QSslSocket>
#include <QTcpSocket>
#include <QVariant>
#include <QWebSocket>

namespace farcell::http {

namespace {

constexpr const char *transportProperty = "farcellTransport";

} // namespace

qint64 unsentBytes(const QTcpSocket *socket)
{
    const auto *ssl = qobject_cast<const QSslSocket *>(socket);
    return socket->bytesToWrite() + (ssl != nullptr ? ssl->encryptedBytesToWrite() : 0);
}

qint64 unsentBytes(const QWebSocket *socket)
{
    const auto transport = socket->property(transportProperty).value<QPointer<QTcpSocket>>();
    return transport ? unsentBytes(transport.data()) : socket->bytesToWrite();
}

void carry(QWebSocket *socket, QTcpSocket *transport)
{
    socket->setProperty(transportProperty, QVariant::fromValue(QPointer<QTcpSocket>(transport)));
    if (const auto *ssl = qobject_cast<QSslSocket *>(transport))
        QObject::connect(ssl, &QSslSocket::encryptedBytesWritten, socket,
                         &QWebSocket::bytesWritten);
}

} // namespace farcell::http
