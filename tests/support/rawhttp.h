#pragma once

#include <QByteArray>
#include <QHostAddress>
#include <QTcpSocket>
#include <QTest>

#include <optional>

namespace farcell::test {

// One answer as it came over the wire.
struct RawReply
{
    int status = 0;
    QByteArray head;
    QByteArray body;

    [[nodiscard]] QByteArray header(const QByteArray &name) const
    {
        const QByteArray wanted = "\r\n" + name.toLower() + ":";
        const qsizetype at = head.toLower().indexOf(wanted);
        if (at < 0)
            return {};
        const qsizetype from = at + wanted.size();
        return head.mid(from, head.indexOf("\r\n", from) - from).trimmed();
    }
};

// A TCP connection that sends exactly the bytes it is given: what a polite HTTP library never
// would.
class RawHttp
{
public:
    explicit RawHttp(quint16 port)
    {
        m_socket.connectToHost(QHostAddress::LocalHost, port);
        (void)QTest::qWaitFor(
            [this] { return m_socket.state() == QAbstractSocket::ConnectedState; }, 5000);
    }

    void send(const QByteArray &bytes)
    {
        m_socket.write(bytes);
        m_socket.flush();
    }

    // The next answer; its status is 0 when the connection ended instead, or nothing came.
    RawReply reply(bool hasBody = true)
    {
        std::optional<RawReply> found;
        (void)QTest::qWaitFor(
            [&] {
                m_received += m_socket.readAll();
                found = take(hasBody);
                return found || m_socket.state() == QAbstractSocket::UnconnectedState;
            },
            10000);
        return found.value_or(RawReply());
    }

    RawReply ask(const QByteArray &bytes)
    {
        send(bytes);
        return reply(!bytes.startsWith("HEAD"));
    }

    [[nodiscard]] bool wasClosed()
    {
        return QTest::qWaitFor(
            [this] {
                m_received += m_socket.readAll();
                return m_socket.state() == QAbstractSocket::UnconnectedState;
            },
            10000);
    }
    [[nodiscard]] bool isOpen() const
    {
        return m_socket.state() == QAbstractSocket::ConnectedState;
    }
    [[nodiscard]] QByteArray pending()
    {
        m_received += m_socket.readAll();
        return m_received;
    }
    QTcpSocket &socket() { return m_socket; }

private:
    std::optional<RawReply> take(bool hasBody)
    {
        const qsizetype end = m_received.indexOf("\r\n\r\n");
        if (end < 0)
            return std::nullopt;
        RawReply reply;
        reply.head = m_received.left(end + 2);
        reply.status = reply.head.mid(9, 3).toInt();
        const qsizetype size = hasBody ? reply.header("Content-Length").toLongLong() : 0;
        if (m_received.size() < end + 4 + size)
            return std::nullopt;
        reply.body = m_received.mid(end + 4, size);
        m_received.remove(0, end + 4 + size);
        return reply;
    }

    QTcpSocket m_socket;
    QByteArray m_received;
};

} // namespace farcell::test
