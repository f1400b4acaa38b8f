#include "backend/http/kernelchannel.h"

#include "backend/http/backlog.h"
#include "core/jupyter/websocketframes.h"

#include <QLoggingCategory>
#include <QUuid>
#include <QWebSocket>

#include <string_view>
#include <utility>

namespace farcell::http {

namespace {

Q_LOGGING_CATEGORY(lcChannel, "farcell.channel")

constexpr qsizetype maxCloseReason = 120; // RFC 6455 allows 123 bytes

std::string_view view(const QByteArray &bytes)
{
    return {bytes.constData(), size_t(bytes.size())};
}

} // namespace

KernelChannel::KernelChannel(std::unique_ptr<QWebSocket> socket,
                             std::unique_ptr<KernelStream> stream, Framing framing)
    : m_socket(socket.release())
    , m_stream(std::move(stream))
    , m_framing(framing)
{
    m_socket->setParent(this);
    connect(m_socket, &QWebSocket::binaryMessageReceived, this, &KernelChannel::receiveBinary);
    connect(m_socket, &QWebSocket::textMessageReceived, this, &KernelChannel::receiveText);
    connect(m_socket, &QWebSocket::bytesWritten, this, &KernelChannel::mayResume);
    connect(m_socket, &QWebSocket::disconnected, this, &KernelChannel::end);
    connect(m_stream.get(), &KernelStream::framesReceived, this, &KernelChannel::deliver);
    connect(m_stream.get(), &KernelStream::closed, this, [this](const QString &reason) {
        m_socket->close(QWebSocketProtocol::CloseCodeNormal, reason.left(maxCloseReason / 3));
    });
}

KernelChannel::~KernelChannel() = default;

void KernelChannel::replace()
{
    m_stream.reset();
    m_socket->close(QWebSocketProtocol::CloseCodeNormal, QStringLiteral("replaced"));
    end();
}

void KernelChannel::end()
{
    if (m_stream)
        m_stream.release()->deleteLater(); // it may be what called us
    deleteLater();
}

void KernelChannel::deliver(const QList<QByteArray> &frames)
{
    for (const QByteArray &frame : frames) {
        if (m_framing == Framing::V1)
            m_socket->sendBinaryMessage(frame);
        else
            deliverLegacy(frame);
    }
    if (!m_paused && m_stream && unsentBytes(m_socket) > highMark) {
        m_paused = true;
        m_stream->pause();
    }
}

void KernelChannel::deliverLegacy(const QByteArray &frame)
{
    const auto message = wire::decodeV1(view(frame));
    if (!message) {
        qCWarning(lcChannel) << "a kernel message is malformed";
        return;
    }
    const wire::LegacyFrame legacy = wire::encodeLegacy(*message);
    if (legacy.isBinary)
        m_socket->sendBinaryMessage(QByteArray::fromStdString(legacy.bytes));
    else
        m_socket->sendTextMessage(QString::fromStdString(legacy.bytes));
}

void KernelChannel::mayResume()
{
    if (!m_paused || !m_stream || unsentBytes(m_socket) > lowMark)
        return;
    m_paused = false;
    m_stream->resume();
}

void KernelChannel::receiveBinary(const QByteArray &bytes)
{
    if (!m_stream)
        return;
    if (m_framing == Framing::V1) {
        const auto message = wire::decodeV1(view(bytes));
        if (message)
            m_stream->send(bytes);
        else if (message.error() == wire::FrameError::BadChannel)
            qCWarning(lcChannel) << "message for an unknown channel dropped";
        else
            refuseFrame(wire::frameErrorText(message.error()).data());
        return;
    }
    const auto message = wire::decodeLegacyBinary(view(bytes));
    if (message)
        m_stream->send(QByteArray::fromStdString(message->v1));
    else if (message.error() == wire::FrameError::BadChannel)
        qCWarning(lcChannel) << "message for an unknown channel dropped";
    else
        refuseFrame(wire::frameErrorText(message.error()).data());
}

void KernelChannel::receiveText(const QString &text)
{
    if (!m_stream)
        return;
    if (m_framing == Framing::V1) {
        refuseFrame("text frames are not part of v1.kernel.websocket.jupyter.org");
        return;
    }
    const QByteArray bytes = text.toUtf8();
    const auto message = wire::decodeLegacyText(view(bytes));
    if (message)
        m_stream->send(QByteArray::fromStdString(message->v1));
    else if (message.error() == wire::FrameError::BadChannel)
        qCWarning(lcChannel) << "message for an unknown channel dropped";
    else
        refuseFrame(wire::frameErrorText(message.error()).data());
}

void KernelChannel::refuseFrame(const char *reason)
{
    m_socket->close(QWebSocketProtocol::CloseCodeProtocolError, QString::fromLatin1(reason));
}

void KernelChannels::attach(std::unique_ptr<QWebSocket> socket, const KernelId &kernel,
                            const QString &session, const StreamOptions &options, Framing framing)
{
    const QString client =
        session.isEmpty() ? QUuid::createUuid().toString(QUuid::WithoutBraces) : session;
    const QString key = kernel.toString() + u':' + client;
    if (const QPointer<KernelChannel> stale = m_open.take(key))
        stale->replace();
    auto stream = m_kernels.open(kernel, client, options);
    if (!stream) {
        socket->close(QWebSocketProtocol::CloseCodeNormal, QStringLiteral("no such kernel"));
        return;
    }
    auto *channel = new KernelChannel(std::move(socket), std::move(stream), framing);
    m_open.insert(key, channel);
    m_open.removeIf(
        [](QHash<QString, QPointer<KernelChannel>>::iterator it) { return !it.value(); });
}

} // namespace farcell::http
