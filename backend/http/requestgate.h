#pragma once

#include "backend/auth/attemptlimiter.h"
#include "backend/auth/logincookie.h"
#include "backend/auth/originpolicy.h"
#include "backend/http/httpserver.h"
#include "backend/http/router.h"

namespace farcell::http {

// Lets a request in or refuses it: Host, token or cookie, Origin, XSRF, route, method. In that
// order, so that a stranger learns nothing about the routes, and before any body is read.
// Lives on the server's thread; the router must outlive it.
class RequestGate : public Admitter
{
public:
    struct Settings
    {
        QByteArray token;
        QByteArray cookieKey;
        auth::OriginPolicy origins;
    };

    RequestGate(Settings settings, const Router &router);

    Admission admit(HttpRequest &request) override;

    // For the login page.
    [[nodiscard]] const auth::LoginCookie &cookie() const { return m_cookie; }
    [[nodiscard]] bool isToken(QByteArrayView text) const;
    auth::AttemptLimiter &limiter() { return m_limiter; }

private:
    Admission refuse(int status, const QString &message) const;
    Admission refuseStranger(const HttpRequest &request, const Route *route, bool wrongToken);
    // Sets request.identity; true when a token was shown and it was wrong.
    bool identify(HttpRequest &request) const;
    [[nodiscard]] std::optional<Admission> refuseForgery(const HttpRequest &request) const;
    Admission admitSocket(HttpRequest &request, const Router::SocketMatch &match, bool wrongToken);
    Admission admitRoute(HttpRequest &request, bool wrongToken);
    [[nodiscard]] HttpHeaders corsHeaders(const HttpRequest &request) const;
    [[nodiscard]] Admission preflight() const;

    Settings m_settings;
    auth::LoginCookie m_cookie;
    auth::AttemptLimiter m_limiter;
    const Router &m_router;
};

} // namespace farcell::http
