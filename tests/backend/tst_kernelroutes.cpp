#include "tests/support/channelclient.h"
#include "tests/support/farcelld.h"
#include "tests/support/fastkernelspec.h"

#include <QDateTime>
#include <QTest>

#include <memory>
#include <vector>

using namespace farcell;
using farcell::test::Farcelld;
using farcell::test::RawHttp;
using farcell::test::RawReply;
using Client = farcell::test::ChannelClient;
using nlohmann::json;

#define TRY_LONG(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, 60000)

namespace {

const QByteArray unknownKernel = "/api/farcell/kernels/bbbbbbbb-0000-0000-0000-000000000000";
using Ids = std::vector<std::string>;

Ids idsOf(const json &queue)
{
    Ids ids;
    for (const json &item : queue["items"])
        ids.push_back(item["msg_id"]);
    return ids;
}

std::string statusOf(const Client &client, const std::string &id)
{
    const auto *reply = client.find("execute_reply", id);
    return reply ? reply->content.value("status", "?") : "none";
}

} // namespace

// The routes below /api/farcell/kernels as any program may use them: over HTTP, with a real server.
class TestKernelRoutes : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void cleanupTestCase() { m_server.reset(); }
    void init();
    void cleanup();
    void refuses_data();
    void refuses();
    void needsTheToken_data();
    void needsTheToken();
    void listsKernels();
    void queueIsSeenAndChanged();
    void queueIsPausedAndStops();
    void interruptsByStep();
    void killsByStep_data();
    void killsByStep();
    void tellsOfTheProcess();
    void answersWhatADyingStartHolds();

private:
    [[nodiscard]] QByteArray route(const char *rest) const
    {
        return "/api/farcell/kernels/" + m_kernel + rest;
    }
    json queue() { return m_server->json("GET", route("/queue")); }
    int post(const char *rest, const json &body)
    {
        return m_server->ask("POST", route(rest), QByteArray::fromStdString(body.dump())).status;
    }
    [[nodiscard]] std::unique_ptr<Client> connectClient() const
    {
        return std::make_unique<Client>(m_server->port(), m_kernel, true);
    }

    test::FastKernelSpec m_specs{QStringLiteral(FASTKERNEL)};
    std::unique_ptr<Farcelld> m_server;
    QByteArray m_kernel;
};

void TestKernelRoutes::initTestCase()
{
    m_specs.install(QStringLiteral("stillborn"), {{"farcell_transport", "ipc"}}, "signal",
                    {"/bin/sh", "-c", "sleep 3; echo no such module >&2; exit 3"});
    m_server = std::make_unique<Farcelld>();
    QVERIFY(m_server->start());
}

void TestKernelRoutes::init()
{
    const json model = m_server->json("POST", "/api/kernels", R"({"name": "fast"})");
    m_kernel = QByteArray::fromStdString(model.value("id", std::string()));
    QVERIFY(!m_kernel.isEmpty());
}

void TestKernelRoutes::cleanup()
{
    (void)m_server->ask("DELETE", "/api/kernels/" + m_kernel);
}

void TestKernelRoutes::refuses_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("rest");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    const auto row = [](const char *name, const char *method, const char *rest, const char *body,
                        int status) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(rest) << QByteArray(body) << status;
    };
    row("no death", "GET", "/death", "", 404);
    row("no such route", "GET", "/nothing", "", 404);
    row("queue: no such method", "POST", "/queue", "{}", 405);
    row("pause: no such method", "GET", "/queue/pause", "", 405);
    row("order: no JSON", "PUT", "/queue/order", "{\"msg_ids\":", 400);
    row("order: no object", "PUT", "/queue/order", "[\"a\"]", 400);
    row("order: nothing", "PUT", "/queue/order", "{}", 400);
    row("order: a text", "PUT", "/queue/order", R"({"msg_ids": "a"})", 400);
    row("order: numbers", "PUT", "/queue/order", R"({"msg_ids": [1, 2]})", 400);
    row("order: not in it", "PUT", "/queue/order", R"({"msg_ids": ["a"]})", 409);
    row("cancel: not in it", "DELETE", "/queue/a", "", 409);
    row("cancel: broken escape", "DELETE", "/queue/%zz", "", 400);
    row("stop after: no JSON", "POST", "/queue/stop-after", "nonsense", 400);
    row("stop after: a number", "POST", "/queue/stop-after", R"({"msg_id": 7})", 400);
    row("stop after: not in it", "POST", "/queue/stop-after", R"({"msg_id": "a"})", 409);
    row("interrupt: no JSON", "POST", "/interrupt", "{", 400);
    row("interrupt: no such step", "POST", "/interrupt", R"({"step": "beg"})", 400);
    row("interrupt: a list", "POST", "/interrupt", R"({"step": ["kill"]})", 400);
}

void TestKernelRoutes::refuses()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, rest);
    QFETCH(QByteArray, body);
    QFETCH(int, status);

    const RawReply reply = m_server->ask(method, route(rest.constData()), body);

    QCOMPARE(reply.status, status);
    const json told = json::parse(reply.body.begin(), reply.body.end(), nullptr, false);
    QVERIFY(told.is_object() && !told.value("message", std::string()).empty());
    QVERIFY(queue()["items"].empty()); // and the kernel lives
}

void TestKernelRoutes::needsTheToken_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("rest");
    QTest::addColumn<QByteArray>("body");
    const auto row = [](const char *method, const char *rest, const char *body) {
        QTest::newRow(rest) << QByteArray(method) << QByteArray(rest) << QByteArray(body);
    };
    row("GET", "/process", "");
    row("GET", "/death", "");
    row("POST", "/interrupt", "{}");
    row("GET", "/queue", "");
    row("DELETE", "/queue/a", "");
    row("PUT", "/queue/order", R"({"msg_ids": []})");
    row("POST", "/queue/pause", "");
    row("POST", "/queue/resume", "");
    row("POST", "/queue/stop-after", R"({"msg_id": null})");
}

void TestKernelRoutes::needsTheToken()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, rest);
    QFETCH(QByteArray, body);
    const auto askWithout = [&](const QByteArray &target) {
        return RawHttp(m_server->port())
            .ask(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                 QByteArray::number(body.size()) + "\r\n\r\n" + body)
            .status;
    };

    QCOMPARE(askWithout(route(rest.constData())), 403);
    QCOMPARE(askWithout(unknownKernel + rest), 403); // nothing is told about what there is
    QCOMPARE(m_server->ask(method, unknownKernel + rest, body).status, 404);
}

void TestKernelRoutes::listsKernels()
{
    const json session = m_server->json(
        "POST", "/api/sessions",
        R"({"path": "a/b.ipynb", "type": "notebook", "name": "b", "kernel": {"id": ")" + m_kernel +
            "\"}}");
    QVERIFY(session.contains("id"));
    const auto client = connectClient();
    const std::string running = client->execute("sleep 600");
    client->execute("echo x");
    json entry;
    TRY_LONG((entry = m_server->json("GET", "/api/farcell/kernels")["kernels"][0])["queued"] == 1 &&
             entry["last_seq"] > 0);

    QVERIFY(entry["id"] == m_kernel.toStdString() && entry["name"] == "fast");
    QVERIFY(entry["path"] == "a/b.ipynb" && entry["notebook"] == "b.ipynb");
    TRY_LONG(m_server->json("GET", "/api/farcell/kernels")["kernels"][0]["state"] == "busy");
    QVERIFY(entry["clients"] == 1 && entry["idle_s"].is_number() && entry["rss"] > 100000);
    QVERIFY(entry["gpu_memory"].is_null() && entry["problem"].is_null());
    QVERIFY(QDateTime::fromString(QString::fromStdString(entry["started_at"].get<std::string>()),
                                  Qt::ISODateWithMs)
                .isValid());
    QCOMPARE(RawHttp(m_server->port())
                 .ask("GET /api/farcell/kernels HTTP/1.1\r\nHost: localhost\r\n\r\n")
                 .status,
             403);
    QCOMPARE(post("/interrupt", json::object()), 204);
    TRY_LONG(client->isDone(running));
}

void TestKernelRoutes::queueIsSeenAndChanged()
{
    const auto client = connectClient();
    const std::string one = client->execute("sleep 600");
    const std::string two = client->execute("echo 2");
    const std::string three = client->execute("echo 3");
    const std::string four = client->execute("echo 4");
    TRY_LONG(idsOf(queue()) == (Ids{one, two, three, four}));
    TRY_LONG(queue()["items"][0]["state"] == "running");
    const json item = queue()["items"][1];
    QVERIFY(item["state"] == "queued" && item["code"] == "echo 2" && item["position"] == 1);
    QVERIFY(item["cell_id"].is_null() && item["started_at"].is_null());
    QVERIFY(item["queued_at"].is_number() && item["session"].is_string());

    const QByteArray order = QByteArray::fromStdString(json{{"msg_ids", {four}}}.dump());
    QCOMPARE(m_server->ask("PUT", route("/queue/order"), order).status, 204);
    QCOMPARE(m_server->ask("DELETE", route("/queue/") + QByteArray::fromStdString(two)).status,
             204);
    QCOMPARE(m_server->ask("DELETE", route("/queue/") + QByteArray::fromStdString(one)).status,
             409); // it runs
    QCOMPARE(idsOf(queue()), (Ids{one, four, three}));
    TRY_LONG(client->isDone(two));

    QCOMPARE(statusOf(*client, two), std::string("aborted"));
}

void TestKernelRoutes::queueIsPausedAndStops()
{
    const auto client = connectClient();
    QCOMPARE(post("/queue/pause", {}), 204);
    const std::string one = client->execute("echo 1");
    const std::string two = client->execute("echo 2");
    TRY_LONG(idsOf(queue()) == (Ids{one, two}));
    QVERIFY(queue()["paused"] == true);

    QCOMPARE(post("/queue/stop-after", {{"msg_id", one}}), 204);
    QVERIFY(queue()["stop_after"] == one);
    QCOMPARE(post("/queue/stop-after", {{"msg_id", nullptr}}), 204);
    QVERIFY(queue()["stop_after"].is_null());
    QCOMPARE(post("/queue/stop-after", {{"msg_id", one}}), 204);
    QCOMPARE(post("/queue/resume", {}), 204);
    TRY_LONG(client->isDone(one));
    TRY_LONG(queue()["paused"] == true);
    QCOMPARE(idsOf(queue()), Ids{two});
    QCOMPARE(post("/queue/resume", {}), 204);
    TRY_LONG(client->isDone(two));

    QCOMPARE(statusOf(*client, two), std::string("ok"));
}

void TestKernelRoutes::interruptsByStep()
{
    const auto client = connectClient();
    for (const json &body :
         {json::object(), json{{"step", "interrupt"}}, json{{"step", "group"}}}) {
        const std::string id = client->execute("sleep 600");
        TRY_LONG(!queue()["items"].empty() && queue()["items"][0]["state"] == "running");
        TRY_LONG(client->find("execute_input", id) != nullptr);
        QCOMPARE(post("/interrupt", body), 204);
        TRY_LONG(client->isDone(id));
        QCOMPARE(statusOf(*client, id), std::string("error"));
    }
    QCOMPARE(m_server->ask("GET", route("/death")).status, 404);
}

void TestKernelRoutes::killsByStep_data()
{
    QTest::addColumn<QByteArray>("step");
    QTest::addColumn<QByteArray>("signal");
    QTest::newRow("terminate") << QByteArray("terminate") << QByteArray("SIGTERM");
    QTest::newRow("kill") << QByteArray("kill") << QByteArray("SIGKILL");
}

void TestKernelRoutes::killsByStep()
{
    QFETCH(QByteArray, step);
    QFETCH(QByteArray, signal);
    const auto client = connectClient();
    const std::string id = client->execute("sleep 600");
    TRY_LONG(client->find("execute_input", id) != nullptr);
    const json before = m_server->json("GET", route("/process"));

    QCOMPARE(post("/interrupt", {{"step", step.toStdString()}}), 204);
    TRY_LONG(client->isDone(id));
    TRY_LONG(m_server->ask("GET", route("/death")).status == 200);
    const json death = m_server->json("GET", route("/death"));

    QCOMPARE(statusOf(*client, id), std::string("aborted"));
    QVERIFY(death["cause"] == "killed" && death["signal_name"] == signal.toStdString());
    QVERIFY(death["pid"] == before["pid"] && death["restarted"] == true);
    QVERIFY(death["exit_code"].is_null() && !death["sentence"].get<std::string>().empty());
    TRY_LONG(client->find("farcell_death") != nullptr);
    QVERIFY(client->find("farcell_death")->content == death);
    // The next one serves the same client.
    const std::string again = client->execute("echo again");
    TRY_LONG(client->isDone(again));
    QCOMPARE(client->text(again), std::string("again\n"));
}

void TestKernelRoutes::tellsOfTheProcess()
{
    const auto client = connectClient();
    const std::string first = client->execute("echo x");
    TRY_LONG(client->isDone(first));
    const json idle = m_server->json("GET", route("/process"));
    QVERIFY(idle["state"] == "idle" && idle["stuck_on"].is_null());
    QVERIFY(idle["pid"] > 1 && idle["rss"] > 100000 && idle["processes"] == 1);
    QVERIFY(idle["cpu_s"].is_number());

    const std::string id = client->execute("sleep 600");
    TRY_LONG(client->find("execute_input", id) != nullptr);
    TRY_LONG(m_server->json("GET", route("/process"))["state"] == "waiting");
    QCOMPARE(post("/interrupt", json::object()), 204);
    TRY_LONG(client->isDone(id));
}

// It dies before it ever answered, while requests wait for it.
void TestKernelRoutes::answersWhatADyingStartHolds()
{
    (void)m_server->ask("DELETE", "/api/kernels/" + m_kernel);
    const json model = m_server->json("POST", "/api/kernels", R"({"name": "stillborn"})");
    m_kernel = QByteArray::fromStdString(model.value("id", std::string()));
    QVERIFY(!m_kernel.isEmpty());
    const auto client = connectClient();
    const std::string execution = client->execute("echo never");
    const std::string completion = client->send("complete_request", {{"code", ""}});

    TRY_LONG(client->isDone(execution));
    TRY_LONG(client->find("complete_reply", completion) != nullptr);

    QCOMPARE(statusOf(*client, execution), std::string("aborted"));
    QVERIFY(client->find("complete_reply", completion)->content["status"] == "aborted");
    TRY_LONG(m_server->json("GET", route("/death"))["cause"] == "start");
    QVERIFY(m_server->json("GET", route("/death"))["stderr"].back() == "no such module");
    QVERIFY(queue()["items"].empty());
    QCOMPARE(post("/interrupt", json::object()), 409);
}

QTEST_GUILESS_MAIN(TestKernelRoutes)
#include "tst_kernelroutes.moc"
