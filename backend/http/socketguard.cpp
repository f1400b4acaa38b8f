#include "backend/http/socketguard.h"

#include <QTcpSocket>
#include <QTimer>
#include <QWebSocket>

#include <algorithm>
#include <chrono>

namespace farcell::http {

namespace {

constexpr std::chrono::seconds pingInterval{30};
constexpr std::chrono::seconds silenceLimit{90};

constexpr unsigned char maskBit = 0x80;
constexpr unsigned char lengthBits = 0x7f;
constexpr int length16 = 126; // length in the next 2 bytes
constexpr int length64 = 127; // length in the next 8 bytes

int fullHeaderSize(unsigned char second)
{
    const int length = second & lengthBits;
    const int extra = length == length64 ? 8 : length == length16 ? 2 : 0;
    return 2 + extra + 4; // masked: four bytes of key
}

} // namespace

SocketGuard::SocketGuard(QTcpSocket *socket, qsizetype headSize)
    : QObject(socket)
    , m_socket(socket)
    , m_skip(headSize)
{
    connect(socket, &QTcpSocket::readyRead, this, &SocketGuard::beforeRead);
}

void SocketGuard::watch(QWebSocket *webSocket)
{
    m_webSocket = webSocket;
    // Connected after Qt's own slot, so called after it.
    connect(m_socket, &QTcpSocket::readyRead, this, &SocketGuard::afterRead);
    afterRead();

    m_lastSign.start();
    connect(m_socket, &QTcpSocket::bytesWritten, this, [this] { m_lastSign.restart(); });
    auto *timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &SocketGuard::ping);
    timer->start(pingInterval);
}

void SocketGuard::beforeRead()
{
    if (m_webSocket)
        m_lastSign.restart();
    m_available = m_socket->bytesAvailable();
    const qint64 fresh = m_available - m_walked;
    bool tolerable = true;
    if (fresh <= m_skip) {
        m_skip -= fresh; // all payload: no need to look
    } else {
        const QByteArray bytes = m_socket->peek(m_available);
        tolerable = walk(bytes.constData() + m_walked, bytes.size() - m_walked);
    }
    m_walked = m_available;
    if (!tolerable)
        m_socket->abort();
}

void SocketGuard::afterRead()
{
    m_walked = std::max<qint64>(0, m_walked - (m_available - m_socket->bytesAvailable()));
    m_available = m_socket->bytesAvailable();
}

bool SocketGuard::walk(const char *bytes, qsizetype size)
{
    while (size > 0) {
        if (m_skip > 0) {
            const qint64 step = std::min<qint64>(m_skip, size);
            m_skip -= step;
            bytes += step;
            size -= step;
            continue;
        }
        m_header[size_t(m_headerSize++)] = static_cast<unsigned char>(*bytes++);
        --size;
        if (m_headerSize >= 2 && !headerComplete())
            return false;
    }
    return true;
}

// With at least two bytes of a header: false when the frame must not be accepted; sets m_skip once
// the header is whole.
bool SocketGuard::headerComplete()
{
    if ((m_header[1] & maskBit) == 0)
        return false;
    const int whole = fullHeaderSize(m_header[1]);
    if (m_headerSize < whole)
        return true;
    quint64 length = m_header[1] & lengthBits;
    if (length >= length16) {
        const size_t bytes = length == length64 ? 8 : 2;
        length = 0;
        for (size_t i = 0; i < bytes; ++i)
            length = (length << 8) | m_header[2 + i];
    }
    m_headerSize = 0;
    m_skip = qint64(length);
    return m_skip >= 0; // the topmost bit of a length must be zero
}

void SocketGuard::ping()
{
    const std::chrono::milliseconds silence(m_lastSign.elapsed());
    if (silence >= silenceLimit)
        m_socket->abort();
    else if (m_webSocket)
        m_webSocket->ping();
}

} // namespace farcell::http
