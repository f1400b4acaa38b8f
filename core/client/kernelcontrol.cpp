#include "core/client/kernelcontrol.h"

#include "core/client/runtimejson.h"

#include <QPromise>

#include <chrono>
#include <memory>

namespace farcell {

namespace {

using nlohmann::json;

// Starting a kernel waits for its first answer.
constexpr std::chrono::seconds kernelStartTimeout{90};

QString routeOf(const KernelId &kernel, const char *rest)
{
    return QStringLiteral("api/farcell/kernels/") + kernel.toString() + QLatin1String(rest);
}

} // namespace

KernelControl::KernelControl(const Endpoint &endpoint, QObject *parent)
    : QObject(parent)
    , m_http(endpoint)
{}

template <typename T>
QFuture<Result<T>> KernelControl::get(const QString &path,
                                      std::function<Result<T>(const json &)> read)
{
    auto promise = std::make_shared<QPromise<Result<T>>>();
    promise->start();
    HttpRequest request;
    request.path = path;
    m_http.send(request, [promise, read = std::move(read)](const Result<HttpReply> &reply) {
        Result<T> result = tl::unexpected(reply ? Error{} : reply.error());
        if (reply) {
            const Result<json> body = parseObject(reply->body);
            result = body ? read(*body) : Result<T>(tl::unexpected(body.error()));
        }
        promise->addResult(std::move(result));
        promise->finish();
    });
    return promise->future();
}

QFuture<Result<>> KernelControl::tell(const QByteArray &verb, const QString &path, const json &body)
{
    auto promise = std::make_shared<QPromise<Result<>>>();
    promise->start();
    HttpRequest request;
    request.verb = verb;
    request.path = path;
    if (!body.is_null())
        request.body = toBytes(body);
    m_http.send(request, [promise](const Result<HttpReply> &reply) {
        promise->addResult(reply ? Result<>() : Result<>(tl::unexpected(reply.error())));
        promise->finish();
    });
    return promise->future();
}

QFuture<Result<QList<KernelSummary>>> KernelControl::kernels()
{
    return get<QList<KernelSummary>>(QStringLiteral("api/farcell/kernels"), kernelSummariesFrom);
}

QFuture<Result<api::GpuReport>> KernelControl::gpus()
{
    return get<api::GpuReport>(QString(api::gpusRoute).mid(1), api::gpuReportFromJson);
}

QFuture<Result<api::RuntimeOffer>> KernelControl::runtime()
{
    return get<api::RuntimeOffer>(QString(api::runtimeRoute).mid(1), api::runtimeOfferFromJson);
}

QFuture<Result<KernelGrant>> KernelControl::grant(const KernelId &kernel)
{
    return get<KernelGrant>(
        QStringLiteral("api/kernels/") + kernel.toString(), [](const json &model) {
            return Result<KernelGrant>({api::kernelResourcesOf(model), api::limitsRefused(model)});
        });
}

QFuture<Result<RemoteSession>> KernelControl::startSession(const QString &path, const QString &name,
                                                           const QString &kernelName,
                                                           const api::KernelResources &resources)
{
    auto promise = std::make_shared<QPromise<Result<RemoteSession>>>();
    promise->start();
    HttpRequest request;
    request.verb = "POST";
    request.path = QStringLiteral("api/sessions");
    request.timeout = kernelStartTimeout;
    request.body = toBytes(json{
        {"path", path.toStdString()},
        {"name", name.toStdString()},
        {"type", "notebook"},
        {"kernel", {{"name", kernelName.toStdString()}, {"farcell", api::toJson(resources)}}}});
    m_http.send(request, [promise](const Result<HttpReply> &reply) {
        promise->addResult(reply ? sessionFrom(reply->body)
                                 : Result<RemoteSession>(tl::unexpected(reply.error())));
        promise->finish();
    });
    return promise->future();
}

QFuture<Result<KernelProcess>> KernelControl::process(const KernelId &kernel)
{
    return get<KernelProcess>(routeOf(kernel, "/process"), kernelProcessFrom);
}

QFuture<Result<KernelDeath>> KernelControl::death(const KernelId &kernel)
{
    return get<KernelDeath>(routeOf(kernel, "/death"), kernelDeathFrom);
}

QFuture<Result<std::vector<api::CellUsage>>> KernelControl::usages(const KernelId &kernel)
{
    return get<std::vector<api::CellUsage>>(routeOf(kernel, "/usage"), api::cellUsagesFromJson);
}

QFuture<Result<>> KernelControl::interrupt(const KernelId &kernel, InterruptStep step)
{
    const char *name = "interrupt";
    switch (step) {
    case InterruptStep::Interrupt:
        break;
    case InterruptStep::Group:
        name = "group";
        break;
    case InterruptStep::Terminate:
        name = "terminate";
        break;
    case InterruptStep::Kill:
        name = "kill";
        break;
    }
    return tell("POST", routeOf(kernel, "/interrupt"), {{"step", name}});
}

QFuture<Result<KernelQueue>> KernelControl::queue(const KernelId &kernel)
{
    return get<KernelQueue>(routeOf(kernel, "/queue"), kernelQueueFrom);
}

QFuture<Result<>> KernelControl::cancel(const KernelId &kernel, const MsgId &item)
{
    return tell("DELETE", routeOf(kernel, "/queue/") + item.toString(), nullptr);
}

QFuture<Result<>> KernelControl::reorder(const KernelId &kernel, const QList<MsgId> &items)
{
    json ids = json::array();
    for (const MsgId &item : items)
        ids.push_back(item.toString().toStdString());
    return tell("PUT", routeOf(kernel, "/queue/order"), {{"msg_ids", ids}});
}

QFuture<Result<>> KernelControl::setPaused(const KernelId &kernel, bool paused)
{
    return tell("POST", routeOf(kernel, paused ? "/queue/pause" : "/queue/resume"), json::object());
}

QFuture<Result<>> KernelControl::stopAfter(const KernelId &kernel, const MsgId &item)
{
    json body{{"msg_id", nullptr}};
    if (!item.isEmpty())
        body["msg_id"] = item.toString().toStdString();
    return tell("POST", routeOf(kernel, "/queue/stop-after"), body);
}

} // namespace farcell
