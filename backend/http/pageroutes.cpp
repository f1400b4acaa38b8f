#include "backend/auth/secret.h"
#include "backend/http/requestgate.h"
#include "backend/http/requesttarget.h"
#include "backend/http/services.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QPromise>
#include <QTimer>

#include <memory>

// The few pages a browser may meet, and the log-in that editors drive by themselves.
namespace farcell::http {

namespace {

const QByteArray pageStyle =
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:15vh auto;padding:0 "
    "1rem;"
    "color:#202124;background:#fff}h1{font-size:1.4rem;font-weight:500}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.5rem 0}"
    "button{font:inherit;padding:.4rem 1.2rem}.error{color:#b3261e}"
    "@media(prefers-color-scheme:dark){body{color:#e3e3e3;background:#1f1f1f}"
    ".error{color:#f2b8b5}}</style>";

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

HttpResponse page(int status, const QString &title, const QByteArray &content)
{
    const QByteArray name = title.toHtmlEscaped().toUtf8();
    HttpResponse response = textResponse(
        status, "text/html; charset=UTF-8",
        R"(<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>)" + name +
            R"(</title><meta name="viewport" content="width=device-width">)" + pageStyle +
            "</head><body><h1>" + name + "</h1>" + content + "</body></html>");
    response.headers.add("Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                         "frame-ancestors 'none'");
    response.headers.add("Cache-Control", "no-store");
    return response;
}

// Only a path on this server: "//host" and "/\host" lead elsewhere in a browser.
QByteArray safeNext(const std::optional<QString> &next)
{
    const QString path = next.value_or(QString());
    const bool safe = path.startsWith(u'/') && !path.startsWith(u"//") && !path.contains(u'\\');
    return safe ? encodePath(path) : QByteArray("/tree");
}

HttpResponse redirect(const QByteArray &location)
{
    HttpResponse response = emptyResponse(302);
    response.headers.add("Location", location);
    return response;
}

QByteArray sessionCookie(Services &services, const HttpRequest &request)
{
    const QByteArray name = auth::LoginCookie::name(request.headers.value("Host"));
    return name + '=' + services.gate.cookie().issue(QDateTime::currentDateTimeUtc()) +
           "; Path=/; HttpOnly; SameSite=Lax";
}

HttpResponse loginForm(const HttpRequest &request, int status, const QString &error)
{
    QByteArray xsrf = request.cookie("_xsrf");
    const bool known = xsrf.size() >= 16 && xsrf.size() <= 128;
    if (!known)
        xsrf = auth::randomHex(16);
    const QString next = request.queryValue(u"next").value_or(QString());
    QByteArray content = error.isEmpty() ? QByteArray()
                                         : QByteArray(R"(<p class="error" role="alert">)" +
                                                      error.toHtmlEscaped().toUtf8() + "</p>");
    content += R"(<form method="post" action="/login?next=)" + encodePath(next) +
               R"("><input type="hidden" name="_xsrf" value=")" +
               QString::fromLatin1(xsrf).toHtmlEscaped().toLatin1() + "\"><label>" +
               tr("Token").toUtf8() +
               R"(<input type="password" name="password" autofocus></label><button>)" +
               tr("Log in").toUtf8() + "</button></form>";
    HttpResponse response = page(status, tr("Farcell"), content);
    response.headers.add("Set-Cookie", "_xsrf=" + xsrf + "; Path=/; SameSite=Lax");
    return response;
}

QFuture<HttpResponse> later(Services &services, HttpResponse response,
                            std::chrono::milliseconds delay)
{
    if (delay.count() == 0)
        return ready(std::move(response));
    auto promise = std::make_shared<QPromise<HttpResponse>>();
    promise->start();
    QTimer::singleShot(delay, &services.context, [promise, response = std::move(response)] {
        promise->addResult(response);
        promise->finish();
    });
    return promise->future();
}

QFuture<HttpResponse> login(Services &services, const HttpRequest &request)
{
    const auto form = parseQuery(request.body);
    QString password;
    QString xsrf = QString::fromLatin1(request.headers.value("X-XSRFToken"));
    for (const auto &[name, value] : form ? *form : QList<std::pair<QString, QString>>()) {
        if (name == u"password")
            password = value;
        else if (name == u"_xsrf")
            xsrf = value;
    }
    const QByteArray cookie = request.cookie("_xsrf");
    if (cookie.isEmpty() || !auth::equalSecrets(cookie, xsrf.toUtf8()))
        return ready(errorResponse(403, tr("'_xsrf' argument missing from POST")));
    if (services.gate.isToken(password.toUtf8())) {
        HttpResponse response = redirect(safeNext(request.queryValue(u"next")));
        response.headers.add("Set-Cookie", sessionCookie(services, request));
        return ready(std::move(response));
    }
    const auto verdict =
        services.gate.limiter().fail(request.peer, auth::AttemptLimiter::Clock::now());
    return later(services,
                 verdict.tooMany
                     ? loginForm(request, 429, tr("Too many wrong tokens; wait a minute"))
                     : loginForm(request, 401, tr("The token is wrong")),
                 verdict.delay);
}

HttpResponse logout(const HttpRequest &request)
{
    HttpResponse response = redirect("/login");
    response.headers.add("Set-Cookie", auth::LoginCookie::name(request.headers.value("Host")) +
                                           "=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    return response;
}

HttpResponse tree()
{
    return page(200, tr("Farcell"),
                "<p>" +
                    tr("This is the backend of Farcell. Open notebooks with the Farcell app, or "
                       "with any program that speaks to a Jupyter server.")
                        .toUtf8() +
                    "</p><p><a href=\"/logout\">" + tr("Log out").toUtf8() + "</a></p>");
}

} // namespace

void addPageRoutes(Router &router, Services &services)
{
    router.addPlain(
        "GET", QStringLiteral("/"), [](const HttpRequest &) { return redirect("/tree"); },
        Access::Page);
    router.addPlain(
        "GET", QStringLiteral("/tree/{path*}"), [](const HttpRequest &) { return tree(); },
        Access::Page);
    router.addPlain(
        "GET", QStringLiteral("/login"),
        [](const HttpRequest &request) {
            return request.identity == Identity::None
                       ? loginForm(request, 200, {})
                       : redirect(safeNext(request.queryValue(u"next")));
        },
        Access::Open);
    router.add(
        "POST", QStringLiteral("/login"),
        [&services](const HttpRequest &request) { return login(services, request); }, Access::Open,
        64UL * 1024);
    router.addPlain("GET", QStringLiteral("/logout"), logout, Access::Open);
}

} // namespace farcell::http
