#include "core/client/metricsstream.h"

#include "core/base/jsonmembers.h"
#include "core/client/pinstore.h"
#include "core/client/runtimejson.h"

#include <QLoggingCategory>
#include <QMetaObject>
#include <QNetworkRequest>
#include <QRandomGenerator>
#include <QSslError>
#include <QUrlQuery>
#include <QWebSocket>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

Q_LOGGING_CATEGORY(lcMetrics, "farcell.client.metrics")

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds pingInterval = 5s;
constexpr std::chrono::milliseconds silenceLimit = 20s; // a sample comes each second
constexpr std::chrono::milliseconds firstDelay = 500ms;
constexpr std::chrono::milliseconds longestDelay = 30s;
constexpr quint64 maxMessageBytes = quint64{64} << 20;

} // namespace

// The WebSocket, on the stream's thread. The stream outlives it.
class MetricsSocket : public QObject
{
public:
    explicit MetricsSocket(MetricsStream *stream)
        : m_stream(stream)
        , m_ping(this)
    {
        m_ping.setInterval(pingInterval);
        connect(&m_ping, &QTimer::timeout, this, &MetricsSocket::keepAlive);
    }

    void connectTo(const QNetworkRequest &request, const Endpoint &endpoint, quint64 attempt)
    {
        drop();
        m_attempt = attempt;
        m_socket = new QWebSocket(QString(), QWebSocketProtocol::VersionLatest, this);
        m_socket->setMaxAllowedIncomingFrameSize(maxMessageBytes);
        m_socket->setMaxAllowedIncomingMessageSize(maxMessageBytes);
        if (request.url().scheme() == QLatin1String("wss")) {
            m_socket->setSslConfiguration(tlsConfiguration(endpoint));
            connect(m_socket, &QWebSocket::sslErrors, this,
                    [this, endpoint](const QList<QSslError> &errors) {
                        if (isPinned(endpoint, errors))
                            m_socket->ignoreSslErrors();
                    });
        }
        connect(m_socket, &QWebSocket::disconnected, this, &MetricsSocket::tellLoss);
        connect(m_socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), this,
                &MetricsSocket::tellLoss);
        connect(m_socket, &QWebSocket::textMessageReceived, this, &MetricsSocket::read);
        // Parts of a large message are signs of life too.
        connect(m_socket, &QWebSocket::textFrameReceived, this, [this] { m_heard.restart(); });
        connect(m_socket, &QWebSocket::pong, this, [this] { m_heard.restart(); });
        m_heard.start();
        m_ping.start();
        m_socket->open(request);
    }

private:
    void read(const QString &text)
    {
        using nlohmann::json;
        const QByteArray bytes = text.toUtf8();
        const json message = json::parse(bytes.begin(), bytes.end(), nullptr, false);
        const QString type = textAt(message, "type");
        if (type == QLatin1String("history")) {
            std::vector<api::MetricsSample> samples;
            const json &list = memberOf(message, "samples");
            for (const json &item : list.is_array() ? list : json::array()) {
                if (auto sample = api::metricsSampleFromJson(item))
                    samples.push_back(std::move(*sample));
            }
            tell([stream = m_stream, attempt = m_attempt, samples = std::move(samples)] {
                stream->takeHistory(attempt, samples);
            });
        } else if (type == QLatin1String("sample")) {
            const auto sample = api::metricsSampleFromJson(message);
            if (!sample)
                qCWarning(lcMetrics) << "dropped a sample:" << sample.error().message;
            else
                tell([stream = m_stream, attempt = m_attempt, sample = *sample] {
                    stream->takeSample(attempt, sample);
                });
        }
    }

    void keepAlive()
    {
        if (m_heard.hasExpired(silenceLimit.count()))
            tellLoss();
        else if (m_socket->state() == QAbstractSocket::ConnectedState)
            m_socket->ping();
    }

    // Once per attempt.
    void tellLoss()
    {
        if (m_socket == nullptr)
            return;
        qCDebug(lcMetrics) << "lost:" << m_socket->errorString();
        drop();
        tell([stream = m_stream, attempt = m_attempt] { stream->takeLoss(attempt); });
    }

    void drop()
    {
        m_ping.stop();
        if (m_socket == nullptr)
            return;
        m_socket->disconnect(this);
        m_socket->abort();
        m_socket->deleteLater();
        m_socket = nullptr;
    }

    template <typename F>
    void tell(F what)
    {
        QMetaObject::invokeMethod(m_stream, std::move(what), Qt::QueuedConnection);
    }

    MetricsStream *m_stream;
    QWebSocket *m_socket = nullptr;
    quint64 m_attempt = 0;
    QTimer m_ping;
    QElapsedTimer m_heard;
};

MetricsStream::MetricsStream(const Endpoint &endpoint, QObject *parent)
    : QObject(parent)
    , m_http(endpoint)
    , m_socket(new MetricsSocket(this))
{
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &MetricsStream::probe);
    m_thread.setObjectName(QStringLiteral("metrics"));
    m_socket->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_socket, &QObject::deleteLater);
    m_thread.start();
}

MetricsStream::~MetricsStream()
{
    ++m_attempt;
    m_thread.quit();
    m_thread.wait(); // at most the decoding of one message
}

void MetricsStream::open(std::chrono::seconds history)
{
    m_history = history;
    m_lastSample.invalidate();
    m_failures = 0;
    m_retry.stop();
    probe();
}

// Whether there is such a stream at all: a refused handshake would not tell why.
void MetricsStream::probe()
{
    if (m_isSupported) {
        connectNow();
        return;
    }
    HttpRequest request;
    request.path = QStringLiteral("api/farcell");
    m_http.send(request, [this, attempt = ++m_attempt](const Result<HttpReply> &reply) {
        if (attempt != m_attempt)
            return;
        if (!reply && reply.error().code != ErrorCode::NotFound) {
            retryLater();
            return;
        }
        const auto body = reply ? parseObject(reply->body) : tl::unexpected(reply.error());
        const auto info = body ? api::serverInfoFromJson(*body) : tl::unexpected(body.error());
        m_isSupported = info && info->features.contains(api::featureMetrics);
        if (m_isSupported)
            connectNow();
        else
            emit unsupported();
    });
}

void MetricsStream::connectNow()
{
    // Of what is known already only the gap is asked for.
    const qint64 wanted = m_lastSample.isValid()
                              ? std::min<qint64>(m_lastSample.elapsed() / 1000 + 5, 86400)
                              : qint64(m_history.count());
    QUrlQuery query;
    query.addQueryItem(QStringLiteral("history"), QString::number(wanted));
    QUrl url = m_http.url(QString(api::metricsRoute).mid(1), query);
    url.setScheme(url.scheme() == QLatin1String("https") ? QStringLiteral("wss")
                                                         : QStringLiteral("ws"));
    QNetworkRequest request(url);
    m_http.authorize(request);
    QMetaObject::invokeMethod(
        m_socket, [socket = m_socket, request, endpoint = m_http.endpoint(),
                   attempt = ++m_attempt] { socket->connectTo(request, endpoint, attempt); });
}

void MetricsStream::takeHistory(quint64 attempt, const std::vector<api::MetricsSample> &samples)
{
    if (attempt == m_attempt)
        emit historyReceived(samples, m_lastSample.isValid());
}

void MetricsStream::takeSample(quint64 attempt, const api::MetricsSample &sample)
{
    if (attempt != m_attempt)
        return;
    m_failures = 0;
    m_lastSample.start();
    emit sampleReceived(sample);
}

void MetricsStream::takeLoss(quint64 attempt)
{
    if (attempt != m_attempt)
        return;
    emit lost();
    retryLater();
}

void MetricsStream::retryLater()
{
    const auto delay = std::min<std::chrono::milliseconds>(
        firstDelay * (1 << std::min(m_failures++, 8)), longestDelay);
    // Half of it at random, so that many clients do not come back in step.
    const auto half = static_cast<int>(delay.count() / 2);
    m_retry.start(half + QRandomGenerator::global()->bounded(half + 1));
}

} // namespace farcell
