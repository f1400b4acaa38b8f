#include "backend/contents/contents.h"
#include "backend/contents/contentsmodel.h"
#include "backend/http/jsonfields.h"
#include "backend/http/services.h"
#include "backend/http/terminalchannel.h"
#include "backend/terminals/terminalservice.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QWebSocket>

namespace farcell::http {

namespace {

using nlohmann::json;

constexpr quint64 maxTerminalMessage = 4UL * 1024 * 1024;

json terminalJson(const Terminal &terminal)
{
    return {{"name", terminal.name().toStdString()},
            {"last_activity", isoTime(terminal.lastActivity()).toStdString()}};
}

HttpResponse unknownTerminal(const QString &name)
{
    return errorResponse(
        404, QCoreApplication::translate("farcell::http", "Terminal not found: %1").arg(name));
}

QString nameOf(const HttpRequest &request)
{
    return request.parameters.value(QStringLiteral("name"));
}

HttpResponse createTerminal(Services &services, const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return errorResponse(fields.error());
    const QString name = fields->text("name").value_or(QString());
    const QString folder = fields->text("cwd").value_or(QString());
    if (fields->error())
        return errorResponse(*fields->error());
    // An absolute folder is taken as it is, since a shell can go there anyway; others are below the
    // root. One that is not there: the root, as Jupyter does.
    QString directory = services.contents.workingDirectory(folder + QStringLiteral("/x"));
    if (folder.startsWith(u'/') && !folder.contains(QChar(u'\0')) && QFileInfo(folder).isDir())
        directory = folder;
    const auto terminal = services.terminals.create(name, directory);
    return terminal ? jsonResponse(200, terminalJson(**terminal)) : errorResponse(terminal.error());
}

void addTerminalSocket(Router &router, Services &services)
{
    SocketRoute route;
    route.messageLimit = maxTerminalMessage;
    route.check = [&services](const HttpRequest &request) -> std::optional<HttpResponse> {
        if (!services.terminals.find(nameOf(request)))
            return unknownTerminal(nameOf(request));
        return std::nullopt;
    };
    route.accept = [&services](std::unique_ptr<QWebSocket> socket, const HttpRequest &request) {
        if (Terminal *terminal = services.terminals.find(nameOf(request)))
            new TerminalChannel(std::move(socket), *terminal); // owns itself
    };
    router.addSocket(QStringLiteral("/terminals/websocket/{name}"), std::move(route));
}

} // namespace

void addTerminalRoutes(Router &router, Services &services)
{
    const QString all = QStringLiteral("/api/terminals");
    const QString one = QStringLiteral("/api/terminals/{name}");
    router.addPlain("GET", all, [&services](const HttpRequest &) {
        json list = json::array();
        for (const Terminal *terminal : services.terminals.terminals())
            list.push_back(terminalJson(*terminal));
        return jsonResponse(200, list);
    });
    router.addPlain("POST", all, [&services](const HttpRequest &request) {
        return createTerminal(services, request);
    });
    router.addPlain("GET", one, [&services](const HttpRequest &request) {
        const Terminal *terminal = services.terminals.find(nameOf(request));
        return terminal ? jsonResponse(200, terminalJson(*terminal))
                        : unknownTerminal(nameOf(request));
    });
    router.addPlain("DELETE", one, [&services](const HttpRequest &request) {
        return services.terminals.remove(nameOf(request)) ? emptyResponse(204)
                                                          : unknownTerminal(nameOf(request));
    });
    addTerminalSocket(router, services);
}

} // namespace farcell::http
