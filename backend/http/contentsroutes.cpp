#include "backend/contents/contents.h"
#include "backend/http/eventhub.h"
#include "backend/http/jsonfields.h"
#include "backend/http/requesttarget.h"
#include "backend/http/services.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

namespace farcell::http {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

QString pathOf(const HttpRequest &request)
{
    return request.parameters.value(QStringLiteral("path"));
}

QByteArray httpTime(const timespec &time)
{
    return QLocale::c()
        .toString(QDateTime::fromSecsSinceEpoch(time.tv_sec, Qt::UTC),
                  QStringLiteral("ddd, dd MMM yyyy hh:mm:ss 'GMT'"))
        .toLatin1();
}

HttpResponse modelResponse(int status, const ContentsModel &model)
{
    HttpResponse response = jsonResponse(status, toJson(model));
    response.headers.add("Last-Modified", httpTime(model.modified));
    if (status == 201)
        response.headers.add("Location", "/api/contents/" + encodePath(model.path));
    return response;
}

HttpResponse modelResponse(int status, const Result<ContentsModel> &model)
{
    return model ? modelResponse(status, *model) : errorResponse(model.error());
}

Result<std::optional<EntryType>> typeNamed(const std::optional<QString> &name)
{
    if (!name || name->isEmpty())
        return std::optional<EntryType>();
    if (*name == u"file")
        return std::optional(EntryType::File);
    if (*name == u"directory")
        return std::optional(EntryType::Directory);
    if (*name == u"notebook")
        return std::optional(EntryType::Notebook);
    return fail(ErrorCode::InvalidData, tr("Type %1 is invalid").arg(*name),
                QStringLiteral("bad type"));
}

Result<bool> flagNamed(const HttpRequest &request, QStringView name, bool otherwise)
{
    const auto value = request.queryValue(name);
    if (!value || value->isEmpty())
        return otherwise;
    if (*value == u"0" || *value == u"1")
        return *value == u"1";
    return fail(ErrorCode::InvalidData, tr("%1 must be 0 or 1").arg(name));
}

QFuture<HttpResponse> getContents(Services &services, const HttpRequest &request)
{
    Contents::Get how;
    const auto type = typeNamed(request.queryValue(u"type"));
    const auto content = flagNamed(request, u"content", true);
    const auto hash = flagNamed(request, u"hash", false);
    if (!type)
        return ready(errorResponse(type.error()));
    if (!content || !hash)
        return ready(errorResponse(content ? hash.error() : content.error()));
    how.type = *type;
    how.format = request.queryValue(u"format").value_or(QString());
    how.content = *content;
    how.hash = *hash;
    return onPool(services, [&services, how, path = pathOf(request)] {
        return modelResponse(200, services.contents.get(path, how));
    });
}

QFuture<HttpResponse> putContents(Services &services, const HttpRequest &request)
{
    return onPool(services, [&services, body = request.body, path = pathOf(request)] {
        const auto saved = services.contents.save(path, body);
        if (!saved)
            return errorResponse(saved.error());
        services.events.contentsEvent(QStringLiteral("save"), path);
        return modelResponse(saved->created ? 201 : 200, saved->model);
    });
}

QFuture<HttpResponse> postContents(Services &services, const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    const auto copyFrom = fields->text("copy_from");
    const auto typeName = fields->text("type");
    const QString ending = fields->text("ext").value_or(QString());
    if (fields->error())
        return ready(errorResponse(*fields->error()));
    const auto type = typeNamed(typeName);
    if (!type)
        return ready(errorResponse(type.error()));
    const EntryType kind =
        type->value_or(ending == u".ipynb" ? EntryType::Notebook : EntryType::File);
    return onPool(services, [&services, copyFrom, kind, ending, path = pathOf(request)] {
        const auto made = copyFrom ? services.contents.copy(*copyFrom, path)
                                   : services.contents.createUntitled(path, kind, ending);
        if (made)
            services.events.contentsEvent(copyFrom ? QStringLiteral("copy")
                                                   : QStringLiteral("create"),
                                          made->path, copyFrom.value_or(QString()));
        return modelResponse(201, made);
    });
}

QFuture<HttpResponse> patchContents(Services &services, const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    const auto to = fields->text("path");
    if (fields->error())
        return ready(errorResponse(*fields->error()));
    if (!to)
        return ready(errorResponse(400, tr("JSON body missing: path")));
    return onPool(services, [&services, from = pathOf(request), to = *to] {
        const auto renamed = services.contents.rename(from, to);
        if (renamed)
            services.events.contentsEvent(QStringLiteral("rename"), renamed->path, from);
        return modelResponse(200, renamed);
    });
}

QFuture<HttpResponse> deleteContents(Services &services, const HttpRequest &request)
{
    return onPool(services, [&services, path = pathOf(request)] {
        const auto removed = services.contents.remove(path);
        if (!removed)
            return errorResponse(removed.error());
        services.events.contentsEvent(QStringLiteral("delete"), path);
        return emptyResponse(204);
    });
}

QByteArray checkpointJson(const Contents::Checkpoint &checkpoint)
{
    QByteArray out = "{\"id\":";
    appendJsonString(out, checkpoint.id.toUtf8());
    out += R"(,"last_modified":")" + isoTime(checkpoint.modified) + "\"}";
    return out;
}

void addCheckpointRoutes(Router &router, Services &services)
{
    const QString all = QStringLiteral("/api/contents/{path*}/checkpoints");
    const QString one = all + QStringLiteral("/{checkpoint}");
    router.add("GET", all, [&services](const HttpRequest &request) {
        return onPool(services, [&services, path = pathOf(request)] {
            const auto found = services.contents.checkpoints(path);
            if (!found)
                return errorResponse(found.error());
            QByteArrayList list;
            for (const Contents::Checkpoint &checkpoint : *found)
                list << checkpointJson(checkpoint);
            return jsonResponse(200, QByteArray('[' + list.join(',') + ']'));
        });
    });
    router.add("POST", all, [&services](const HttpRequest &request) {
        return onPool(services, [&services, path = pathOf(request)] {
            const auto made = services.contents.createCheckpoint(path);
            if (!made)
                return errorResponse(made.error());
            HttpResponse response = jsonResponse(201, checkpointJson(*made));
            response.headers.add("Location", "/api/contents/" + encodePath(path) + "/checkpoints/" +
                                                 encodePath(made->id));
            return response;
        });
    });
    const auto answer = [](const Result<> &done) {
        return done ? emptyResponse(204) : errorResponse(done.error());
    };
    const QString id = QStringLiteral("checkpoint");
    router.add("POST", one, [&services, answer, id](const HttpRequest &request) {
        return onPool(services, [=, &services, path = pathOf(request),
                                 checkpoint = request.parameters.value(id)] {
            return answer(services.contents.restoreCheckpoint(path, checkpoint));
        });
    });
    router.add("DELETE", one, [&services, answer, id](const HttpRequest &request) {
        return onPool(services, [=, &services, path = pathOf(request),
                                 checkpoint = request.parameters.value(id)] {
            return answer(services.contents.removeCheckpoint(path, checkpoint));
        });
    });
}

HttpResponse fileResponse(Services &services, const QString &path, bool download)
{
    auto opened = services.contents.open(path);
    if (!opened)
        return errorResponse(opened.error());
    const QString mime = opened->model.mimeType;
    HttpResponse response;
    response.file = std::move(opened->file);
    QByteArray type = mime.isEmpty() ? QByteArray("application/octet-stream") : mime.toLatin1();
    if (type.startsWith("text/"))
        type += "; charset=UTF-8";
    response.headers.add("Content-Type", type);
    response.headers.add("Last-Modified", httpTime(opened->model.modified));
    response.headers.add("Cache-Control", "no-cache");
    // A file of the user's must not act as a page of this server.
    response.headers.add("Content-Security-Policy",
                         "frame-ancestors 'self'; sandbox allow-scripts");
    if (download)
        response.headers.add("Content-Disposition",
                             "attachment; filename*=UTF-8''" + encodePath(opened->model.name));
    return response;
}

} // namespace

void addContentsRoutes(Router &router, Services &services)
{
    addCheckpointRoutes(router, services);
    const QString any = QStringLiteral("/api/contents/{path*}");
    router.add("GET", any,
               [&services](const HttpRequest &request) { return getContents(services, request); });
    router.add(
        "PUT", any,
        [&services](const HttpRequest &request) { return putContents(services, request); },
        Access::Token, largeBody);
    router.add("POST", any,
               [&services](const HttpRequest &request) { return postContents(services, request); });
    router.add("PATCH", any, [&services](const HttpRequest &request) {
        return patchContents(services, request);
    });
    router.add("DELETE", any, [&services](const HttpRequest &request) {
        return deleteContents(services, request);
    });
    router.add("GET", QStringLiteral("/files/{path*}"), [&services](const HttpRequest &request) {
        const bool download = !request.queryValue(u"download").value_or(QString()).isEmpty();
        return onPool(services, [&services, download, path = pathOf(request)] {
            return fileResponse(services, path, download);
        });
    });
}

} // namespace farcell::http
