#include "backend/http/requestgate.h"

#include "backend/auth/secret.h"
#include "backend/http/requesttarget.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QUrl>

#include <utility>

namespace farcell::http {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

bool isSafe(const QByteArray &method)
{
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

QByteArray originOf(const QByteArray &referer)
{
    const QUrl url = QUrl::fromEncoded(referer);
    return (url.scheme() + QStringLiteral("://") + url.authority(QUrl::FullyEncoded)).toLatin1();
}

} // namespace

RequestGate::RequestGate(Settings settings, const Router &router)
    : m_settings(std::move(settings))
    , m_cookie(m_settings.cookieKey, m_settings.token)
    , m_router(router)
{}

Admission RequestGate::admit(HttpRequest &request)
{
    if (request.headers.count("Host") != 1)
        return refuse(400, tr("The request must have one Host header"));
    if (!m_settings.origins.hostAllowed(request.headers.value("Host")))
        return refuse(403, tr("This server does not answer for that host"));
    auto target = parseTarget(request.target);
    if (!target)
        return refuse(400, target.error().message);
    request.path = std::move(target->path);
    request.query = std::move(target->query);

    const bool wrongToken = identify(request);
    Admission admission;
    if (request.method == "OPTIONS")
        admission = preflight();
    else if (const auto match = m_router.findSocket(request.path);
             match.route && request.method == "GET")
        admission = admitSocket(request, match, wrongToken);
    else
        admission = admitRoute(request, wrongToken);
    admission.extraHeaders.append(corsHeaders(request));
    return admission;
}

Admission RequestGate::refuse(int status, const QString &message) const
{
    Admission admission;
    admission.refusal = errorResponse(status, message);
    return admission;
}

bool RequestGate::isToken(QByteArrayView text) const
{
    return auth::equalSecrets(text, m_settings.token);
}

bool RequestGate::identify(HttpRequest &request) const
{
    bool shown = false;
    const QByteArray header = request.headers.value("Authorization").trimmed();
    const qsizetype space = header.indexOf(' ');
    const QByteArray scheme = header.left(space).toLower();
    if (space > 0 && (scheme == "token" || scheme == "bearer")) {
        shown = true;
        if (isToken(header.mid(space + 1).trimmed()))
            request.identity = Identity::Token;
    }
    if (const auto token = request.queryValue(u"token");
        token && request.identity == Identity::None) {
        shown = true;
        if (isToken(token->toUtf8()))
            request.identity = Identity::Token;
    }
    if (shown)
        return request.identity == Identity::None;
    const QByteArray value = request.cookie(auth::LoginCookie::name(request.headers.value("Host")));
    if (!value.isEmpty() && m_cookie.isValid(value, QDateTime::currentDateTimeUtc()))
        request.identity = Identity::Cookie;
    return false;
}

Admission RequestGate::refuseStranger(const HttpRequest &request, const Route *route,
                                      bool wrongToken)
{
    if (wrongToken) {
        const auto verdict = m_limiter.fail(request.peer, auth::AttemptLimiter::Clock::now());
        Admission admission = verdict.tooMany
                                  ? refuse(429, tr("Too many wrong tokens; wait a minute"))
                                  : refuse(403, tr("The token is wrong"));
        if (verdict.tooMany)
            admission.refusal->headers.add("Retry-After", "60");
        admission.delay = verdict.delay;
        return admission;
    }
    if (route && route->access == Access::Page && isSafe(request.method)) {
        Admission admission;
        admission.refusal = emptyResponse(302);
        admission.refusal->headers.add("Location",
                                       "/login?next=" + QUrl::toPercentEncoding(request.path));
        return admission;
    }
    return refuse(403, tr("Forbidden: this server wants its token"));
}

// A cookie is sent by the browser, whoever asks it to: the page that asks must be ours. Requests
// that show the token prove that themselves (jupyter.md 3.10).
std::optional<Admission> RequestGate::refuseForgery(const HttpRequest &request) const
{
    if (request.identity != Identity::Cookie)
        return std::nullopt;
    const QByteArray host = request.headers.value("Host");
    QByteArray origin = request.headers.value("Origin");
    if (origin.isEmpty() && request.headers.contains("Referer"))
        origin = originOf(request.headers.value("Referer"));
    if (!origin.isEmpty() && !m_settings.origins.originAllowed(origin, host))
        return refuse(403, tr("Requests from other sites are not allowed"));
    if (request.headers.value("Sec-Fetch-Site") == "cross-site" && origin.isEmpty())
        return refuse(403, tr("Requests from other sites are not allowed"));
    if (isSafe(request.method))
        return std::nullopt;

    const QByteArray cookie = request.cookie("_xsrf");
    QByteArray shown = request.headers.value("X-XSRFToken");
    if (shown.isEmpty())
        shown = request.queryValue(u"_xsrf").value_or(QString()).toUtf8();
    if (shown.isEmpty())
        return refuse(
            403, tr("'_xsrf' argument missing from %1").arg(QString::fromLatin1(request.method)));
    if (cookie.isEmpty() || !auth::equalSecrets(cookie, shown))
        return refuse(
            403,
            tr("XSRF cookie does not match %1 argument").arg(QString::fromLatin1(request.method)));
    return std::nullopt;
}

Admission RequestGate::admitSocket(HttpRequest &request, const Router::SocketMatch &match,
                                   bool wrongToken)
{
    if (request.identity == Identity::None)
        return refuseStranger(request, nullptr, wrongToken);
    if (auto refusal = refuseForgery(request))
        return std::move(*refusal);
    // Browsers always tell the origin of a WebSocket; with a cookie it must be there to be checked.
    if (request.identity == Identity::Cookie && !request.headers.contains("Origin"))
        return refuse(403, tr("The request does not tell its Origin"));
    request.parameters = match.parameters;
    Admission admission;
    admission.refusal = match.route->check(request);
    admission.socket = match.route;
    return admission;
}

Admission RequestGate::admitRoute(HttpRequest &request, bool wrongToken)
{
    Router::Match match = m_router.find(request.method, request.path);
    const bool open = match.route && match.route->access == Access::Open;
    if (!open && request.identity == Identity::None)
        return refuseStranger(request, match.route, wrongToken);
    if (!open) {
        if (auto refusal = refuseForgery(request))
            return std::move(*refusal);
    }
    if (!match.route && match.allowed.isEmpty())
        return refuse(404, tr("Not found: %1").arg(request.path));
    if (!match.route) {
        Admission admission = refuse(405, tr("Method not allowed"));
        admission.refusal->headers.add("Allow", match.allowed.join(", "));
        return admission;
    }
    request.parameters = std::move(match.parameters);
    Admission admission;
    admission.handler = match.route->handler;
    admission.bodyLimit = match.route->bodyLimit;
    if (match.route->access == Access::Page && request.identity == Identity::Token) {
        const QByteArray name = auth::LoginCookie::name(request.headers.value("Host"));
        admission.extraHeaders.add("Set-Cookie",
                                   name + '=' + m_cookie.issue(QDateTime::currentDateTimeUtc()) +
                                       "; Path=/; HttpOnly; SameSite=Lax");
    }
    return admission;
}

HttpHeaders RequestGate::corsHeaders(const HttpRequest &request) const
{
    HttpHeaders headers;
    const QByteArray origin = request.headers.value("Origin");
    if (origin.isEmpty() || !m_settings.origins.originListed(origin))
        return headers;
    headers.add("Access-Control-Allow-Origin", origin);
    headers.add("Vary", "Origin");
    return headers;
}

Admission RequestGate::preflight() const
{
    Admission admission;
    admission.handler = [](const HttpRequest &) {
        HttpResponse response = emptyResponse(200);
        response.headers.add("Access-Control-Allow-Headers",
                             "accept, content-type, authorization, x-xsrftoken");
        response.headers.add("Access-Control-Allow-Methods",
                             "GET, PUT, POST, PATCH, DELETE, OPTIONS");
        return QtFuture::makeReadyFuture(std::move(response));
    };
    return admission;
}

} // namespace farcell::http
