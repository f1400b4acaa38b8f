#include "backend/auth/secret.h"
#include "backend/contents/contentsmodel.h"
#include "backend/http/configstore.h"
#include "backend/http/eventhub.h"
#include "backend/http/jsonfields.h"
#include "backend/http/services.h"
#include "backend/kernels/kernelservice.h"
#include "backend/runtimes/machine.h"
#include "core/api/farcellapi.h"
#include "core/api/metrics.h"
#include "core/api/runtimetype.h"
#include "core/api/usage.h"

#include <QCoreApplication>
#include <QTimer>
#include <QWebSocket>

#include <pwd.h>
#include <unistd.h>

namespace farcell::http {

namespace {

using nlohmann::json;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

HttpResponse status(Services &services)
{
    int connections = 0;
    QDateTime last = std::max(services.started, services.lastActivity);
    const QList<KernelModel> kernels = services.kernels.kernels();
    for (const KernelModel &kernel : kernels) {
        connections += kernel.connections;
        if (kernel.lastActivity.isValid())
            last = std::max(last, kernel.lastActivity);
    }
    return jsonResponse(200, json{{"started", isoTime(services.started).toStdString()},
                                  {"last_activity", isoTime(last).toStdString()},
                                  {"connections", connections},
                                  {"kernels", kernels.size()}});
}

json identity()
{
    // Called on one thread only.
    const passwd *user = ::getpwuid(::getuid());
    const std::string name = user && user->pw_name ? user->pw_name : "user";
    const QString shown = QString::fromStdString(name);
    return {{"username", name},      {"name", name},
            {"display_name", name},  {"initials", shown.left(1).toUpper().toStdString()},
            {"avatar_url", nullptr}, {"color", nullptr}};
}

// Whoever may ask at all may do everything: there is one owner.
HttpResponse me(const HttpRequest &request)
{
    json permissions = json::object();
    if (const auto asked = request.queryValue(u"permissions"); asked && !asked->isEmpty()) {
        auto fields = JsonFields::parse(asked->toUtf8());
        if (!fields)
            return errorResponse(400, tr("permissions must be a JSON object"));
        permissions = fields->value();
        for (const json &actions : permissions) {
            if (!actions.is_array())
                return errorResponse(400, tr("permissions must be lists of actions"));
        }
    }
    return jsonResponse(200,
                        json{{"identity", identity()}, {"permissions", std::move(permissions)}});
}

HttpResponse farcellInfo()
{
    const api::ServerInfo info{QStringLiteral("farcelld"),
                               QStringLiteral(FARCELL_VERSION),
                               {api::featureResources, api::featureSequence, api::featureReplay,
                                api::featureOnce, api::featureQueue, api::featureLadder,
                                api::featurePostMortem, api::featureKernels, api::featureGpus,
                                api::featureMetrics, api::featureRuntimeType, api::featureUsage}};
    return jsonResponse(200, api::toJson(info));
}

HttpResponse shutDown(Services &services)
{
    // After the answer is out.
    constexpr std::chrono::milliseconds grace{100};
    QTimer::singleShot(grace, &services.context, [&services] { services.shutdown(); });
    return jsonResponse(200, json{{"message", "Shutting down"}});
}

void addConfigRoutes(Router &router, Services &services)
{
    const QString one = QStringLiteral("/api/config/{section}");
    const auto section = [](const HttpRequest &request) {
        return request.parameters.value(QStringLiteral("section"));
    };
    const auto answer = [](const Result<json> &value) {
        return value ? jsonResponse(200, *value) : errorResponse(value.error());
    };
    router.addPlain("GET", one, [=, &services](const HttpRequest &request) {
        return answer(services.config.read(section(request)));
    });
    router.addPlain("PUT", one, [=, &services](const HttpRequest &request) {
        const auto fields = JsonFields::parse(request.body);
        if (!fields)
            return errorResponse(fields.error());
        const auto written = services.config.write(section(request), fields->value());
        return written ? emptyResponse(204) : errorResponse(written.error());
    });
    router.addPlain("PATCH", one, [=, &services](const HttpRequest &request) {
        const auto fields = JsonFields::parse(request.body);
        return fields ? answer(services.config.update(section(request), fields->value()))
                      : errorResponse(fields.error());
    });
}

} // namespace

void addServerRoutes(Router &router, Services &services)
{
    // The one call that works without the token: clients look here whether this is Jupyter. The
    // version is that of the API level we speak, which is what clients compare.
    router.addPlain(
        "GET", QStringLiteral("/api"),
        [](const HttpRequest &) {
            return jsonResponse(200, json{{"version", "2.14.0"}});
        },
        Access::Open);
    router.addPlain("GET", QStringLiteral("/api/status"),
                    [&services](const HttpRequest &) { return status(services); });
    router.addPlain("GET", QStringLiteral("/api/me"), me);
    router.addPlain("POST", QStringLiteral("/api/shutdown"),
                    [&services](const HttpRequest &) { return shutDown(services); });
    router.addPlain("GET", api::infoRoute, [](const HttpRequest &) { return farcellInfo(); });
    router.addPlain("GET", api::resourcesRoute, [&services](const HttpRequest &) {
        return jsonResponse(200, api::toJson(services.machine.look()));
    });
    addConfigRoutes(router, services);
}

void addEventRoutes(Router &router, Services &services)
{
    router.addPlain("POST", QStringLiteral("/api/events"), [&services](const HttpRequest &request) {
        const auto sent = services.events.emitFromClient(request.body);
        return sent ? emptyResponse(204) : errorResponse(sent.error());
    });
    SocketRoute route;
    route.check = [](const HttpRequest &) { return std::nullopt; };
    route.accept = [&services](std::unique_ptr<QWebSocket> socket, const HttpRequest &) {
        services.events.subscribe(std::move(socket));
    };
    router.addSocket(QStringLiteral("/api/events/subscribe"), std::move(route));
}

} // namespace farcell::http
