#pragma once

#include "backend/http/httpmessage.h"

#include <QFuture>
#include <QStringList>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

class QWebSocket;

namespace farcell::http {

using Handler = std::function<QFuture<HttpResponse>(const HttpRequest &)>;
using PlainHandler = std::function<HttpResponse(const HttpRequest &)>;

inline constexpr quint64 smallBody = 1024UL * 1024;
inline constexpr quint64 largeBody = 512UL * 1024 * 1024;

// Who may use a route without showing the token.
enum class Access
{
    Token, // nobody
    Page,  // nobody, but a browser is sent to /login instead of being refused
    Open   // anybody
};

struct Route
{
    QByteArray method;
    QStringList pattern;
    Handler handler;
    Access access = Access::Token;
    quint64 bodyLimit = smallBody;
};

// A WebSocket endpoint. `check` answers before the upgrade (nullopt: go on); `accept` takes over.
struct SocketRoute
{
    QStringList pattern;
    std::function<std::optional<HttpResponse>(const HttpRequest &)> check;
    std::function<void(std::unique_ptr<QWebSocket>, const HttpRequest &)> accept;
    quint64 messageLimit = smallBody;
    bool kernelProtocol = false; // speaks v1.kernel.websocket.jupyter.org when offered
};

// Finds who answers a request. Patterns are paths with "{name}" for one segment and "{name*}" for
// any number of them; the first pattern that fits wins, so special ones are added first.
class Router
{
public:
    void add(const QByteArray &method, const QString &pattern, Handler handler,
             Access access = Access::Token, quint64 bodyLimit = smallBody);
    void addPlain(const QByteArray &method, const QString &pattern, PlainHandler handler,
                  Access access = Access::Token, quint64 bodyLimit = smallBody);
    void addSocket(const QString &pattern, SocketRoute route);

    struct Match
    {
        const Route *route = nullptr; // null: no such path, or not with this method
        QByteArrayList allowed;       // methods that the path has
        QHash<QString, QString> parameters;
    };
    [[nodiscard]] Match find(const QByteArray &method, const QString &path) const;

    struct SocketMatch
    {
        const SocketRoute *route = nullptr;
        QHash<QString, QString> parameters;
    };
    [[nodiscard]] SocketMatch findSocket(const QString &path) const;

private:
    std::vector<Route> m_routes;
    std::vector<SocketRoute> m_sockets;
};

} // namespace farcell::http
