#include "core/jupyter/websocketframes.h"
#include "tests/support/channelclient.h"
#include "tests/support/farcelld.h"

#include <QTest>
#include <QUuid>
#include <QWebSocket>
#include <QWebSocketHandshakeOptions>

#include <memory>
#include <vector>

using namespace farcell;
using farcell::test::Farcelld;
using farcell::test::RawHttp;
using Client = farcell::test::ChannelClient;
using Message = farcell::test::ChannelMessage;
using nlohmann::json;

#define TRY_LONG(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, 60000)

// The whole backend as a process, with a real ipykernel behind it.
class TestChannels : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void cleanupTestCase() { m_shared.reset(); }
    void startsAndEnds();
    void refusesToStart_data();
    void refusesToStart();
    void runsInBothFramings_data();
    void runsInBothFramings();
    void malformedFrames_data();
    void malformedFrames();
    void sameSessionReplacesTheOldSocket();
    void sessionsOfKernels();
    void survivesBeingKilled();
    void slowReaderIsBounded();

private:
    QByteArray startKernel(Farcelld &server);

    std::unique_ptr<Farcelld> m_shared; // one kernel for all rows of malformedFrames()
    QByteArray m_kernel;
};

void TestChannels::initTestCase()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed: the whole test");
}

QByteArray TestChannels::startKernel(Farcelld &server)
{
    const json model = server.json("POST", "/api/kernels", "{}");
    return QByteArray::fromStdString(model.value("id", std::string()));
}

void TestChannels::startsAndEnds()
{
    Farcelld server;
    QVERIFY(server.start());
    const quint16 port = server.port();
    QCOMPARE(server.ask("GET", "/api/status").status, 200);
    QCOMPARE(server.ask("GET", "/api/farcell").status, 200);
    QCOMPARE(RawHttp(port).ask("GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
    QCOMPARE(server.stop(), 0);

    QVERIFY(server.start({}, port)); // the same port, at once
    server.kill();
    QVERIFY(server.start({}, port));
    QCOMPARE(server.ask("POST", "/api/shutdown").status, 200);
    QVERIFY(server.process().waitForFinished(10000));
    QCOMPARE(server.process().exitCode(), 0);

    QVERIFY(server.start({QStringLiteral("--exit-with-stdin")}));
    server.process().closeWriteChannel();
    QVERIFY(server.process().waitForFinished(10000));
}

void TestChannels::refusesToStart_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("status");

    const auto args = [](const char *text) { return QString::fromLatin1(text).split(u' '); };
    QTest::newRow("nothing said") << QStringList() << 2;
    QTest::newRow("unknown command") << args("run") << 2;
    QTest::newRow("unknown option") << args("serve --nothing") << 2;
    QTest::newRow("option without value") << args("serve --listen") << 2;
    QTest::newRow("no port") << args("serve --listen 127.0.0.1") << 2;
    QTest::newRow("port is no number") << args("serve --listen 127.0.0.1:x") << 2;
    QTest::newRow("port too large") << args("serve --listen 127.0.0.1:70000") << 2;
    QTest::newRow("relative socket") << args("serve --listen unix:x") << 2;
    QTest::newRow("TLS and none") << args("serve --tls --insecure") << 2;
    QTest::newRow("certificate without key") << args("serve --tls-cert x") << 2;
    QTest::newRow("no TLS to be had beyond loopback")
        << args("serve --listen 0.0.0.0:0 --tls-cert /nonexistent/c --tls-key /nonexistent/k "
                "--state-dir @")
        << 1;
    QTest::newRow("no time for idle kernels") << args("serve --cull-idle soon") << 2;
    QTest::newRow("no such root") << args("serve --root /nonexistent/x --state-dir @") << 1;
    QTest::newRow("no such token file")
        << args("serve --token-file /nonexistent/x --state-dir @") << 1;
    QTest::newRow("version") << args("--version") << 0;
    QTest::newRow("help") << args("--help") << 0;
}

void TestChannels::refusesToStart()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, status);
    const QTemporaryDir folder;
    arguments.replaceInStrings(QStringLiteral("@"), folder.path());
    QProcess process;

    process.start(QStringLiteral(FARCELL_BIN_DIR "/farcelld"), arguments);

    QVERIFY(process.waitForFinished(20000));
    QCOMPARE(process.exitCode(), status);
    QCOMPARE(process.readAllStandardError().count('\n'), status == 0 ? 0 : 1); // one sentence
    QCOMPARE(process.readAllStandardOutput().isEmpty(), status != 0);
}

void TestChannels::runsInBothFramings_data()
{
    QTest::addColumn<bool>("isV1");

    QTest::newRow("v1") << true;
    QTest::newRow("legacy") << false;
}

void TestChannels::runsInBothFramings()
{
    QFETCH(bool, isV1);
    Farcelld server;
    QVERIFY(server.start());
    Client client(server.port(), startKernel(server), isV1);
    QVERIFY(client.isOpen());

    const std::string first = client.execute("print('hé', flush=True); 6 * 7");
    TRY_LONG(client.isDone(first));
    QCOMPARE(client.text(first), std::string("hé\n"));
    QVERIFY(client.find("execute_result", first)->content["data"]["text/plain"] == "42");

    const std::string second =
        client.execute("from ipykernel.comm import Comm\n"
                       "c = Comm('t', data={}, buffers=[b'\\x00\\xff', b''])\n"
                       "c.on_msg(lambda m: print([bytes(b) for b in m['buffers']]))\n");
    TRY_LONG(client.isDone(second));
    const Message *opened = client.find("comm_open", second);
    QVERIFY(opened);
    QCOMPARE(opened->buffers, (std::vector<std::string>{std::string("\x00\xff", 2), {}}));
    const std::string id = opened->content["comm_id"];
    const std::string third =
        client.send("comm_msg", {{"comm_id", id}, {"data", json::object()}},
                    {std::string_view("\x01\x00\x02", 3), std::string_view()});
    TRY_LONG(client.text(third) == "[b'\\x01\\x00\\x02', b'']\n");

    quint64 last = 0;
    for (const Message &message : client.messages) {
        const quint64 number = message.metadata.value("farcell_seq", quint64(0));
        QVERIFY(number > last || message.channel == "stdin");
        last = number;
    }
    if (!isV1) { // as Jupyter's server sends them
        const json frame = farcell::test::parse(client.texts.front());
        QVERIFY(frame.contains("msg_id") && frame.contains("msg_type") && frame["buffers"].empty());
    }
}

void TestChannels::malformedFrames_data()
{
    QTest::addColumn<bool>("isV1");
    QTest::addColumn<bool>("isText");
    QTest::addColumn<QByteArray>("frame");

    const QByteArray manyParts = QByteArray::fromHex("ffffffffffffff7f") + QByteArray(64, '\0');
    QTest::newRow("v1: empty") << true << false << QByteArray("x");
    QTest::newRow("v1: huge count of parts") << true << false << manyParts;
    QTest::newRow("v1: offsets outside")
        << true << false << QByteArray::fromHex("0600000000000000") + QByteArray(48, '\x7f');
    QTest::newRow("v1: text") << true << true << QByteArray("{}");
    QTest::newRow("legacy: not JSON") << false << true << QByteArray("{");
    QTest::newRow("legacy: a list") << false << true << QByteArray("[]");
    QTest::newRow("legacy: nests") << false << true << QByteArray(200000, '[');
    QTest::newRow("legacy: huge count of parts")
        << false << false << QByteArray::fromHex("7fffffff00000000");
}

void TestChannels::malformedFrames()
{
    QFETCH(bool, isV1);
    QFETCH(bool, isText);
    QFETCH(QByteArray, frame);
    if (!m_shared) {
        m_shared = std::make_unique<Farcelld>();
        QVERIFY(m_shared->start());
        m_kernel = startKernel(*m_shared);
    }
    Client client(m_shared->port(), m_kernel, isV1);
    QVERIFY(client.isOpen());

    if (isText)
        client.socket().sendTextMessage(QString::fromUtf8(frame));
    else
        client.socket().sendBinaryMessage(frame);

    QTRY_VERIFY(!client.isOpen());
    QCOMPARE(client.socket().closeCode(), QWebSocketProtocol::CloseCodeProtocolError);
    QCOMPARE(m_shared->ask("GET", "/api/kernels/" + m_kernel).status, 200);
}

void TestChannels::sameSessionReplacesTheOldSocket()
{
    Farcelld server;
    QVERIFY(server.start());
    const QByteArray kernel = startKernel(server);
    Client first(server.port(), kernel, true, QStringLiteral("mine"));
    Client other(server.port(), kernel, true, QStringLiteral("other"));
    Client second(server.port(), kernel, true, QStringLiteral("mine"));

    QTRY_VERIFY(!first.isOpen());
    QVERIFY(second.isOpen() && other.isOpen());
    QTRY_COMPARE(server.json("GET", "/api/kernels/" + kernel)["connections"].get<int>(), 2);
    const std::string id = second.execute("print('here')");
    TRY_LONG(second.isDone(id));
    TRY_LONG(other.text(id) == "here\n");      // everybody sees the output,
    QVERIFY(!other.find("execute_reply", id)); // only who asked gets the reply
}

void TestChannels::sessionsOfKernels()
{
    Farcelld server;
    QVERIFY(server.start());
    const auto status = [&](const QByteArray &method, const QByteArray &target,
                            const QByteArray &body = {}) {
        return server.ask(method, target, body).status;
    };
    const QByteArray body =
        R"({"path": "a b.ipynb", "type": "notebook", "name": "x", "kernel": {"name": "python3"}})";

    const json made = server.json("POST", "/api/sessions", body);
    const QByteArray one = "/api/sessions/" + QByteArray::fromStdString(made["id"]);
    QVERIFY(made["kernel"]["execution_state"].is_string());
    QVERIFY(server.json("POST", "/api/sessions", body)["id"] == made["id"]); // the same path
    QCOMPARE(server.json("GET", "/api/sessions").size(), size_t(1));
    QCOMPARE(status("POST", "/api/sessions", R"({"type": "notebook"})"), 400);
    QCOMPARE(status("POST", "/api/sessions", R"({"path": 1, "type": "notebook"})"), 400);
    QCOMPARE(status("POST", "/api/sessions",
                    R"({"path": "y", "type": "n", "kernel": {"name": "none"}})"),
             501);
    QCOMPARE(status("POST", "/api/kernels", R"({"name": "none"})"), 404);
    QCOMPARE(status("POST", "/api/kernels", R"({"env": {"A": 1}})"), 400);
    QCOMPARE(status("PATCH", one, R"({"kernel": {"id": "00000000-0000-0000-0000-000000000000"}})"),
             400);
    QVERIFY(server.json("PATCH", one, R"({"path": "b.ipynb"})")["path"] == "b.ipynb");
    const json changed = server.json("PATCH", one, R"({"kernel": {"name": "python3"}})");
    QVERIFY(changed["kernel"]["id"] != made["kernel"]["id"]);
    TRY_LONG(server.json("GET", "/api/kernels").size() == 1);
    QCOMPARE(status("DELETE", one), 204);
    QCOMPARE(status("DELETE", one), 404);
    TRY_LONG(server.json("GET", "/api/kernels").empty());
    for (const char *action : {"interrupt", "restart"})
        QCOMPARE(status("POST", QByteArray("/api/kernels/0-0-0-0-0/") + action), 404);
}

// The kernel and its session go on while the server is gone, and what it printed is not lost.
void TestChannels::survivesBeingKilled()
{
    Farcelld server;
    QVERIFY(server.start());
    const json session =
        server.json("POST", "/api/sessions", R"({"path": "n.ipynb", "type": "notebook"})");
    const QByteArray kernel = QByteArray::fromStdString(session["kernel"]["id"]);
    {
        Client client(server.port(), kernel, true);
        const std::string id = client.execute("x = 41");
        TRY_LONG(client.isDone(id));
        (void)client.execute("import time; time.sleep(3)");
        TRY_LONG(server.json("GET", "/api/kernels/" + kernel)["execution_state"] == "busy");
    }
    server.kill();

    QVERIFY(server.start());

    QVERIFY(server.json("GET", "/api/kernels/" + kernel)["execution_state"] == "busy");
    QVERIFY(server.json("GET", "/api/sessions")[0]["id"] == session["id"]);
    Client client(server.port(), kernel, true);
    const std::string id = client.execute("print(x + 1)");
    TRY_LONG(client.isDone(id));
    QCOMPARE(client.text(id), std::string("42\n"));
    QCOMPARE(server.ask("DELETE", "/api/kernels/" + kernel).status, 204);
    QVERIFY(server.json("GET", "/api/sessions").empty());
}

void TestChannels::slowReaderIsBounded()
{
    constexpr int lines = 700; // fewer than ipykernel keeps unsent before it drops
#ifdef __SANITIZE_ADDRESS__    // keeps 256 MiB of what was freed
    constexpr qint64 allowance = 512LL * 1024 * 1024;
#else
    constexpr qint64 allowance = 32LL * 1024 * 1024;
#endif
    Farcelld server;
    QVERIFY(server.start());
    const QByteArray kernel = startKernel(server);
    Client fast(server.port(), kernel, true);
    const std::string warm = fast.execute("1");
    TRY_LONG(fast.isDone(warm));
    RawHttp slow(server.port());
    slow.socket().setReadBufferSize(1); // what is not read stays in the kernel's buffers
    slow.send("GET /api/kernels/" + kernel +
              "/channels?session_id=slow&token=test-token HTTP/1.1\r\nHost: localhost\r\n"
              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
              "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org\r\n\r\n");
    TRY_LONG(server.json("GET", "/api/kernels/" + kernel)["connections"] == 2);
    const qint64 before = server.memory();

    const std::string id = fast.execute("for i in range(" + std::to_string(lines) +
                                        "):\n    print(f'{i:06d}' + 'x' * 100000, flush=True)");
    TRY_LONG(fast.isDone(id));

    size_t size = 0;
    quint64 sequence = 0;
    for (const Message &message : fast.messages) {
        const quint64 number = message.metadata.value("farcell_seq", quint64(0));
        QVERIFY2(number > sequence, qPrintable(QString::number(number)));
        sequence = number;
        size += message.type == "stream" ? message.size : 0;
    }
    QVERIFY(size >= size_t(lines) * 100007);
    QVERIFY2(server.memory() - before < allowance,
             qPrintable(QString::number(server.memory() - before)));
    // Now it reads, and has lost nothing.
    slow.socket().setReadBufferSize(0);
    qint64 received = 0;
    QByteArray tail;
    const QByteArray last = QByteArray::number(lines - 1) + "xxxxx";
    const auto readOn = [&] {
        const QByteArray bytes = slow.socket().readAll();
        received += bytes.size();
        tail += bytes;
        tail = tail.right(400000);
        return tail.contains(last);
    };
    TRY_LONG(readOn());
    QVERIFY(received > qint64(lines) * 100000);
    QVERIFY(server.memory() - before < allowance);
}

QTEST_GUILESS_MAIN(TestChannels)
#include "tst_channels.moc"
