#include "backend/contents/contentsmodel.h"
#include "backend/http/requesttarget.h"
#include "backend/http/services.h"
#include "backend/runtimes/environments.h"
#include "core/jupyter/kernelspec.h"

#include <QCoreApplication>
#include <QFileInfo>

namespace farcell::http {

namespace {

using nlohmann::json;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

json specJson(const KernelSpec &spec)
{
    json inner = spec.json.is_object() ? spec.json : json::object();
    // Clients drop entries without these (jupyter.md 3.3).
    inner["display_name"] = spec.displayName.toStdString();
    inner["language"] = spec.language.toStdString();
    inner["interrupt_mode"] = spec.interruptMode.toStdString();
    for (const char *key : {"env", "metadata"}) {
        if (!inner.contains(key))
            inner[key] = json::object();
    }
    json resources = json::object();
    const QMap<QString, QString> files = spec.resources();
    for (auto it = files.cbegin(); it != files.cend(); ++it)
        resources[it.key().toStdString()] =
            "/kernelspecs/" + encodePath(spec.name + u'/' + it.value()).toStdString();
    return {{"name", spec.name.toStdString()},
            {"spec", std::move(inner)},
            {"resources", std::move(resources)}};
}

HttpResponse allSpecs(const Environments &environments)
{
    const std::vector<KernelSpec> specs = environments.specs();
    json list = json::object();
    for (const KernelSpec &spec : specs)
        list[spec.name.toStdString()] = specJson(spec);
    return jsonResponse(200, json{{"default", defaultKernelName(specs).toStdString()},
                                  {"kernelspecs", std::move(list)}});
}

HttpResponse resource(const Environments &environments, const QString &name, const QString &file)
{
    const auto spec = environments.spec(name);
    if (!spec)
        return errorResponse(spec.error());
    const QString folder = QFileInfo(spec->directory).canonicalFilePath();
    const QFileInfo info(folder + u'/' + file);
    // One segment, so no way up; a link may still lead elsewhere.
    if (file.startsWith(u'.') || !info.isFile() || info.canonicalPath() != folder)
        return errorResponse(404, tr("Kernel resource not found: %1").arg(file));
    auto opened = std::make_shared<QFile>(info.canonicalFilePath());
    if (!opened->open(QIODevice::ReadOnly))
        return errorResponse(404, tr("Kernel resource not found: %1").arg(file));
    HttpResponse response;
    response.file = std::move(opened);
    const QString mime = guessMimeType(file);
    response.headers.add("Content-Type",
                         mime.isEmpty() ? QByteArray("application/octet-stream") : mime.toLatin1());
    if (file.endsWith(QLatin1String(".png")))
        response.headers.add("Cache-Control", "max-age=2592000"); // thirty days, as Jupyter
    return response;
}

} // namespace

void addKernelspecRoutes(Router &router, Services &services)
{
    const auto nameOf = [](const HttpRequest &request) {
        return request.parameters.value(QStringLiteral("name"));
    };
    router.add("GET", QStringLiteral("/api/kernelspecs"), [&services](const HttpRequest &) {
        return onPool(services, [&services] { return allSpecs(services.environments); });
    });
    router.add("GET", QStringLiteral("/api/kernelspecs/{name}"),
               [&services, nameOf](const HttpRequest &request) {
                   return onPool(services, [&services, name = nameOf(request)] {
                       const auto spec = services.environments.spec(name);
                       return spec ? jsonResponse(200, specJson(*spec))
                                   : errorResponse(spec.error());
                   });
               });
    router.add("GET", QStringLiteral("/kernelspecs/{name}/{file}"),
               [&services, nameOf](const HttpRequest &request) {
                   const QString file = request.parameters.value(QStringLiteral("file"));
                   return onPool(services, [&services, name = nameOf(request), file] {
                       return resource(services.environments, name, file);
                   });
               });
}

} // namespace farcell::http
