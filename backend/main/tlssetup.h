#pragma once

#include "backend/main/options.h"
#include "core/base/result.h"

#include <QSslConfiguration>
#include <QString>

namespace farcell {

// What a listener with TLS needs, and what people compare.
struct TlsSetup
{
    QSslConfiguration configuration;
    QString fingerprint; // "AB:CD:…", SHA-256
};

// The certificate the options name, or our own in the state folder, made when it is first needed.
[[nodiscard]] Result<TlsSetup> prepareTls(const ServeOptions &options, const QString &stateFolder);

} // namespace farcell
