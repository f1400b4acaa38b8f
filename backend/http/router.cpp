#include "backend/http/router.h"

#include <QWebSocket>

#include <utility>

namespace farcell::http {

namespace {

QStringList segments(const QString &path)
{
    return path.split(u'/', Qt::SkipEmptyParts);
}

// Matches `pattern` from index p with `path` from index s; "{name*}" takes as much as it can.
bool matches(const QStringList &pattern, qsizetype p, const QStringList &path, qsizetype s,
             QHash<QString, QString> &parameters)
{
    if (p == pattern.size())
        return s == path.size();
    const QString &part = pattern[p];
    if (part.endsWith(u"*}")) {
        const QString name = part.mid(1, part.size() - 3);
        for (qsizetype end = path.size(); end >= s; --end) {
            if (!matches(pattern, p + 1, path, end, parameters))
                continue;
            parameters.insert(name, path.mid(s, end - s).join(u'/'));
            return true;
        }
        return false;
    }
    if (s == path.size())
        return false;
    if (part.startsWith(u'{')) {
        if (!matches(pattern, p + 1, path, s + 1, parameters))
            return false;
        parameters.insert(part.mid(1, part.size() - 2), path[s]);
        return true;
    }
    return part == path[s] && matches(pattern, p + 1, path, s + 1, parameters);
}

} // namespace

void Router::add(const QByteArray &method, const QString &pattern, Handler handler, Access access,
                 quint64 bodyLimit)
{
    m_routes.push_back({method, segments(pattern), std::move(handler), access, bodyLimit});
}

void Router::addPlain(const QByteArray &method, const QString &pattern, PlainHandler handler,
                      Access access, quint64 bodyLimit)
{
    add(
        method, pattern,
        [handler = std::move(handler)](const HttpRequest &request) {
            return QtFuture::makeReadyFuture(handler(request));
        },
        access, bodyLimit);
}

void Router::addSocket(const QString &pattern, SocketRoute route)
{
    route.pattern = segments(pattern);
    m_sockets.push_back(std::move(route));
}

Router::Match Router::find(const QByteArray &method, const QString &path) const
{
    const QStringList parts = segments(path);
    const QByteArray wanted = method == "HEAD" ? QByteArray("GET") : method;
    Match match;
    for (const Route &route : m_routes) {
        QHash<QString, QString> parameters;
        if (!matches(route.pattern, 0, parts, 0, parameters))
            continue;
        if (route.method == wanted) {
            match.route = &route;
            match.parameters = std::move(parameters);
            return match;
        }
        if (!match.allowed.contains(route.method))
            match.allowed << route.method;
    }
    return match;
}

Router::SocketMatch Router::findSocket(const QString &path) const
{
    const QStringList parts = segments(path);
    for (const SocketRoute &route : m_sockets) {
        QHash<QString, QString> parameters;
        if (matches(route.pattern, 0, parts, 0, parameters))
            return {&route, std::move(parameters)};
    }
    return {};
}

} // namespace farcell::http
