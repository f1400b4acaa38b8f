#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QList>
#include <QNetworkReply>
#include <QSslError>
#include <QUrl>

namespace farcell {

struct Endpoint;

// One sentence a person can act on for each way a request can fail. Tokens are never in it.
// `hasToken`: a refusal is then told as "not accepted", else as "needs one".
[[nodiscard]] Error transportError(QNetworkReply::NetworkError error, const QString &errorText,
                                   const QList<QSslError> &sslErrors, const Endpoint &endpoint);
[[nodiscard]] Error statusError(int status, const QByteArray &body, const QUrl &redirect,
                                const QUrl &url, bool hasToken);
[[nodiscard]] Error notJupyterError(const QUrl &url);

} // namespace farcell
