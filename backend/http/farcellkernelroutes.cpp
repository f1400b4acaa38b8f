#include "backend/http/jsonfields.h"
#include "backend/http/kernelgpus.h"
#include "backend/http/services.h"
#include "backend/http/sessionstore.h"
#include "backend/keeper/processtree.h"
#include "backend/kernels/kernelservice.h"

#include <QCoreApplication>

#include <algorithm>
#include <string_view>
#include <utility>

// What farcelld tells of kernels and lets do with them beyond Jupyter's API (docs/protocol.md).
namespace farcell::http {

namespace {

using nlohmann::json;

constexpr std::string_view queueFeature = "queue";

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

KernelId kernelOf(const HttpRequest &request)
{
    return KernelId(request.parameters.value(QStringLiteral("id")));
}

HttpResponse refusal(const Error &error)
{
    if (error.code == ErrorCode::Cancelled) // an older keeper
        return errorResponse(501, error.message);
    if (error.code == ErrorCode::Unavailable)
        return errorResponse(409, tr("The kernel's keeper refuses: %1").arg(error.message));
    return errorResponse(error);
}

// Answers with what the keeper tells.
QFuture<HttpResponse> tell(Services &services, const HttpRequest &request, std::string_view feature,
                           const char *command)
{
    return services.kernels.ask(kernelOf(request), feature, {{"command", command}})
        .then(&services.context, [](const Result<json> &answer) {
            return answer ? jsonResponse(200, *answer) : refusal(answer.error());
        });
}

QFuture<HttpResponse> perform(Services &services, const HttpRequest &request,
                              std::string_view feature, json command)
{
    return services.kernels.ask(kernelOf(request), feature, std::move(command))
        .then(&services.context, [](const Result<json> &done) {
            return done ? emptyResponse(204) : refusal(done.error());
        });
}

QFuture<HttpResponse> tellDeath(Services &services, const HttpRequest &request)
{
    return services.kernels.ask(kernelOf(request), "death", {{"command", "death"}})
        .then(&services.context, [](const Result<json> &death) {
            if (!death)
                return refusal(death.error());
            return death->is_object() ? jsonResponse(200, *death)
                                      : errorResponse(404, tr("This kernel has not died"));
        });
}

QFuture<HttpResponse> interruptByStep(Services &services, const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    const QString step = fields->text("step").value_or(QStringLiteral("interrupt"));
    if (fields->error())
        return ready(errorResponse(*fields->error()));
    const QStringList steps = {QStringLiteral("interrupt"), QStringLiteral("group"),
                               QStringLiteral("terminate"), QStringLiteral("kill")};
    if (!steps.contains(step))
        return ready(errorResponse(400, tr("step must be one of %1").arg(steps.join(u", "))));
    return perform(services, request, "interrupt_ladder",
                   {{"command", "interrupt"}, {"step", step.toStdString()}});
}

QFuture<HttpResponse> orderQueue(Services &services, const HttpRequest &request)
{
    const auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    const json ids = fields->value().value("msg_ids", json());
    const bool areTexts = ids.is_array() && std::all_of(ids.begin(), ids.end(), [](const json &id) {
                              return id.is_string();
                          });
    if (!areTexts)
        return ready(errorResponse(400, tr("msg_ids must be a list of texts")));
    return perform(services, request, queueFeature, {{"command", "queue_order"}, {"msg_ids", ids}});
}

QFuture<HttpResponse> stopAfter(Services &services, const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    const QString id = fields->text("msg_id").value_or(QString());
    if (fields->error())
        return ready(errorResponse(*fields->error()));
    return perform(services, request, queueFeature,
                   {{"command", "queue_stop_after"}, {"msg_id", id.toStdString()}});
}

json textOrNull(const QString &text)
{
    return text.isEmpty() ? json() : json(text.toStdString());
}

HttpResponse listKernels(const Services &services, const api::GpuReport &gpus)
{
    const QDateTime now = QDateTime::currentDateTimeUtc();
    json list = json::array();
    for (const KernelModel &model : services.kernels.kernels()) {
        QString path;
        bool isNotebook = false;
        for (const Session &session : services.sessions.sessions()) {
            if (session.kernel == model.id) {
                path = session.path;
                isNotebook = session.type == QStringLiteral("notebook");
            }
        }
        const auto gpuMemory = gpuMemoryOf(gpus, model.id.toString());
        const bool rests = model.executionState != QStringLiteral("busy");
        list.push_back({{"id", model.id.toString().toStdString()},
                        {"name", model.name.toStdString()},
                        {"path", textOrNull(path)},
                        {"notebook", isNotebook ? textOrNull(path.section(u'/', -1)) : json()},
                        {"state", model.executionState.toStdString()},
                        {"rss", model.pid > 0 ? json(residentBytes(pid_t(model.pid))) : json()},
                        {"gpu_memory", gpuMemory ? json(*gpuMemory) : json()},
                        {"idle_s", rests ? double(model.lastActivity.msecsTo(now)) / 1000 : 0},
                        {"clients", model.connections},
                        {"queued", model.queued},
                        {"started_at", model.started.toString(Qt::ISODateWithMs).toStdString()},
                        {"last_seq", model.lastSequence},
                        {"problem", textOrNull(model.problem)}});
    }
    return jsonResponse(200, {{"kernels", std::move(list)}});
}

} // namespace

void addFarcellKernelRoutes(Router &router, Services &services)
{
    const QString all = QStringLiteral("/api/farcell/kernels");
    const QString one = all + QStringLiteral("/{id}");
    const QString queue = one + QStringLiteral("/queue");
    const auto add = [&](const char *method, const QString &pattern, auto handler) {
        router.add(method, pattern, [&services, handler](const HttpRequest &request) {
            return handler(services, request);
        });
    };
    const auto command = [&](const QString &pattern, const char *name) {
        add("POST", pattern, [name](Services &in, const HttpRequest &request) {
            return perform(in, request, queueFeature, {{"command", name}});
        });
    };
    add("GET", all, [](Services &in, const HttpRequest &) {
        return lookAtGpus(in).then(
            &in.context, [&in](const api::GpuReport &gpus) { return listKernels(in, gpus); });
    });
    add("GET", one + QStringLiteral("/process"), [](Services &in, const HttpRequest &request) {
        return tell(in, request, "process", "process");
    });
    add("GET", one + QStringLiteral("/death"), tellDeath);
    add("GET", one + QStringLiteral("/usage"), [](Services &in, const HttpRequest &request) {
        return tell(in, request, "usage", "usage");
    });
    add("POST", one + QStringLiteral("/interrupt"), interruptByStep);
    add("PUT", queue + QStringLiteral("/order"), orderQueue);
    command(queue + QStringLiteral("/pause"), "queue_pause");
    command(queue + QStringLiteral("/resume"), "queue_resume");
    add("POST", queue + QStringLiteral("/stop-after"), stopAfter);
    add("GET", queue, [](Services &in, const HttpRequest &request) {
        return tell(in, request, queueFeature, "queue");
    });
    add("DELETE", queue + QStringLiteral("/{msg_id}"),
        [](Services &in, const HttpRequest &request) {
            const QString id = request.parameters.value(QStringLiteral("msg_id"));
            return perform(in, request, queueFeature,
                           {{"command", "queue_cancel"}, {"msg_id", id.toStdString()}});
        });
}

} // namespace farcell::http
