#include "backend/contents/contents.h"
#include "backend/contents/contentsmodel.h"
#include "backend/http/eventhub.h"
#include "backend/http/jsonfields.h"
#include "backend/http/kernelchannel.h"
#include "backend/http/kernelmodel.h"
#include "backend/http/services.h"
#include "backend/kernels/kernelservice.h"

#include <QCoreApplication>
#include <QUuid>
#include <QWebSocket>

#include <algorithm>
#include <memory>

namespace farcell::http {

namespace {

using nlohmann::json;

constexpr quint64 maxChannelMessage = 128UL * 1024 * 1024;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

KernelId kernelOf(const HttpRequest &request)
{
    return KernelId(request.parameters.value(QStringLiteral("id")));
}

HttpResponse unknownKernel(const KernelId &id)
{
    return errorResponse(404, tr("Kernel does not exist: %1").arg(id.toString()));
}

HttpResponse startedResponse(const Result<KernelModel> &model)
{
    if (!model)
        return errorResponse(model.error());
    HttpResponse response = jsonResponse(201, kernelJson(*model));
    response.headers.add("Location", "/api/kernels/" + model->id.toString().toUtf8());
    return response;
}

QFuture<HttpResponse> createKernel(Services &services, const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    KernelStart start;
    start.name = fields->text("name").value_or(QString());
    const QString path = fields->text("path").value_or(QString());
    start.workingDirectory = services.contents.workingDirectory(path);
    start.sessionName = path;
    if (const auto id = fields->text("kernel_id")) {
        const QUuid uuid = QUuid::fromString(*id);
        if (uuid.isNull())
            return ready(errorResponse(400, tr("kernel_id must be a UUID")));
        start.id = KernelId(uuid.toString(QUuid::WithoutBraces));
    }
    auto wishes = kernelWishes(*fields);
    if (!wishes)
        return ready(errorResponse(wishes.error()));
    start.environment = std::move(wishes->environment);
    start.resources = std::move(wishes->resources);
    if (fields->error())
        return ready(errorResponse(*fields->error()));
    return startKernel(services, start)
        .then(&services.context,
              [](const Result<KernelModel> &model) { return startedResponse(model); });
}

QFuture<HttpResponse> stopKernel(Services &services, const HttpRequest &request)
{
    const KernelId id = kernelOf(request);
    if (!services.kernels.kernel(id))
        return ready(unknownKernel(id));
    return services.kernels.shutdown(id).then(&services.context, [](const Result<> &done) {
        return done ? emptyResponse(204) : errorResponse(done.error());
    });
}

QFuture<HttpResponse> interruptKernel(Services &services, const HttpRequest &request)
{
    const KernelId id = kernelOf(request);
    if (!services.kernels.kernel(id))
        return ready(unknownKernel(id));
    return services.kernels.interrupt(id).then(
        &services.context, [&services, id](const Result<> &done) {
            if (!done)
                return errorResponse(done.error());
            services.events.kernelEvent(QStringLiteral("interrupt"), id.toString());
            return emptyResponse(204);
        });
}

QFuture<HttpResponse> restartKernel(Services &services, const HttpRequest &request)
{
    const KernelId id = kernelOf(request);
    if (!services.kernels.kernel(id))
        return ready(unknownKernel(id));
    return services.kernels.restart(id).then(
        &services.context, [&services, id](const Result<KernelModel> &model) {
            if (!model)
                return errorResponse(model.error());
            services.events.kernelEvent(QStringLiteral("restart"), id.toString());
            return jsonResponse(200, kernelJson(*model));
        });
}

// ?since=N&events=1; InvalidData when N is no number.
Result<StreamOptions> streamOptions(const HttpRequest &request)
{
    StreamOptions options;
    options.events = request.queryValue(u"events") == QStringLiteral("1");
    if (const auto since = request.queryValue(u"since")) {
        bool isNumber = false;
        options.since = since->toULongLong(&isNumber);
        // Qt would also take white space and signs.
        const bool isPlain = std::all_of(since->cbegin(), since->cend(),
                                         [](QChar c) { return c >= u'0' && c <= u'9'; });
        if (!isNumber || !isPlain)
            return fail(ErrorCode::InvalidData, tr("since must be a whole number, 0 or larger"));
    }
    return options;
}

void addChannels(Router &router, Services &services)
{
    // Shared by the two functions below, and gone with the router.
    auto channels = std::make_shared<KernelChannels>(services.kernels);
    SocketRoute route;
    route.kernelProtocol = true;
    route.messageLimit = maxChannelMessage;
    route.check = [&services](const HttpRequest &request) -> std::optional<HttpResponse> {
        const KernelId id = kernelOf(request);
        if (!services.kernels.kernel(id))
            return unknownKernel(id);
        if (const auto options = streamOptions(request); !options)
            return errorResponse(options.error());
        return std::nullopt;
    };
    route.accept = [channels](std::unique_ptr<QWebSocket> socket, const HttpRequest &request) {
        const auto framing =
            request.headers.hasToken("Sec-WebSocket-Protocol", "v1.kernel.websocket.jupyter.org")
                ? Framing::V1
                : Framing::Legacy;
        channels->attach(std::move(socket), kernelOf(request),
                         request.queryValue(u"session_id").value_or(QString()),
                         streamOptions(request).value_or(StreamOptions()), framing);
    };
    router.addSocket(QStringLiteral("/api/kernels/{id}/channels"), std::move(route));
}

} // namespace

void addKernelRoutes(Router &router, Services &services)
{
    const QString one = QStringLiteral("/api/kernels/{id}");
    router.addPlain("GET", QStringLiteral("/api/kernels"), [&services](const HttpRequest &) {
        json list = json::array();
        for (const KernelModel &model : services.kernels.kernels())
            list.push_back(kernelJson(model));
        return jsonResponse(200, list);
    });
    router.add("POST", QStringLiteral("/api/kernels"),
               [&services](const HttpRequest &request) { return createKernel(services, request); });
    router.addPlain("GET", one, [&services](const HttpRequest &request) {
        const auto model = services.kernels.kernel(kernelOf(request));
        return model ? jsonResponse(200, kernelJson(*model)) : unknownKernel(kernelOf(request));
    });
    router.add("DELETE", one,
               [&services](const HttpRequest &request) { return stopKernel(services, request); });
    router.add("POST", one + QStringLiteral("/interrupt"), [&services](const HttpRequest &request) {
        return interruptKernel(services, request);
    });
    router.add("POST", one + QStringLiteral("/restart"), [&services](const HttpRequest &request) {
        return restartKernel(services, request);
    });
    addChannels(router, services);
}

} // namespace farcell::http
