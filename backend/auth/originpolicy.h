#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace farcell::auth {

// Which Host and Origin headers are believed: the defence against DNS rebinding and against web
// pages that talk to a server on this computer.
class OriginPolicy
{
public:
    // `listenHost` is the name or address that the server was told to listen on; origins as
    // "https://example.org", or "*" for any.
    OriginPolicy(QByteArray listenHost, QList<QByteArray> allowedOrigins);

    // Loopback names and addresses, and the listening host; the port does not matter.
    [[nodiscard]] bool hostAllowed(QByteArrayView hostHeader) const;
    // Same origin as the Host header, or one that the owner allowed.
    [[nodiscard]] bool originAllowed(QByteArrayView origin, QByteArrayView hostHeader) const;
    // Allowed by the owner: such answers get CORS headers.
    [[nodiscard]] bool originListed(QByteArrayView origin) const;

private:
    QByteArray m_listenHost;
    QList<QByteArray> m_allowedOrigins;
};

} // namespace farcell::auth
