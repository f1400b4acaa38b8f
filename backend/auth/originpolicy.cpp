#include "backend/auth/originpolicy.h"

#include <QHostAddress>

#include <algorithm>
#include <optional>
#include <utility>

namespace farcell::auth {

namespace {

// "name", "name:port", "[v6]" or "[v6]:port"; nothing else is a host.
std::optional<QByteArray> hostName(QByteArrayView header)
{
    QByteArray host = header.toByteArray().toLower();
    QByteArray port;
    if (host.startsWith('[')) {
        const qsizetype end = host.indexOf(']');
        if (end < 0)
            return std::nullopt;
        port = host.mid(end + 1);
        host = host.mid(1, end - 1);
    } else if (const qsizetype colon = host.indexOf(':'); colon >= 0) {
        port = host.mid(colon);
        host.truncate(colon);
    }
    if (!port.isEmpty()) {
        const bool digits = port.size() > 1 && port.size() <= 6 && port.startsWith(':') &&
                            std::all_of(port.cbegin() + 1, port.cend(),
                                        [](char c) { return c >= '0' && c <= '9'; });
        if (!digits)
            return std::nullopt;
    }
    if (host.endsWith('.'))
        host.chop(1);
    if (host.isEmpty())
        return std::nullopt;
    return host;
}

} // namespace

OriginPolicy::OriginPolicy(QList<QByteArray> ownHosts, QList<QByteArray> allowedOrigins,
                           Addresses addresses)
    : m_ownHosts(std::move(ownHosts))
    , m_allowedOrigins(std::move(allowedOrigins))
    , m_addresses(addresses)
{
    for (QByteArray &host : m_ownHosts)
        host = std::move(host).toLower();
    m_ownHosts.removeAll(QByteArray());
}

bool OriginPolicy::hostAllowed(QByteArrayView hostHeader) const
{
    const auto host = hostName(hostHeader);
    if (!host)
        return false;
    if (*host == "localhost" || m_ownHosts.contains(*host))
        return true;
    const QHostAddress address(QString::fromLatin1(*host));
    return !address.isNull() && (m_addresses == Addresses::Any || address.isLoopback());
}

bool OriginPolicy::originAllowed(QByteArrayView origin, QByteArrayView hostHeader) const
{
    if (originListed(origin))
        return true;
    const QByteArray lower = origin.toByteArray().toLower();
    const QByteArray host = hostHeader.toByteArray().toLower();
    return lower == "http://" + host || lower == "https://" + host;
}

bool OriginPolicy::originListed(QByteArrayView origin) const
{
    return std::any_of(m_allowedOrigins.cbegin(), m_allowedOrigins.cend(),
                       [&](const QByteArray &allowed) {
                           return allowed == "*" ||
                                  QByteArrayView(allowed).compare(origin, Qt::CaseInsensitive) == 0;
                       });
}

} // namespace farcell::auth
