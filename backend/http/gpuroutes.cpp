#include "backend/http/kernelgpus.h"
#include "backend/http/metricshub.h"
#include "backend/http/services.h"
#include "core/api/metrics.h"

#include <QWebSocket>

#include <nlohmann/json.hpp>

namespace farcell::http {

void addGpuRoutes(Router &router, Services &services)
{
    router.add("GET", api::gpusRoute, [&services](const HttpRequest &) {
        return lookAtGpus(services).then(
            [](const api::GpuReport &report) { return jsonResponse(200, api::toJson(report)); });
    });
}

void addMetricsRoutes(Router &router, MetricsHub &metrics)
{
    SocketRoute route;
    route.check = [](const HttpRequest &) { return std::nullopt; };
    route.accept = [&metrics](std::unique_ptr<QWebSocket> socket, const HttpRequest &request) {
        bool isNumber = false;
        const double seconds =
            request.queryValue(u"history").value_or(QString()).toDouble(&isNumber);
        metrics.subscribe(std::move(socket), isNumber ? seconds : 0);
    };
    router.addSocket(api::metricsRoute, std::move(route));
}

} // namespace farcell::http
