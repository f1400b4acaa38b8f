#include "backend/auth/originpolicy.h"
#include "backend/http/httpserver.h"
#include "backend/http/requestgate.h"
#include "backend/http/router.h"
#include "tests/support/rawhttp.h"

#include <QLocalSocket>
#include <QTemporaryDir>
#include <QTest>
#include <QWebSocket>

#include <memory>

using namespace farcell;
using namespace farcell::http;
using farcell::test::RawHttp;
using farcell::test::RawReply;

namespace {

const QByteArray goodKey = "dGhlIHNhbXBsZSBub25jZQ==";

QByteArray get(const QByteArray &target, const QByteArray &extra = {})
{
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: token T\r\n" + extra +
           "\r\n";
}

QByteArray post(const QByteArray &extra, const QByteArray &body = {})
{
    return "POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: token T\r\n" + extra + "\r\n" +
           body;
}

QByteArray upgrade(const QByteArray &extra = {}, const QByteArray &key = goodKey)
{
    return "GET /socket HTTP/1.1\r\nHost: localhost\r\nAuthorization: token T\r\nConnection: "
           "Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
           key + "\r\n" + extra + "\r\n";
}

} // namespace

// The HTTP front alone, over raw sockets: what is well formed is answered, what is not is refused,
// and nothing makes it fall over or grow.
class TestHttp : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void answers_data();
    void answers();
    void malformed_data();
    void malformed();
    void bodyArrivesWhole_data();
    void bodyArrivesWhole();
    void pipelinedRequestsAreAnsweredInOrder();
    void headSentByteByByte();
    void continueIsSaid();
    void unauthenticatedBodyIsNotRead();
    void hugeBodyIsRefusedUnread();
    void tooLargeChunkedBody();
    void fileIsStreamed();
    void idleAndHalfOpenConnectionsEnd();
    void floodDoesNotLockOut();
    void upgrades_data();
    void upgrades();
    void framesInPieces();
    void unmaskedFrameEndsTheConnection();
    void tooLargeMessageIsRefused();
    void unixSocket();

private:
    void start(HttpServer::Limits limits = {});

    QTemporaryDir m_folder;
    std::unique_ptr<Router> m_router;
    std::unique_ptr<RequestGate> m_gate;
    std::unique_ptr<HttpServer> m_server;
    qsizetype m_lastBody = -1;
};

void TestHttp::init()
{
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

void TestHttp::start(HttpServer::Limits limits)
{
    m_server = std::make_unique<HttpServer>(*m_gate, limits);
    QVERIFY(m_server->listen({QStringLiteral("127.0.0.1"), 0, {}}));
}

void TestHttp::cleanup()
{
    m_server.reset();
    m_gate.reset();
    m_router.reset();
}

void TestHttp::answers_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");

    QTest::newRow("open route without token")
        << QByteArray("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n") << 200 << QByteArray("open");
    QTest::newRow("percent escapes in the path")
        << get("/path/a%20b/%C3%A9") << 200 << QByteArray("a b/é");
    QTest::newRow("plus in the path stays") << get("/path/a+b") << 200 << QByteArray("a+b");
    QTest::newRow("plus in the query is a space")
        << get("/query?q=a+b") << 200 << QByteArray("a b");
    QTest::newRow("empty rest of a path") << get("/path") << 200 << QByteArray();
    QTest::newRow("cache buster") << get("/query?q=1&1712345678901") << 200 << QByteArray("1");
    QTest::newRow("unknown path") << get("/nothing") << 404 << QByteArray();
    QTest::newRow("wrong method") << get("/echo") << 405 << QByteArray();
    QTest::newRow("preflight needs no token")
        << QByteArray("OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\n\r\n") << 200 << QByteArray();
    QTest::newRow("empty lines before the request")
        << QByteArray("\r\n\r\n" + get("/open")) << 200 << QByteArray("open");
    QTest::newRow("head") << QByteArray("HEAD" + get("/open").mid(3)) << 200 << QByteArray();
    QTest::newRow("http 1.0") << QByteArray("GET /open HTTP/1.0\r\nHost: localhost\r\n\r\n") << 200
                              << QByteArray("open");
}

void TestHttp::answers()
{
    QFETCH(QByteArray, request);
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    RawHttp http(m_server->port());

    const RawReply reply = http.ask(request);

    QCOMPARE(reply.status, status);
    if (status == 200) {
        QCOMPARE(reply.body, body);
    } else {
        QVERIFY(reply.body.startsWith("{\"message\":"));
    }
    QVERIFY(!reply.header("Date").isEmpty());
}

void TestHttp::malformed_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<int>("status");

    const QByteArray line = "GET /open HTTP/1.1\r\n";
    QTest::newRow("no host") << QByteArray(line + "\r\n") << 400;
    QTest::newRow("two hosts") << QByteArray(line + "Host: localhost\r\nHost: localhost\r\n\r\n")
                               << 400;
    QTest::newRow("foreign host") << QByteArray(line + "Host: evil.example\r\n\r\n") << 403;
    QTest::newRow("foreign host, right token")
        << QByteArray("GET /open HTTP/1.1\r\nHost: evil.example\r\nAuthorization: token T\r\n\r\n")
        << 403;
    QTest::newRow("host that only begins well")
        << QByteArray(line + "Host: localhost.evil.example\r\n\r\n") << 403;
    QTest::newRow("zero byte in the path") << get("/path/a%00b") << 400;
    QTest::newRow("zero byte in the query") << get("/query?q=%00") << 400;
    QTest::newRow("broken escape") << get("/path/a%zz") << 400;
    QTest::newRow("cut escape") << get("/path/a%2") << 400;
    QTest::newRow("path is not UTF-8") << get("/path/%ff") << 400;
    QTest::newRow("absolute form") << get("http://localhost/open") << 400;
    QTest::newRow("content length twice")
        << post("Content-Length: 1\r\nContent-Length: 1\r\n", "a") << 400;
    QTest::newRow("content lengths that differ")
        << post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab") << 400;
    QTest::newRow("list of content lengths") << post("Content-Length: 1, 1\r\n", "a") << 400;
    QTest::newRow("negative content length") << post("Content-Length: -1\r\n", "a") << 400;
    QTest::newRow("content length is no number") << post("Content-Length: x\r\n", "a") << 400;
    QTest::newRow("content length overflows")
        << post("Content-Length: 99999999999999999999\r\n", "a") << 400;
    QTest::newRow("length and chunked")
        << post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") << 400;
    QTest::newRow("chunked and length")
        << post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "0\r\n\r\n") << 400;
    QTest::newRow("unknown encoding") << post("Transfer-Encoding: gzip\r\n", "x") << 501;
    QTest::newRow("chunked is not last")
        << post("Transfer-Encoding: chunked, gzip\r\n", "x") << 501;
    QTest::newRow("negative chunk")
        << post("Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n") << 400;
    QTest::newRow("chunk size is no number")
        << post("Transfer-Encoding: chunked\r\n", "xyz\r\n") << 400;
    QTest::newRow("chunk size overflows")
        << post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n") << 400;
    QTest::newRow("space before the colon") << QByteArray(line + "Host : localhost\r\n\r\n") << 400;
    QTest::newRow("no method") << QByteArray(" / HTTP/1.1\r\n\r\n") << 400;
    QTest::newRow("http 2 preface") << QByteArray("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") << 505;
    QTest::newRow("tls hello") << QByteArray("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)
                               << 400;
    QTest::newRow("head too large")
        << QByteArray(line + "Host: localhost\r\nX: " + QByteArray(70000, 'x') + "\r\n\r\n") << 431;
    QTest::newRow("head without end")
        << QByteArray(line + QByteArray("X: 1\r\n").repeated(12000)) << 431;
}

void TestHttp::malformed()
{
    QFETCH(QByteArray, request);
    QFETCH(int, status);
    RawHttp http(m_server->port());

    const RawReply reply = http.ask(request);

    QCOMPARE(reply.status, status);
    QVERIFY(reply.body.startsWith("{\"message\":"));
    QCOMPARE(RawHttp(m_server->port()).ask(get("/open")).status, 200); // unharmed
}

void TestHttp::bodyArrivesWhole_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<QByteArray>("body");

    const QByteArray large(3 * 1024 * 1024, 'z');
    QTest::newRow("by length") << post("Content-Length: 5\r\n", "hello") << QByteArray("hello");
    QTest::newRow("empty") << post("Content-Length: 0\r\n") << QByteArray();
    QTest::newRow("large") << post("Content-Length: " + QByteArray::number(large.size()) + "\r\n",
                                   large)
                           << large;
    QTest::newRow("chunked") << post("Transfer-Encoding: chunked\r\n",
                                     "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
                             << QByteArray("abcde");
    QTest::newRow("chunked with trailer")
        << post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nHost: evil\r\n\r\n")
        << QByteArray("a");
    QTest::newRow("large chunk") << post("Transfer-Encoding: chunked\r\n",
                                         QByteArray::number(large.size(), 16) + "\r\n" + large +
                                             "\r\n0\r\n\r\n")
                                 << large;
}

void TestHttp::bodyArrivesWhole()
{
    QFETCH(QByteArray, request);
    QFETCH(QByteArray, body);
    RawHttp http(m_server->port());

    const RawReply reply = http.ask(request);

    QCOMPARE(reply.status, 200);
    QVERIFY(reply.body == body);
    QCOMPARE(http.ask(get("/open")).status, 200); // the connection goes on where the body ended
}

void TestHttp::pipelinedRequestsAreAnsweredInOrder()
{
    RawHttp http(m_server->port());

    http.send(get("/path/1") + post("Content-Length: 1\r\n", "2") + get("/path/3"));

    QCOMPARE(http.reply().body, QByteArray("1"));
    QCOMPARE(http.reply().body, QByteArray("2"));
    QCOMPARE(http.reply().body, QByteArray("3"));
}

void TestHttp::headSentByteByByte()
{
    RawHttp http(m_server->port());

    for (const char c : post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n")) {
        http.send(QByteArray(1, c));
        QCoreApplication::processEvents();
    }

    QCOMPARE(http.reply().body, QByteArray("ab"));
}

void TestHttp::continueIsSaid()
{
    RawHttp http(m_server->port());

    const RawReply first = http.ask(post("Content-Length: 2\r\nExpect: 100-continue\r\n"));
    QCOMPARE(first.status, 100);
    QCOMPARE(http.ask("ok").body, QByteArray("ok"));
}

void TestHttp::unauthenticatedBodyIsNotRead()
{
    RawHttp http(m_server->port());

    const RawReply reply = http.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                                    "4000000\r\nExpect: 100-continue\r\n\r\n");

    QCOMPARE(reply.status, 403); // and no 100 before it
    QCOMPARE(reply.header("Connection"), QByteArray("close"));
    QCOMPARE(m_lastBody, -1);
    QVERIFY(http.wasClosed());
}

void TestHttp::hugeBodyIsRefusedUnread()
{
    RawHttp http(m_server->port());

    const RawReply reply = http.ask(post("Content-Length: 8589934592\r\n"));

    QCOMPARE(reply.status, 413);
    QCOMPARE(m_lastBody, -1);
    QVERIFY(http.wasClosed());
}

void TestHttp::tooLargeChunkedBody()
{
    RawHttp http(m_server->port());
    const QByteArray chunk = "100000\r\n" + QByteArray(0x100000, 'x') + "\r\n";

    const RawReply reply = http.ask(post("Transfer-Encoding: chunked\r\n", chunk.repeated(9)));

    QCOMPARE(reply.status, 413);
    QCOMPARE(m_lastBody, -1);
}

void TestHttp::fileIsStreamed()
{
    QFile file(m_folder.filePath(QStringLiteral("large")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    const QByteArray content = QByteArray("0123456789abcdef").repeated(500000);
    file.write(content);
    file.close();
    RawHttp http(m_server->port());

    const RawReply reply = http.ask(get("/file"));

    QCOMPARE(reply.status, 200);
    QVERIFY(reply.body == content);
    const RawReply head = http.ask("HEAD" + get("/file").mid(3));
    QCOMPARE(head.header("Content-Length").toLongLong(), content.size());
    QCOMPARE(http.ask(get("/open")).status, 200);
}

void TestHttp::idleAndHalfOpenConnectionsEnd()
{
    HttpServer::Limits limits;
    limits.head = limits.idle = limits.stall = std::chrono::seconds(1);
    start(limits);
    RawHttp silent(m_server->port());
    RawHttp half(m_server->port());
    RawHttp body(m_server->port());
    RawHttp kept(m_server->port());

    half.send("GET /open HT");
    body.send(post("Content-Length: 10\r\n", "abc"));
    QCOMPARE(kept.ask(get("/open")).status, 200);

    QVERIFY(silent.wasClosed());
    QCOMPARE(half.reply().status, 408);
    QVERIFY(half.wasClosed());
    QCOMPARE(body.reply().status, 408);
    QVERIFY(kept.wasClosed());
    QTRY_COMPARE(m_server->connectionCount(), 0);
}

void TestHttp::floodDoesNotLockOut()
{
    HttpServer::Limits limits;
    limits.connections = 20;
    start(limits);
    std::vector<std::unique_ptr<RawHttp>> flood;
    for (int i = 0; i < 60; ++i) {
        flood.push_back(std::make_unique<RawHttp>(m_server->port()));
        flood.back()->send("GET /open HTTP/1.1\r\n");
    }

    QCOMPARE(RawHttp(m_server->port()).ask(get("/open")).status, 200);
    QTRY_VERIFY(m_server->connectionCount() <= 21);
}

void TestHttp::upgrades_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("protocol");

    const QByteArray v1 = "v1.kernel.websocket.jupyter.org";
    QTest::newRow("plain") << upgrade() << 101 << QByteArray();
    QTest::newRow("kernel protocol offered")
        << upgrade("Sec-WebSocket-Protocol: " + v1 + "\r\n") << 101 << v1;
    QTest::newRow("among others") << upgrade("Sec-WebSocket-Protocol: x, " + v1 + "\r\n") << 101
                                  << v1;
    QTest::newRow("unknown protocol")
        << upgrade("Sec-WebSocket-Protocol: x\r\n") << 101 << QByteArray();
    QTest::newRow("no token") << upgrade().replace("Authorization: token T\r\n", "") << 403
                              << QByteArray();
    QTest::newRow("wrong token") << upgrade().replace("token T", "token W") << 403 << QByteArray();
    QTest::newRow("token in the query")
        << upgrade().replace("Authorization: token T\r\n", "").replace("/socket", "/socket?token=T")
        << 101 << QByteArray();
    QTest::newRow("foreign host") << upgrade().replace("localhost", "evil.example") << 403
                                  << QByteArray();
    QTest::newRow("unknown path") << upgrade().replace("/socket", "/nothing") << 404
                                  << QByteArray();
    QTest::newRow("no upgrade asked") << get("/socket") << 400 << QByteArray();
    QTest::newRow("key too short") << upgrade({}, "dGhl") << 400 << QByteArray();
    QTest::newRow("key is not base64") << upgrade({}, "!!!!") << 400 << QByteArray();
    QTest::newRow("old version") << upgrade().replace("Version: 13", "Version: 8") << 426
                                 << QByteArray();
    QTest::newRow("frames before our answer")
        << QByteArray(upgrade() + "\x81\x80") << 400 << QByteArray();
    QTest::newRow("too many header fields")
        << upgrade(QByteArray("X: 1\r\n").repeated(200)) << 431 << QByteArray();
}

void TestHttp::upgrades()
{
    QFETCH(QByteArray, request);
    QFETCH(int, status);
    QFETCH(QByteArray, protocol);
    RawHttp http(m_server->port());

    const RawReply reply = http.ask(request);

    QCOMPARE(reply.status, status);
    QCOMPARE(reply.header("Sec-WebSocket-Protocol"), protocol);
}

void TestHttp::framesInPieces()
{
    RawHttp http(m_server->port());
    const QByteArray masked = QByteArray::fromHex("818200000000") + "ok";
    QCOMPARE(http.ask(upgrade()).status, 101);

    for (const char c : QByteArray(masked + masked)) {
        http.send(QByteArray(1, c));
        QCoreApplication::processEvents();
    }

    QTRY_COMPARE(http.pending(), QByteArray("\x81\x02ok\x81\x02ok", 8));
    http.send(QByteArray(masked + masked + masked));
    QTRY_COMPARE(http.pending().count("ok"), 5);
}

void TestHttp::unmaskedFrameEndsTheConnection()
{
    RawHttp http(m_server->port());
    QCOMPARE(http.ask(upgrade()).status, 101);

    http.send(QByteArray("\x81\x02ok", 4));

    QVERIFY(http.wasClosed());
    QVERIFY(!http.pending().contains("ok"));
    QTRY_COMPARE(m_server->connectionCount(), 0);
}

void TestHttp::tooLargeMessageIsRefused()
{
    RawHttp http(m_server->port());
    QCOMPARE(http.ask(upgrade()).status, 101);

    http.send(QByteArray::fromHex("81ff000000000002000000000000") + QByteArray(200000, 'x'));

    QVERIFY(http.wasClosed());
    QTRY_COMPARE(m_server->connectionCount(), 0);
    QCOMPARE(RawHttp(m_server->port()).ask(get("/open")).status, 200);
}

void TestHttp::unixSocket()
{
    const QString path = m_folder.filePath(QStringLiteral("s"));
    HttpServer server(*m_gate, {});
    QVERIFY(server.listen({{}, 0, path}));
    QVERIFY(
        !(QFile::permissions(path) & (QFile::ReadOther | QFile::WriteOther | QFile::WriteGroup)));
    QLocalSocket socket;
    socket.connectToServer(path);
    QTRY_COMPARE(socket.state(), QLocalSocket::ConnectedState);

    socket.write(get("/open"));
    socket.flush();
    QByteArray received;
    QTRY_VERIFY((received += socket.readAll()).endsWith("open"));
    received.clear();
    socket.write(upgrade());
    socket.flush();
    QTRY_VERIFY((received += socket.readAll()).startsWith("HTTP/1.1 101"));
}

QTEST_GUILESS_MAIN(TestHttp)
#include "tst_http.moc"
