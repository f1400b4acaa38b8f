#include "backend/auth/logincookie.h"

#include "backend/auth/secret.h"

#include <QCryptographicHash>
#include <QMessageAuthenticationCode>

#include <utility>

namespace farcell::auth {

namespace {

constexpr int lifetimeDays = 30;

} // namespace

LoginCookie::LoginCookie(QByteArray key, const QByteArray &token)
    : m_key(std::move(key))
    , m_tokenHash(QCryptographicHash::hash(token, QCryptographicHash::Sha256))
{}

QByteArray LoginCookie::name(const QByteArray &host)
{
    QByteArray name = "username-" + host;
    for (char &c : name) {
        const bool keep =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!keep)
            c = '-';
    }
    return name;
}

QByteArray LoginCookie::issue(const QDateTime &now) const
{
    const QByteArray expiry = QByteArray::number(now.addDays(lifetimeDays).toSecsSinceEpoch());
    return expiry + '.' + signature(expiry);
}

bool LoginCookie::isValid(QByteArrayView value, const QDateTime &now) const
{
    const qsizetype dot = value.indexOf('.');
    if (dot <= 0)
        return false;
    const QByteArray expiry = value.first(dot).toByteArray();
    if (!equalSecrets(value.sliced(dot + 1), signature(expiry)))
        return false;
    return expiry.toLongLong() > now.toSecsSinceEpoch();
}

QByteArray LoginCookie::signature(const QByteArray &expiry) const
{
    return QMessageAuthenticationCode::hash(expiry + m_tokenHash, m_key, QCryptographicHash::Sha256)
        .toHex();
}

} // namespace farcell::auth
