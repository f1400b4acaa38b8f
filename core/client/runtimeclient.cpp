#include "core/client/runtimeclient.h"

#include "core/api/farcellapi.h"
#include "core/client/httpcaller.h"
#include "core/client/kernelconnection.h"
#include "core/client/networkerror.h"
#include "core/client/runtimejson.h"

#include <QPromise>

#include <functional>
#include <utility>

namespace farcell {

namespace {

using nlohmann::json;
using std::chrono::seconds;

// Starting a kernel waits for its first answer.
constexpr seconds kernelStartTimeout{90};
constexpr seconds probeTimeout{10};
constexpr seconds transferTimeout{60};
constexpr qint64 maxFileBytes = qint64{1} << 30;
constexpr qsizetype uploadChunk = qsizetype{12} << 20;

Result<> nothing(const HttpReply &)
{
    return {};
}

HttpRequest get(QString path)
{
    HttpRequest request;
    request.path = std::move(path);
    return request;
}

HttpRequest sending(const char *verb, QString path, const json &body)
{
    HttpRequest request = get(std::move(path));
    request.verb = verb;
    request.body = toBytes(body);
    return request;
}

HttpRequest plain(const char *verb, QString path)
{
    HttpRequest request = get(std::move(path));
    request.verb = verb;
    return request;
}

QString contentsPath(const QString &path)
{
    QString clean = path;
    while (clean.startsWith(u'/'))
        clean.remove(0, 1);
    return QStringLiteral("api/contents/") + clean;
}

QString kernelPath(const KernelId &id, QLatin1String action = {})
{
    return QStringLiteral("api/kernels/") + id.toString() + action;
}

// Routes of farcell::api start with a slash; ours are relative to base_url.
QString relative(QLatin1String route)
{
    return QString(route).mid(1);
}

template <typename T>
class Answer
{
public:
    Answer()
        : m_promise(std::make_shared<QPromise<Result<T>>>())
    {
        m_promise->start();
    }
    [[nodiscard]] QFuture<Result<T>> future() const { return m_promise->future(); }
    void give(Result<T> result) const
    {
        m_promise->addResult(std::move(result));
        m_promise->finish();
    }

private:
    std::shared_ptr<QPromise<Result<T>>> m_promise;
};

} // namespace

class RuntimeClient::Private
{
public:
    explicit Private(Endpoint endpoint)
        : http(std::move(endpoint))
    {}

    template <typename T>
    QFuture<Result<T>> call(const HttpRequest &request,
                            std::function<Result<T>(const HttpReply &)> read)
    {
        const Answer<T> answer;
        http.send(request, [answer, read = std::move(read)](const Result<HttpReply> &reply) {
            answer.give(reply ? read(*reply) : Result<T>(tl::unexpected(reply.error())));
        });
        return answer.future();
    }

    template <typename T>
    QFuture<Result<T>> callBody(const HttpRequest &request, Result<T> (*read)(const QByteArray &))
    {
        return call<T>(request, [read](const HttpReply &reply) { return read(reply.body); });
    }

    void probeVersion(const Answer<ServerInfo> &answer);
    void probeToken(const Answer<ServerInfo> &answer, const QString &version);
    void probeFarcell(const Answer<ServerInfo> &answer, const QString &version);
    void moveSession(const Answer<RemoteSession> &answer, const RemoteSession &session,
                     const KernelId &kernel);
    void upload(const Answer<ContentsEntry> &answer, const QString &path, const QByteArray &bytes,
                qsizetype offset, int chunk);

    HttpCaller http;
};

// GET /api works without a token: it tells whether this is Jupyter at all.
void RuntimeClient::Private::probeVersion(const Answer<ServerInfo> &answer)
{
    HttpRequest request = get(QStringLiteral("api"));
    request.timeout = probeTimeout;
    http.send(request, [this, answer](const Result<HttpReply> &reply) {
        if (!reply) {
            const bool isAnswer = reply.error().code == ErrorCode::NotFound ||
                                  reply.error().code == ErrorCode::InvalidData;
            answer.give(
                tl::unexpected(isAnswer ? notJupyterError(http.endpoint().url) : reply.error()));
            return;
        }
        const auto body = parseObject(reply->body);
        const QString version = body ? textAt(*body, "version") : QString();
        if (version.isEmpty())
            answer.give(tl::unexpected(notJupyterError(http.endpoint().url)));
        else
            probeToken(answer, version);
    });
}

void RuntimeClient::Private::probeToken(const Answer<ServerInfo> &answer, const QString &version)
{
    HttpRequest request = get(QStringLiteral("api/status"));
    request.timeout = probeTimeout;
    http.send(request, [this, answer, version](const Result<HttpReply> &reply) {
        // Very old servers have no /api/status; their 404 still proves the token.
        if (!reply && reply.error().code != ErrorCode::NotFound)
            answer.give(tl::unexpected(reply.error()));
        else
            probeFarcell(answer, version);
    });
}

void RuntimeClient::Private::probeFarcell(const Answer<ServerInfo> &answer, const QString &version)
{
    HttpRequest request = get(relative(api::infoRoute));
    request.timeout = probeTimeout;
    http.send(request, [answer, version](const Result<HttpReply> &reply) {
        ServerInfo info{false, QStringLiteral("Jupyter Server ") + version, version, {}};
        if (reply) {
            const auto body = parseObject(reply->body);
            if (const auto farcell =
                    body ? api::serverInfoFromJson(*body) : tl::unexpected(body.error())) {
                info = {true, QStringLiteral("Farcell ") + farcell->version, farcell->version,
                        farcell->features};
            }
        }
        answer.give(info);
    });
}

// The server answered with the session that path already had, on another kernel.
void RuntimeClient::Private::moveSession(const Answer<RemoteSession> &answer,
                                         const RemoteSession &session, const KernelId &kernel)
{
    const json body{{"kernel", {{"id", kernel.toString().toStdString()}}}};
    http.send(sending("PATCH", QStringLiteral("api/sessions/") + session.id.toString(), body),
              [answer](const Result<HttpReply> &reply) {
                  answer.give(reply ? sessionFrom(reply->body)
                                    : Result<RemoteSession>(tl::unexpected(reply.error())));
              });
}

// Small files go in one request, which Jupyter writes atomically; larger ones in its chunks.
void RuntimeClient::Private::upload(const Answer<ContentsEntry> &answer, const QString &path,
                                    const QByteArray &bytes, qsizetype offset, int chunk)
{
    const bool isLast = offset + uploadChunk >= bytes.size();
    const QByteArray part = bytes.mid(offset, uploadChunk).toBase64();
    json body{{"type", "file"}, {"format", "base64"}, {"content", part.toStdString()}};
    if (!isLast || chunk > 1)
        body["chunk"] = isLast ? -1 : chunk;
    HttpRequest request = sending("PUT", contentsPath(path), body);
    request.timeout = transferTimeout;
    http.send(request, [=, this](const Result<HttpReply> &reply) {
        if (!reply)
            answer.give(tl::unexpected(reply.error()));
        else if (isLast)
            answer.give(contentsEntryFrom(reply->body));
        else
            upload(answer, path, bytes, offset + uploadChunk, chunk + 1);
    });
}

RuntimeClient::RuntimeClient(Endpoint endpoint, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(std::move(endpoint)))
{}

RuntimeClient::~RuntimeClient() = default;

const Endpoint &RuntimeClient::endpoint() const
{
    return d->http.endpoint();
}

QFuture<Result<ServerInfo>> RuntimeClient::probe()
{
    const Answer<ServerInfo> answer;
    d->probeVersion(answer);
    return answer.future();
}

QFuture<Result<RemoteKernelSpecs>> RuntimeClient::kernelSpecs()
{
    return d->callBody(get(QStringLiteral("api/kernelspecs")), kernelSpecsFrom);
}

QFuture<Result<QList<RemoteKernel>>> RuntimeClient::kernels()
{
    return d->callBody(get(QStringLiteral("api/kernels")), kernelsFrom);
}

QFuture<Result<QList<RemoteSession>>> RuntimeClient::sessions()
{
    return d->callBody(get(QStringLiteral("api/sessions")), sessionsFrom);
}

QFuture<Result<RemoteSession>> RuntimeClient::startSession(const QString &path, const QString &name,
                                                           const QString &kernelName)
{
    json body{{"path", path.toStdString()},
              {"name", name.toStdString()},
              {"type", "notebook"},
              {"kernel", json::object()}};
    if (!kernelName.isEmpty())
        body["kernel"]["name"] = kernelName.toStdString();
    HttpRequest request = sending("POST", QStringLiteral("api/sessions"), body);
    request.timeout = kernelStartTimeout;
    return d->callBody(request, sessionFrom);
}

QFuture<Result<RemoteSession>>
RuntimeClient::attachSession(const QString &path, const QString &name, const KernelId &kernel)
{
    const json body{{"path", path.toStdString()},
                    {"name", name.toStdString()},
                    {"type", "notebook"},
                    {"kernel", {{"id", kernel.toString().toStdString()}}}};
    const Answer<RemoteSession> answer;
    d->http.send(sending("POST", QStringLiteral("api/sessions"), body),
                 [this, answer, kernel](const Result<HttpReply> &reply) {
                     const Result<RemoteSession> session =
                         reply ? sessionFrom(reply->body)
                               : Result<RemoteSession>(tl::unexpected(reply.error()));
                     if (session && session->kernel.id != kernel)
                         d->moveSession(answer, *session, kernel);
                     else
                         answer.give(session);
                 });
    return answer.future();
}

QFuture<Result<>> RuntimeClient::renameSession(const SessionId &id, const QString &path,
                                               const QString &name)
{
    const json body{{"path", path.toStdString()}, {"name", name.toStdString()}};
    return d->call<void>(sending("PATCH", QStringLiteral("api/sessions/") + id.toString(), body),
                         nothing);
}

QFuture<Result<>> RuntimeClient::deleteSession(const SessionId &id)
{
    return d->call<void>(plain("DELETE", QStringLiteral("api/sessions/") + id.toString()), nothing);
}

QFuture<Result<>> RuntimeClient::interruptKernel(const KernelId &id)
{
    return d->call<void>(plain("POST", kernelPath(id, QLatin1String("/interrupt"))), nothing);
}

QFuture<Result<>> RuntimeClient::restartKernel(const KernelId &id)
{
    HttpRequest request = plain("POST", kernelPath(id, QLatin1String("/restart")));
    request.timeout = kernelStartTimeout;
    return d->call<void>(request, nothing);
}

QFuture<Result<>> RuntimeClient::shutdownKernel(const KernelId &id)
{
    return d->call<void>(plain("DELETE", kernelPath(id)), nothing);
}

QFuture<Result<QList<ContentsEntry>>> RuntimeClient::listDirectory(const QString &path)
{
    HttpRequest request = get(contentsPath(path));
    request.query.addQueryItem(QStringLiteral("type"), QStringLiteral("directory"));
    return d->callBody(request, directoryFrom);
}

QFuture<Result<QByteArray>> RuntimeClient::readFile(const QString &path)
{
    HttpRequest request = get(QStringLiteral("files/") + contentsPath(path).mid(13));
    request.timeout = transferTimeout;
    request.maxReplyBytes = maxFileBytes;
    return d->call<QByteArray>(
        request, [](const HttpReply &reply) { return Result<QByteArray>(reply.body); });
}

QFuture<Result<ContentsEntry>> RuntimeClient::writeFile(const QString &path,
                                                        const QByteArray &bytes)
{
    const Answer<ContentsEntry> answer;
    d->upload(answer, path, bytes, 0, 1);
    return answer.future();
}

QFuture<Result<ContentsEntry>> RuntimeClient::makeDirectory(const QString &path)
{
    return d->callBody(sending("PUT", contentsPath(path), json{{"type", "directory"}}),
                       contentsEntryFrom);
}

QFuture<Result<ContentsEntry>> RuntimeClient::renameFile(const QString &from, const QString &to)
{
    const QString target = contentsPath(to).mid(13);
    return d->callBody(sending("PATCH", contentsPath(from), json{{"path", target.toStdString()}}),
                       contentsEntryFrom);
}

QFuture<Result<>> RuntimeClient::deleteFile(const QString &path)
{
    return d->call<void>(plain("DELETE", contentsPath(path)), nothing);
}

QFuture<Result<MachineResources>> RuntimeClient::resources()
{
    return d->call<MachineResources>(
        get(relative(api::resourcesRoute)), [](const HttpReply &reply) -> Result<MachineResources> {
            const auto body = parseObject(reply.body);
            if (!body)
                return tl::unexpected(body.error());
            const auto read = api::machineResourcesFromJson(*body);
            if (!read)
                return tl::unexpected(read.error());
            return MachineResources{read->memory.total, read->memory.used, read->disk.total,
                                    read->disk.used,    read->cpuCount,    read->cpuPercent};
        });
}

KernelConnection *RuntimeClient::connectKernel(const KernelId &id, const QString &kernelName)
{
    return connectKernel(id, kernelName, {});
}

KernelConnection *RuntimeClient::connectKernel(const KernelId &id, const QString &kernelName,
                                               const ConnectOptions &options)
{
    return new KernelConnection(endpoint(), id, kernelName, options);
}

} // namespace farcell
