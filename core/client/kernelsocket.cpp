#include "core/client/kernelsocket.h"

#include "core/client/kernelmessage.h"
#include "core/client/pinstore.h"
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
constexpr std::chrono::milliseconds pingInterval = 3s;
constexpr std::chrono::milliseconds silenceLimit = 9s;
// While one large message crosses a slow line no pong can pass it: each time silence alone was the
// reason, the next silence may be longer.
constexpr std::chrono::milliseconds longestSilence = 120s;
constexpr std::chrono::milliseconds handshakePatience = 10s;
constexpr std::chrono::milliseconds checkPatience = 5s;
constexpr std::chrono::milliseconds offlineAfter = 30s;
constexpr std::chrono::milliseconds longestDelay = 15s;
constexpr std::chrono::milliseconds stableAfter = 5s;
constexpr int maxRefusedHandshakes = 6;

} // namespace

KernelSocket::KernelSocket(const Endpoint &endpoint, KernelId id, QString session, QObject *parent)
    : QObject(parent)
    , m_http(endpoint)
    , m_id(std::move(id))
    , m_session(std::move(session))
    , m_silenceLimit(silenceLimit)
{
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &KernelSocket::connectNow);
    m_patience.setSingleShot(true);
    m_patience.setInterval(handshakePatience);
    connect(&m_patience, &QTimer::timeout, this,
            [this] { handleDown(KernelConnection::tr("The server does not answer")); });
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

void KernelSocket::reconnectNow()
{
    if (m_isOpen || m_hasGivenUp)
        return;
    m_attempts = 0;
    m_retry.stop();
    connectNow();
}

QUrl KernelSocket::address() const
{
    QUrlQuery query;
    query.addQueryItem(QStringLiteral("session_id"), m_session);
    query.addQueryItem(QStringLiteral("events"), QStringLiteral("1")); // only Farcell knows these
    if (m_since)
        query.addQueryItem(QStringLiteral("since"), QString::number(*m_since));
    QUrl url = m_http.url(QStringLiteral("api/kernels/%1/channels").arg(m_id.toString()), query);
    url.setScheme(url.scheme() == QLatin1String("https") ? QStringLiteral("wss")
                                                         : QStringLiteral("ws"));
    return url;
}

void KernelSocket::connectNow()
{
    if (m_hasGivenUp)
        return;
    dropSocket();
    ++m_checks;
    m_socket = new QWebSocket(QString(), QWebSocketProtocol::VersionLatest, this);
    m_socket->setMaxAllowedIncomingFrameSize(wire::maxFrameBytes);
    m_socket->setMaxAllowedIncomingMessageSize(wire::maxFrameBytes);
    watchSocket();
    QNetworkRequest request(address());
    m_http.authorize(request);
    QWebSocketHandshakeOptions options;
    options.setSubprotocols({v1Protocol});
    if (request.url().scheme() == QLatin1String("wss")) {
        m_socket->setSslConfiguration(tlsConfiguration(m_http.endpoint()));
        connect(m_socket, &QWebSocket::sslErrors, this, [this](const QList<QSslError> &errors) {
            if (isPinned(m_http.endpoint(), errors))
                m_socket->ignoreSslErrors();
        });
    }
    m_patience.start();
    m_link.nextTryAt = {};
    emit linkChanged();
    m_socket->open(request, options);
}

void KernelSocket::watchSocket()
{
    connect(m_socket, &QWebSocket::connected, this, &KernelSocket::handleOpened);
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

void KernelSocket::handleOpened()
{
    m_patience.stop();
    m_isV1 = m_socket->subprotocol() == v1Protocol;
    m_isOpen = true;
    m_refusedHandshakes = 0;
    m_openSince.restart();
    m_lastHeard.restart();
    m_lastTick.restart();
    m_ping.start();
    m_link = {};
    setPhase(m_since ? LinkState::Phase::CatchingUp : LinkState::Phase::Connected);
    emit opened();
}

void KernelSocket::setCaughtUp()
{
    if (m_isOpen && m_link.phase != LinkState::Phase::Connected)
        setPhase(LinkState::Phase::Connected);
}

void KernelSocket::setPhase(LinkState::Phase phase)
{
    m_link.phase = phase;
    emit linkChanged();
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
    m_silenceLimit = silenceLimit;
    const auto message =
        m_isV1 && isBinary ? decodeFrame(frame) : decodeLegacyFrame(frame, isBinary);
    if (message)
        emit messageReceived(*message);
    else
        qCWarning(lcSocket) << "dropped a frame:" << message.error().detail;
}

// Called once per attempt, whether it never opened or was cut.
void KernelSocket::handleDown(const QString &reason)
{
    if (m_socket == nullptr || m_hasGivenUp)
        return;
    const bool wasOpen = std::exchange(m_isOpen, false);
    m_ping.stop();
    m_patience.stop();
    if (wasOpen && m_openSince.hasExpired(stableAfter.count()))
        m_attempts = 0;
    if (!wasOpen)
        ++m_refusedHandshakes;
    dropSocket();
    const auto now = QDateTime::currentDateTimeUtc();
    if (!m_link.since.isValid())
        m_link.since = now;
    m_link.reason = reason;
    const bool isOffline = m_link.since.msecsTo(now) >= offlineAfter.count();
    setPhase(isOffline ? LinkState::Phase::Offline : LinkState::Phase::Reconnecting);
    if (wasOpen)
        emit lost();
    if (!m_hasGivenUp)
        checkKernel();
}

void KernelSocket::checkKernel()
{
    HttpRequest request;
    request.path = QStringLiteral("api/kernels/") + m_id.toString();
    request.timeout = checkPatience;
    m_http.send(request, [this, check = ++m_checks](const Result<HttpReply> &reply) {
        if (m_hasGivenUp || check != m_checks)
            return;
        if (!reply && reply.error().code == ErrorCode::NotFound)
            return giveUp({ErrorCode::NotFound, KernelConnection::tr("The kernel has ended"),
                           reply.error().detail});
        if (!reply &&
            (reply.error().code == ErrorCode::Denied || reply.error().code == ErrorCode::Untrusted))
            return giveUp(reply.error());
        if (reply && m_refusedHandshakes >= maxRefusedHandshakes)
            return giveUp({ErrorCode::Unavailable,
                           KernelConnection::tr("The server answers but refuses the kernel's "
                                                "WebSocket; a proxy may be in the way"),
                           {}});
        if (!reply) {
            m_refusedHandshakes = 0; // the network is to blame, not the server
            m_link.reason = reply.error().message;
        }
        retryLater();
    });
}

void KernelSocket::askModel(std::function<void(const QString &)> done)
{
    HttpRequest request;
    request.path = QStringLiteral("api/kernels/") + m_id.toString();
    m_http.send(request, [this, done = std::move(done)](const Result<HttpReply> &reply) {
        if (m_hasGivenUp)
            return; // also while this object is destroyed: who asked may be gone already
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
    const int wait = half + QRandomGenerator::global()->bounded(half + 1);
    m_retry.start(wait);
    m_link.attempt = m_attempts;
    m_link.nextTryAt = QDateTime::currentDateTimeUtc().addMSecs(wait);
    emit linkChanged();
}

void KernelSocket::giveUp(const Error &error)
{
    m_hasGivenUp = true;
    m_retry.stop();
    m_link.nextTryAt = {};
    m_link.reason = error.message;
    setPhase(LinkState::Phase::Gone);
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
