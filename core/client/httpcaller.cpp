#include "core/client/httpcaller.h"

#include "core/client/networkerror.h"
#include "core/client/pinstore.h"

#include <QNetworkReply>
#include <QNetworkRequest>
#include <QSslError>
#include <QUuid>

#include <utility>

namespace farcell {

HttpCaller::HttpCaller(Endpoint endpoint, QObject *parent)
    : QObject(parent)
    , m_endpoint(std::move(endpoint))
    , m_xsrf(QUuid::createUuid().toString(QUuid::Id128).toLatin1())
{
    m_network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
}

HttpCaller::~HttpCaller()
{
    const auto calls = std::exchange(m_calls, {});
    for (auto it = calls.begin(); it != calls.end(); ++it) {
        it.key()->disconnect(this);
        it.key()->abort();
        it->done(fail(ErrorCode::Cancelled, RuntimeClient::tr("The request was cancelled")));
    }
}

QUrl HttpCaller::url(const QString &path, const QUrlQuery &query) const
{
    QUrl url = m_endpoint.url;
    url.setPath(m_endpoint.url.path(QUrl::FullyDecoded) + path, QUrl::DecodedMode);
    if (!query.isEmpty())
        url.setQuery(query);
    return url;
}

void HttpCaller::authorize(QNetworkRequest &request) const
{
    if (!m_endpoint.token.isEmpty()) {
        request.setRawHeader("Authorization", "token " + m_endpoint.token.toUtf8());
        return;
    }
    // A server without a password still compares its cookie with this header (double submit), so
    // any value will do as long as both agree.
    request.setRawHeader("Cookie", "_xsrf=" + m_xsrf);
    request.setRawHeader("X-XSRFToken", m_xsrf);
}

void HttpCaller::send(const HttpRequest &request, Done done)
{
    QNetworkRequest network(url(request.path, request.query));
    authorize(network);
    network.setHeader(QNetworkRequest::UserAgentHeader, QStringLiteral("Farcell/" FARCELL_VERSION));
    network.setRawHeader("Accept", "application/json, */*");
    network.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    network.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    network.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    if (network.url().scheme() == QLatin1String("https"))
        network.setSslConfiguration(tlsConfiguration(m_endpoint));
    network.setTransferTimeout(static_cast<int>(request.timeout.count()));
    if (!request.body.isEmpty())
        network.setHeader(QNetworkRequest::ContentTypeHeader,
                          QByteArrayLiteral("application/json"));

    QNetworkReply *reply = m_network.sendCustomRequest(network, request.verb, request.body);
    m_calls.insert(reply, {std::move(done), request.maxReplyBytes, false, {}});
    connect(reply, &QNetworkReply::finished, this, [this, reply] { finish(reply); });
    connect(reply, &QNetworkReply::sslErrors, this, [this, reply](const QList<QSslError> &errors) {
        if (isPinned(m_endpoint, errors))
            reply->ignoreSslErrors();
        else
            m_calls[reply].sslErrors = errors;
    });
    connect(reply, &QNetworkReply::downloadProgress, this, [this, reply](qint64 received) {
        Call &call = m_calls[reply];
        if (received > call.maxReplyBytes && !call.tooLarge) {
            call.tooLarge = true;
            reply->abort();
        }
    });
}

void HttpCaller::finish(QNetworkReply *reply)
{
    const Call call = m_calls.take(reply);
    reply->deleteLater();
    if (call.done)
        call.done(outcome(reply, call));
}

Result<HttpReply> HttpCaller::outcome(QNetworkReply *reply, const Call &call) const
{
    if (call.tooLarge)
        return fail(ErrorCode::TooLarge, RuntimeClient::tr("The server's answer is too large"));
    const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const bool wasCut = reply->error() == QNetworkReply::RemoteHostClosedError ||
                        reply->error() == QNetworkReply::OperationCanceledError;
    if (status == 0 || wasCut)
        return tl::unexpected(
            transportError(reply->error(), reply->errorString(), call.sslErrors, m_endpoint));
    QByteArray body = reply->readAll();
    if (status < 200 || status >= 300)
        return tl::unexpected(statusError(
            status, body, reply->attribute(QNetworkRequest::RedirectionTargetAttribute).toUrl(),
            m_endpoint.url, !m_endpoint.token.isEmpty()));
    return HttpReply{status, std::move(body),
                     reply->header(QNetworkRequest::ContentTypeHeader).toByteArray()};
}

} // namespace farcell
