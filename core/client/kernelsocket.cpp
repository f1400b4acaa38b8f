#include "core/client/kernelsocket.h"

#include "core/client/kernelmessage.h"
#include "core/client/runtimejson.h"
#include "core/client/socketevents.h"
#include "core/client/socketworker.h"

#include <QNetworkRequest>
#include <QPointer>
#include <QRandomGenerator>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds checkPatience = 5s;
constexpr std::chrono::milliseconds offlineAfter = 30s;
constexpr std::chrono::milliseconds longestDelay = 15s;
constexpr std::chrono::milliseconds stableAfter = 5s;
constexpr int maxRefusedHandshakes = 6;
// In a flood the rest of a frame is for painting and for the person.
constexpr qint64 turnBudgetNs = 4'000'000;

} // namespace

KernelSocket::KernelSocket(const Endpoint &endpoint, KernelId id, QString session, QObject *parent)
    : QObject(parent)
    , m_http(endpoint)
    , m_id(std::move(id))
    , m_session(std::move(session))
    , m_events(std::make_shared<SocketEvents>())
    , m_worker(new SocketWorker(m_events))
{
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &KernelSocket::connectNow);
    m_more.setInterval(0);
    connect(&m_more, &QTimer::timeout, this, &KernelSocket::takeEvents);
    m_thread.setObjectName(QStringLiteral("kernel socket"));
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    connect(m_worker, &SocketWorker::eventsReady, this, &KernelSocket::takeEvents);
    m_thread.start();
}

KernelSocket::~KernelSocket()
{
    m_hasGivenUp = true; // whatever the members say while they go, nobody listens any more
    m_events->close();
    m_thread.quit();
    m_thread.wait(); // it ends with the part of a message that it is at
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
    ++m_checks;
    QNetworkRequest request(address());
    m_http.authorize(request);
    m_link.nextTryAt = {};
    emit linkChanged();
    QMetaObject::invokeMethod(
        m_worker, [worker = m_worker, request, endpoint = m_http.endpoint(),
                   attempt = ++m_attempt] { worker->connectTo(request, endpoint, attempt); });
}

void KernelSocket::takeEvents()
{
    // Goes on in the next turn, also in the loop of a dialog that an event opens.
    m_more.start();
    QElapsedTimer clock;
    clock.start();
    const QPointer<KernelSocket> guard(this);
    while (clock.nsecsElapsed() < turnBudgetNs) {
        const std::optional<SocketEvent> event = m_events->pop();
        if (!event) {
            m_more.stop();
            return;
        }
        handle(*event);
        if (!guard)
            return;
    }
}

void KernelSocket::handle(const SocketEvent &event)
{
    if (event.attempt != m_attempt || m_hasGivenUp)
        return;
    switch (event.kind) {
    case SocketEvent::Kind::Opened:
        handleOpened();
        break;
    case SocketEvent::Kind::Message:
        emit messageReceived(event.message);
        break;
    case SocketEvent::Kind::Down:
        handleDown(event.reason);
        break;
    }
}

void KernelSocket::handleOpened()
{
    m_isOpen = true;
    m_refusedHandshakes = 0;
    m_openSince.restart();
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
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, message] { worker->send(message); });
}

// Once per attempt, whether it never opened or was cut.
void KernelSocket::handleDown(const QString &reason)
{
    const bool wasOpen = std::exchange(m_isOpen, false);
    if (wasOpen && m_openSince.hasExpired(stableAfter.count()))
        m_attempts = 0;
    if (!wasOpen)
        ++m_refusedHandshakes;
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

} // namespace farcell
