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
    // `ownHosts` are names and addresses of this server besides loopback; origins as
    // "https://example.org", or "*" for any.
    enum class Addresses
    {
        Loopback,
        Any // this server is reached over a network; numbers cannot be somebody's trick with names
    };
    OriginPolicy(QList<QByteArray> ownHosts, QList<QByteArray> allowedOrigins,
                 Addresses addresses = Addresses::Loopback);

    // Loopback, numeric addresses where any are taken, and the own hosts; the port does not matter.
    [[nodiscard]] bool hostAllowed(QByteArrayView hostHeader) const;
    // Same origin as the Host header, or one that the owner allowed.
    [[nodiscard]] bool originAllowed(QByteArrayView origin, QByteArrayView hostHeader) const;
    // Allowed by the owner: such answers get CORS headers.
    [[nodiscard]] bool originListed(QByteArrayView origin) const;

private:
    QList<QByteArray> m_ownHosts;
    QList<QByteArray> m_allowedOrigins;
    Addresses m_addresses;
};

} // namespace farcell::auth
