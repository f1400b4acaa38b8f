#include "core/client/socketworker.h"

#include "core/client/outputmessage.h"
#include "core/client/pinstore.h"
#include "core/jupyter/websocketframes.h"

#include <QLoggingCategory>
#include <QSslError>
#include <QWebSocket>
#include <QWebSocketHandshakeOptions>

#include <algorithm>
#include <optional>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;

Q_LOGGING_CATEGORY(lcSocket, "farcell.client.socket")

constexpr QLatin1String v1Protocol("v1.kernel.websocket.jupyter.org");
constexpr std::chrono::milliseconds pingInterval = 3s;
constexpr std::chrono::milliseconds silenceLimit = 9s;
// While one large message crosses a slow line no pong can pass it: each time silence alone was the
// reason, the next silence may be longer.
constexpr std::chrono::milliseconds longestSilence = 120s;
constexpr std::chrono::milliseconds handshakePatience = 10s;

} // namespace

SocketWorker::SocketWorker(std::shared_ptr<SocketEvents> events)
    : m_events(std::move(events))
    , m_patience(this)
    , m_ping(this)
    , m_silenceLimit(silenceLimit)
{
    m_patience.setSingleShot(true);
    m_patience.setInterval(handshakePatience);
    connect(&m_patience, &QTimer::timeout, this,
            [this] { handleDown(KernelConnection::tr("The server does not answer")); });
    m_ping.setInterval(pingInterval);
    connect(&m_ping, &QTimer::timeout, this, &SocketWorker::keepAlive);
}

SocketWorker::~SocketWorker()
{
    if (m_socket == nullptr)
        return;
    m_socket->disconnect(this);
    m_socket->close();
}

void SocketWorker::connectTo(const QNetworkRequest &request, const Endpoint &endpoint,
                             quint64 attempt)
{
    dropSocket();
    m_attempt = attempt;
    m_endpoint = endpoint;
    m_socket = new QWebSocket(QString(), QWebSocketProtocol::VersionLatest, this);
    m_socket->setMaxAllowedIncomingFrameSize(wire::maxFrameBytes);
    m_socket->setMaxAllowedIncomingMessageSize(wire::maxFrameBytes);
    watchSocket();
    QWebSocketHandshakeOptions options;
    options.setSubprotocols({v1Protocol});
    if (request.url().scheme() == QLatin1String("wss")) {
        m_socket->setSslConfiguration(tlsConfiguration(m_endpoint));
        connect(m_socket, &QWebSocket::sslErrors, this, [this](const QList<QSslError> &errors) {
            if (isPinned(m_endpoint, errors))
                m_socket->ignoreSslErrors();
        });
    }
    m_patience.start();
    m_socket->open(request, options);
}

void SocketWorker::watchSocket()
{
    connect(m_socket, &QWebSocket::connected, this, &SocketWorker::handleOpened);
    connect(m_socket, &QWebSocket::disconnected, this, [this] {
        handleDown(m_socket->closeReason().isEmpty() ? m_socket->errorString()
                                                     : m_socket->closeReason());
    });
    connect(m_socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), this, [this] {
        // An error while open is followed by disconnected(); before, nothing else comes.
        if (m_socket->state() != QAbstractSocket::ConnectedState)
            handleDown(m_socket->errorString());
    });
    connect(m_socket, &QWebSocket::binaryMessageReceived, this,
            [this](const QByteArray &frame) { handleFrame(frame, true); });
    connect(m_socket, &QWebSocket::textMessageReceived, this,
            [this](const QString &text) { handleFrame(text.toUtf8(), false); });
    // Parts of a large message are signs of life too.
    connect(m_socket, &QWebSocket::binaryFrameReceived, this, [this] { m_lastHeard.restart(); });
    connect(m_socket, &QWebSocket::pong, this, [this] { m_lastHeard.restart(); });
}

void SocketWorker::handleOpened()
{
    m_patience.stop();
    m_isV1 = m_socket->subprotocol() == v1Protocol;
    m_isOpen = true;
    m_lastHeard.restart();
    m_lastTick.restart();
    m_ping.start();
    SocketEvent event;
    event.kind = SocketEvent::Kind::Opened;
    push(std::move(event));
}

void SocketWorker::send(const OutgoingMessage &message)
{
    if (!m_isOpen)
        return;
    if (m_isV1)
        m_socket->sendBinaryMessage(encodeFrame(message));
    else
        m_socket->sendTextMessage(QString::fromUtf8(encodeLegacyFrame(message)));
}

void SocketWorker::handleFrame(const QByteArray &frame, bool isBinary)
{
    m_silenceLimit = silenceLimit;
    auto message = m_isV1 && isBinary ? decodeFrame(frame) : decodeLegacyFrame(frame, isBinary);
    if (!message)
        qCWarning(lcSocket) << "dropped a frame:" << message.error().detail;
    else if (isLongStream(*message))
        pushParts(*message);
    else
        pushMessage(*message, frame.size());
    m_lastHeard.restart(); // only now: it may have waited for room
}

// The text of a long stream message is decoded here and handed over in parts, so that no turn of
// the other thread has much to do and little of it is in memory twice.
void SocketWorker::pushParts(const KernelMessage &message)
{
    KernelMessage part = message;
    part.rawContent.clear();
    part.goesOn = true;
    const auto bytes = [](const QString &text) {
        return text.size() * static_cast<qsizetype>(sizeof(QChar));
    };
    std::optional<QString> before; // the last one is told apart
    forEachStreamPart(message, [&](const QString &text) {
        if (before && !m_events->isClosed()) {
            part.streamText = std::move(*before);
            const qsizetype size = bytes(*part.streamText);
            pushMessage(part, size);
        }
        before = text;
        return !m_events->isClosed();
    });
    part.goesOn = false;
    part.streamText = std::move(before).value_or(QString());
    const qsizetype size = bytes(*part.streamText);
    pushMessage(part, size);
}

void SocketWorker::pushMessage(const KernelMessage &message, qsizetype bytes)
{
    SocketEvent event;
    event.message = message;
    event.bytes = bytes;
    push(std::move(event));
}

void SocketWorker::push(SocketEvent event)
{
    event.attempt = m_attempt;
    bool wakes = false;
    if (m_events->push(std::move(event), wakes) && wakes)
        emit eventsReady();
}

// Called once per attempt, whether it never opened or was cut.
void SocketWorker::handleDown(const QString &reason)
{
    if (m_socket == nullptr)
        return;
    dropSocket();
    SocketEvent event;
    event.kind = SocketEvent::Kind::Down;
    event.reason = reason;
    push(std::move(event));
}

void SocketWorker::dropSocket()
{
    m_isOpen = false;
    m_ping.stop();
    m_patience.stop();
    if (m_socket == nullptr)
        return;
    m_socket->disconnect(this);
    m_socket->abort();
    m_socket->deleteLater();
    m_socket = nullptr;
}

void SocketWorker::keepAlive()
{
    if (!m_isOpen)
        return;
    // This computer slept, or was busy itself: what the line missed is not the line's fault.
    if (m_lastTick.restart() > 3 * pingInterval.count())
        m_lastHeard.restart();
    if (m_lastHeard.hasExpired(m_silenceLimit.count())) {
        m_silenceLimit = std::min(2 * m_silenceLimit, longestSilence);
        handleDown(KernelConnection::tr("The server has fallen silent"));
        return;
    }
    m_socket->ping();
}

} // namespace farcell
