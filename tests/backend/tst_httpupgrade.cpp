#include "tests/backend/httpfixture.h"

#include <QTest>

using namespace farcell;
using namespace farcell::http;
using test::get;
using test::RawHttp;
using test::RawReply;
using test::upgrade;

// From HTTP to a WebSocket, over raw sockets: which requests may, and frames that may not be.
class TestHttpUpgrade : public QObject, protected test::HttpFixture
{
    Q_OBJECT

private slots:
    void init() { makeServer(); }
    void cleanup() { end(); }
    void upgrades_data();
    void upgrades();
    void framesInPieces();
    void unmaskedFrameEndsTheConnection();
    void tooLargeMessageIsRefused();
};

void TestHttpUpgrade::upgrades_data()
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

void TestHttpUpgrade::upgrades()
{
    QFETCH(QByteArray, request);
    QFETCH(int, status);
    QFETCH(QByteArray, protocol);
    RawHttp http(m_server->port());

    const RawReply reply = http.ask(request);

    QCOMPARE(reply.status, status);
    QCOMPARE(reply.header("Sec-WebSocket-Protocol"), protocol);
}

void TestHttpUpgrade::framesInPieces()
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

void TestHttpUpgrade::unmaskedFrameEndsTheConnection()
{
    RawHttp http(m_server->port());
    QCOMPARE(http.ask(upgrade()).status, 101);

    http.send(QByteArray("\x81\x02ok", 4));

    QVERIFY(http.wasClosed());
    QVERIFY(!http.pending().contains("ok"));
    QTRY_COMPARE(m_server->connectionCount(), 0);
}

void TestHttpUpgrade::tooLargeMessageIsRefused()
{
    RawHttp http(m_server->port());
    QCOMPARE(http.ask(upgrade()).status, 101);

    http.send(QByteArray::fromHex("81ff000000000002000000000000") + QByteArray(200000, 'x'));

    QVERIFY(http.wasClosed());
    QTRY_COMPARE(m_server->connectionCount(), 0);
    QCOMPARE(RawHttp(m_server->port()).ask(get("/open")).status, 200);
}

QTEST_GUILESS_MAIN(TestHttpUpgrade)
#include "tst_httpupgrade.moc"
