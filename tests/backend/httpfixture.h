#pragma once

#include "backend/auth/originpolicy.h"
#include "backend/http/httpserver.h"
#include "backend/http/requestgate.h"
#include "backend/http/router.h"
#include "tests/support/rawhttp.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QWebSocket>

#include <memory>
#include <optional>

namespace farcell::test {

// Requests with the token of HttpFixture.
inline QByteArray get(const QByteArray &target, const QByteArray &extra = {})
{
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: token T\r\n" + extra +
           "\r\n";
}

inline QByteArray post(const QByteArray &extra, const QByteArray &body = {})
{
    return "POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: token T\r\n" + extra + "\r\n" +
           body;
}

inline const QByteArray goodKey = "dGhlIHNhbXBsZSBub25jZQ==";

inline QByteArray upgrade(const QByteArray &extra = {}, const QByteArray &key = goodKey)
{
    return "GET /socket HTTP/1.1\r\nHost: localhost\r\nAuthorization: token T\r\nConnection: "
           "Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
           key + "\r\n" + extra + "\r\n";
}

// The HTTP front alone, on a port of its own, with a route of each kind. A test derives from it.
class HttpFixture
{
protected:
    void makeServer();
    void start(http::HttpServer::Limits limits = {});
    void end();

    QTemporaryDir m_folder;
    std::unique_ptr<http::Router> m_router;
    std::unique_ptr<http::RequestGate> m_gate;
    std::unique_ptr<http::HttpServer> m_server;
    qsizetype m_lastBody = -1;
};

inline void HttpFixture::makeServer()
{
    using namespace http;
    m_lastBody = -1;
    m_router = std::make_unique<Router>();
    m_router->addPlain(
        "GET", QStringLiteral("/open"),
        [](const HttpRequest &) { return textResponse(200, "text/plain", "open"); }, Access::Open);
    m_router->addPlain("GET", QStringLiteral("/path/{rest*}"), [](const HttpRequest &request) {
        return textResponse(200, "text/plain",
                            request.parameters.value(QStringLiteral("rest")).toUtf8());
    });
    m_router->addPlain("GET", QStringLiteral("/query"), [](const HttpRequest &request) {
        return textResponse(200, "text/plain",
                            request.queryValue(u"q").value_or(QString()).toUtf8());
    });
    m_router->addPlain(
        "POST", QStringLiteral("/echo"),
        [this](const HttpRequest &request) {
            m_lastBody = request.body.size();
            return textResponse(200, "text/plain", request.body);
        },
        Access::Token, 8UL * 1024 * 1024);
    m_router->addPlain("GET", QStringLiteral("/file"), [this](const HttpRequest &) {
        HttpResponse response;
        response.file = std::make_shared<QFile>(m_folder.filePath(QStringLiteral("large")));
        (void)response.file->open(QIODevice::ReadOnly);
        return response;
    });
    SocketRoute route;
    route.messageLimit = 64UL * 1024;
    route.kernelProtocol = true;
    route.check = [](const HttpRequest &) { return std::nullopt; };
    route.accept = [](std::unique_ptr<QWebSocket> socket, const HttpRequest &) {
        QWebSocket *raw = socket.release();
        QObject::connect(raw, &QWebSocket::textMessageReceived, raw,
                         [raw](const QString &text) { raw->sendTextMessage(text); });
        QObject::connect(raw, &QWebSocket::disconnected, raw, &QObject::deleteLater);
    };
    m_router->addSocket(QStringLiteral("/socket"), route);
    m_gate = std::make_unique<RequestGate>(
        RequestGate::Settings{"T", "key", auth::OriginPolicy({"127.0.0.1"}, {})}, *m_router);
    start();
}

inline void HttpFixture::start(http::HttpServer::Limits limits)
{
    m_server = std::make_unique<http::HttpServer>(*m_gate, limits);
    QVERIFY(m_server->listen({QStringLiteral("127.0.0.1"), 0, {}}));
}

inline void HttpFixture::end()
{
    m_server.reset();
    m_gate.reset();
    m_router.reset();
}

} // namespace farcell::test
