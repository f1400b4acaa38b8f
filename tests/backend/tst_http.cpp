#include "tests/backend/httpfixture.h"

#include <QLocalSocket>
#include <QTest>

using namespace farcell;
using namespace farcell::http;
using test::get;
using test::post;
using test::RawHttp;
using test::RawReply;
using test::upgrade;

// The HTTP front alone, over raw sockets: what is well formed is answered, what is not is refused,
// and nothing makes it fall over or grow. WebSockets: tst_httpupgrade.
class TestHttp : public QObject, protected test::HttpFixture
{
    Q_OBJECT

private slots:
    void init() { makeServer(); }
    void cleanup() { end(); }
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
    void unixSocket();
};

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

    const QByteArray large(3LL * 1024 * 1024, 'z');
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
