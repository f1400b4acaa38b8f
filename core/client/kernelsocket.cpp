#include "core/client/kernelsocket.h"

#include "core/client/kernelmessage.h"
#include "core/client/runtimejson.h"
#include "core/jupyter/websocketframes.h"

#include <QLoggingCategory>
#include <QNetworkRequest>
#include <QRandomGenerator>
#include <QWebSocket>
#include <QWebSocketHandshakeOptions>

#include <algorithm>
#include <chrono>

namespace farcell {

namespace {

using namespace std::chrono_literals;

Q_LOGGING_CATEGORY(lcSocket, "farcell.client.socket")

constexpr QLatin1String v1Protocol("v1.kernel.websocket.jupyter.org");
constexpr std::chrono::milliseconds pingInterval = 15s;
// Generous: while one large message crosses a slow line no pong can pass it.
constexpr std::chrono::milliseconds silenceLimit = 120s;
constexpr std::chrono::milliseconds longestDelay = 15s;
constexpr std::chrono::milliseconds stableAfter = 5s;
constexpr int maxRefusedHandshakes = 6;

} // namespace

KernelSocket::KernelSocket(const Endpoint &endpoint, KernelId id, QString session, QObject *parent)
    : QObject(parent)
    , m_http(endpoint)
    , m_id(std::move(id))
    , m_session(std::move(session))
{
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &KernelSocket::connectNow);
    m_ping.setInterval(pingInterval);
    connect(&m_ping, &QTimer::timeout, this, &KernelSocket::keepAlive);
}

KernelSocket::~KernelSocket()
{
    m_hasGivenUp = true; // whatever the members say while they go, nobody listens any more
    if (m_socket != nullptr) {
        m_socket->disconnect(this);
        m_socket->close();
    }
}

void KernelSocket::open()
{
    connectNow();
}

void KernelSocket::connectNow()
{
    if (m_hasGivenUp)
        return;
    dropSocket();
    m_socket = new QWebSocket(QString(), QWebSocketProtocol::VersionLatest, this);
    m_socket->setMaxAllowedIncomingFrameSize(wire::maxFrameBytes);
    m_socket->setMaxAllowedIncomingMessageSize(wire::maxFrameBytes);
    connect(m_socket, &QWebSocket::connected, this, &KernelSocket::handleOpened);
    connect(m_socket, &QWebSocket::disconnected, this, &KernelSocket::handleDown);
    connect(m_socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), this, [this] {
        // An error while open is followed by disconnected(); before, nothing else comes.
        if (m_socket->state() != QAbstractSocket::ConnectedState)
            handleDown();
    });
    connect(m_socket, &QWebSocket::binaryMessageReceived, this,
            [this](const QByteArray &frame) { handleFrame(frame, true); });
    connect(m_socket, &QWebSocket::textMessageReceived, this,
            [this](const QString &text) { handleFrame(text.toUtf8(), false); });
    connect(m_socket, &QWebSocket::pong, this, [this] { m_lastHeard.restart(); });

    QUrlQuery query;
    query.addQueryItem(QStringLiteral("session_id"), m_session);
    QUrl url = m_http.url(QStringLiteral("api/kernels/%1/channels").arg(m_id.toString()), query);
    url.setScheme(url.scheme() == QLatin1String("https") ? QStringLiteral("wss")
                                                         : QStringLiteral("ws"));
    QNetworkRequest request(url);
    m_http.authorize(request);
    QWebSocketHandshakeOptions options;
    options.setSubprotocols({v1Protocol});
    m_socket->open(request, options);
}

void KernelSocket::handleOpened()
{
    m_isV1 = m_socket->subprotocol() == v1Protocol;
    m_isOpen = true;
    m_refusedHandshakes = 0;
    m_openSince.restart();
    m_lastHeard.restart();
    m_ping.start();
    emit opened();
}

void KernelSocket::send(const OutgoingMessage &message)
{
    if (!m_isOpen)
        return;
    if (m_isV1)
        m_socket->sendBinaryMessage(encodeFrame(message));
    else
        m_socket->sendTextMessage(QString::fromUtf8(encodeLegacyFrame(message)));
}

void KernelSocket::handleFrame(const QByteArray &frame, bool isBinary)
{
    m_lastHeard.restart();
    const auto message =
        m_isV1 && isBinary ? decodeFrame(frame) : decodeLegacyFrame(frame, isBinary);
    if (message)
        emit messageReceived(*message);
    else
        qCWarning(lcSocket) << "dropped a frame:" << message.error().detail;
}

// Called once per attempt, whether it never opened or was cut.
void KernelSocket::handleDown()
{
    if (m_socket == nullptr || m_hasGivenUp)
        return;
    const bool wasOpen = std::exchange(m_isOpen, false);
    m_ping.stop();
    if (wasOpen && m_openSince.hasExpired(stableAfter.count()))
        m_attempts = 0;
    if (!wasOpen)
        ++m_refusedHandshakes;
    dropSocket();
    if (wasOpen)
        emit lost();
    if (!m_hasGivenUp)
        checkKernel();
}

void KernelSocket::checkKernel()
{
    HttpRequest request;
    request.path = QStringLiteral("api/kernels/") + m_id.toString();
    m_http.send(request, [this](const Result<HttpReply> &reply) {
        if (m_hasGivenUp)
            return;
        if (!reply && reply.error().code == ErrorCode::NotFound)
            return giveUp({ErrorCode::NotFound, KernelConnection::tr("The kernel has ended"),
                           reply.error().detail});
        if (!reply && reply.error().code == ErrorCode::Denied)
            return giveUp(reply.error());
        if (reply && m_refusedHandshakes >= maxRefusedHandshakes)
            return giveUp({ErrorCode::Unavailable,
                           KernelConnection::tr("The server answers but refuses the kernel's "
                                                "WebSocket; a proxy may be in the way"),
                           {}});
        if (!reply)
            m_refusedHandshakes = 0; // the network is to blame, not the server
        retryLater();
    });
}

void KernelSocket::askModel(std::function<void(const QString &)> done)
{
    HttpRequest request;
    request.path = QStringLiteral("api/kernels/") + m_id.toString();
    m_http.send(request, [done = std::move(done)](const Result<HttpReply> &reply) {
        const auto kernel = reply ? kernelFrom(reply->body) : tl::unexpected(reply.error());
        done(kernel ? kernel->executionState : QString());
    });
}

void KernelSocket::retryLater()
{
    const int doublings = std::min(m_attempts++, 8);
    const auto delay = std::min<std::chrono::milliseconds>(250ms * (1 << doublings), longestDelay);
    // Half of it at random, so that many clients do not come back in step.
    const auto half = static_cast<int>(delay.count() / 2);
    m_retry.start(half + QRandomGenerator::global()->bounded(half + 1));
}

void KernelSocket::giveUp(const Error &error)
{
    m_hasGivenUp = true;
    m_retry.stop();
    emit gaveUp(error);
}

void KernelSocket::dropSocket()
{
    if (m_socket == nullptr)
        return;
    m_socket->disconnect(this);
    m_socket->abort();
    m_socket->deleteLater();
    m_socket = nullptr;
}

void KernelSocket::keepAlive()
{
    if (!m_isOpen)
        return;
    if (m_lastHeard.hasExpired(silenceLimit.count())) {
        handleDown();
        return;
    }
    m_socket->ping();
}

} // namespace farcell
