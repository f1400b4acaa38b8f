#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QDateTime>
#include <QString>

namespace farcell::auth {

// Jupyter's login cookie: proof that this browser once showed the token. Its value is an expiry
// time signed with a key that only the server knows; a changed token makes old cookies useless.
class LoginCookie
{
public:
    // `key` is the server's own secret, `token` the one that people log in with.
    LoginCookie(QByteArray key, const QByteArray &token);

    // "username-127-0-0-1-8888": cookies are shared by all ports of a host.
    [[nodiscard]] static QByteArray name(const QByteArray &host);
    [[nodiscard]] QByteArray issue(const QDateTime &now) const;
    [[nodiscard]] bool isValid(QByteArrayView value, const QDateTime &now) const;

private:
    [[nodiscard]] QByteArray signature(const QByteArray &expiry) const;

    QByteArray m_key;
    QByteArray m_tokenHash;
};

} // namespace farcell::auth
