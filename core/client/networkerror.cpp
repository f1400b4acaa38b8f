#include "core/client/networkerror.h"

#include "core/client/pinstore.h"
#include "core/client/runtimeclient.h"

#include <QCoreApplication>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::RuntimeClient", text);
}

QString hostAndPort(const QUrl &url)
{
    const int fallback = url.scheme() == QLatin1String("https") ? 443 : 80;
    const QString host = url.host().contains(u':') ? u'[' + url.host() + u']' : url.host();
    return host + u':' + QString::number(url.port(fallback));
}

// Somebody has to compare fingerprints: with the one that was pinned, or for the first time.
Error untrustedError(const QString &shown, const Endpoint &endpoint)
{
    const QString where = hostAndPort(endpoint.url);
    if (endpoint.fingerprint.isEmpty())
        return {
            ErrorCode::Untrusted,
            tr("The certificate of %1 is self-signed, so this computer cannot tell whose it is. "
               "Compare its fingerprint with what “farcelld token” prints there")
                .arg(where),
            shown};
    return {ErrorCode::Untrusted,
            tr("The certificate of %1 has CHANGED since you trusted it. Somebody may be reading "
               "along between you and the server. Nothing was sent. If it was renewed on purpose, "
               "compare the new fingerprint with what “farcelld token” prints there and trust it")
                .arg(where),
            shown};
}

Error tlsError(const QList<QSslError> &sslErrors, const QString &errorText,
               const Endpoint &endpoint)
{
    const QUrl &url = endpoint.url;
    const QString shown = shownFingerprint(sslErrors);
    const bool isOwn = std::any_of(sslErrors.begin(), sslErrors.end(), [](const QSslError &error) {
        return error.error() == QSslError::SelfSignedCertificate ||
               error.error() == QSslError::SelfSignedCertificateInChain;
    });
    if (!shown.isEmpty() && (isOwn || !endpoint.fingerprint.isEmpty()))
        return untrustedError(shown, endpoint);
    if (sslErrors.isEmpty())
        return {ErrorCode::Unavailable,
                tr("No secure connection to %1 could be made; if the server does not use TLS, "
                   "write http:// instead of https://")
                    .arg(hostAndPort(url)),
                errorText};
    const QSslError &first = sslErrors.first();
    switch (first.error()) {
    case QSslError::HostNameMismatch:
        return {ErrorCode::Unavailable,
                tr("The certificate of %1 was made for another host name").arg(hostAndPort(url)),
                errorText};
    case QSslError::CertificateExpired:
        return {ErrorCode::Unavailable,
                tr("The certificate of %1 has expired").arg(hostAndPort(url)), errorText};
    default:
        return {ErrorCode::Unavailable,
                tr("The certificate of %1 is not trusted: %2")
                    .arg(hostAndPort(url), first.errorString()),
                errorText};
    }
}

// Jupyter puts a sentence into "message", sometimes a shorter one into "short_message".
QString messageIn(const QByteArray &body)
{
    const auto json = nlohmann::json::parse(body.begin(), body.end(), nullptr, false);
    if (!json.is_object())
        return {};
    const auto it = json.find("message");
    if (it == json.end() || !it->is_string())
        return {};
    QString text = QString::fromStdString(it->get_ref<const std::string &>()).simplified();
    while (text.endsWith(u'.'))
        text.chop(1);
    return text.left(400);
}

Error deniedError(bool hasToken, const QUrl &url, const QByteArray &body)
{
    const QString message = hasToken ? tr("The server at %1 does not accept this token")
                                     : tr("The server at %1 wants a token and none was given");
    return {ErrorCode::Denied, message.arg(hostAndPort(url)), QString::fromUtf8(body.left(2000))};
}

ErrorCode codeOf(int status)
{
    switch (status) {
    case 400:
    case 405:
    case 422:
        return ErrorCode::InvalidData;
    case 404:
    case 410:
    case 501: // Jupyter's answer to an unknown kernelspec
        return ErrorCode::NotFound;
    case 409:
        return ErrorCode::Exists;
    case 413:
        return ErrorCode::TooLarge;
    case 408:
    case 504:
        return ErrorCode::Timeout;
    default:
        return status >= 500 ? ErrorCode::Unavailable : ErrorCode::InvalidData;
    }
}

} // namespace

Error transportError(QNetworkReply::NetworkError error, const QString &errorText,
                     const QList<QSslError> &sslErrors, const Endpoint &endpoint)
{
    const QUrl &url = endpoint.url;
    const QString where = hostAndPort(url);
    switch (error) {
    case QNetworkReply::ConnectionRefusedError:
        return {ErrorCode::Unavailable,
                tr("Nothing answers at %1: the connection was refused; is the server running?")
                    .arg(where),
                errorText};
    case QNetworkReply::HostNotFoundError:
        return {
            ErrorCode::Unavailable,
            tr("The host “%1” cannot be found; check the name and your connection").arg(url.host()),
            errorText};
    case QNetworkReply::OperationCanceledError: // also Qt's own transfer time-out
    case QNetworkReply::TimeoutError:
        return {ErrorCode::Timeout, tr("The server at %1 did not answer in time").arg(where),
                errorText};
    case QNetworkReply::SslHandshakeFailedError:
        return tlsError(sslErrors, errorText, endpoint);
    case QNetworkReply::RemoteHostClosedError:
    case QNetworkReply::ProtocolFailure:
        if (url.scheme() == QLatin1String("http"))
            return {ErrorCode::Unavailable,
                    tr("The server at %1 closed the connection; if it uses TLS, write https:// "
                       "instead of http://")
                        .arg(where),
                    errorText};
        return {ErrorCode::Unavailable, tr("The server at %1 closed the connection").arg(where),
                errorText};
    default:
        return {ErrorCode::Unavailable,
                tr("The server at %1 cannot be reached: %2").arg(where, errorText), errorText};
    }
}

Error statusError(int status, const QByteArray &body, const QUrl &redirect, const QUrl &url,
                  bool hasToken)
{
    if (status == 401 || status == 403)
        return deniedError(hasToken, url, body);
    if (status == 429)
        return {ErrorCode::Denied,
                tr("The server at %1 refuses for now because of too many failed attempts; wait a "
                   "minute and try again")
                    .arg(hostAndPort(url)),
                {}};
    if (status >= 300 && status < 400) {
        // Only a login page sends API calls elsewhere; the rest is another address.
        if (redirect.path().contains(QLatin1String("login")))
            return deniedError(hasToken, url, body);
        return {
            ErrorCode::Unavailable,
            tr("The server at %1 has moved; use the address %2")
                .arg(hostAndPort(url), redirect.toString(QUrl::RemoveQuery | QUrl::RemoveUserInfo)),
            {}};
    }
    const QString said = messageIn(body);
    if (!said.isEmpty())
        return {codeOf(status), said, QStringLiteral("HTTP %1").arg(status)};
    if (status == 404)
        return {ErrorCode::NotFound,
                tr("The server at %1 does not have this").arg(hostAndPort(url)),
                QString::fromUtf8(body.left(2000))};
    return {codeOf(status),
            tr("The server at %1 answered with HTTP error %2").arg(hostAndPort(url)).arg(status),
            QString::fromUtf8(body.left(2000))};
}

Error notJupyterError(const QUrl &url)
{
    return {ErrorCode::InvalidData,
            tr("Something answers at %1, but it is not a Jupyter server").arg(hostAndPort(url)),
            {}};
}

} // namespace farcell
