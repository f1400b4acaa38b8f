#include "tests/support/servicefixture.h"

using namespace farcell;
using farcell::test::KernelClient;
using farcell::test::Message;
using farcell::test::ServiceFixture;
using nlohmann::json;

namespace {

constexpr int patienceMs = ServiceFixture::patienceMs;
const QString session = QStringLiteral("s");

json execution(const char *code, bool stopOnError = true)
{
    return {{"code", code}, {"silent", false}, {"stop_on_error", stopOnError}};
}

QString run(KernelClient &client, const char *code, const char *id, const json &metadata,
            bool stopOnError = true)
{
    return client.send(QStringLiteral("shell"), QStringLiteral("execute_request"),
                       execution(code, stopOnError), metadata, QLatin1String(id));
}

QString run(KernelClient &client, const char *code, const char *id)
{
    return run(client, code, id, json::object());
}

std::vector<std::string> idsOf(const json &queue)
{
    std::vector<std::string> ids;
    for (const json &item : queue["items"]) {
        ids.push_back(item["msg_id"]);
    }
    return ids;
}

std::string statusOf(const KernelClient &client, const QString &id)
{
    const Message *reply = client.find(QStringLiteral("execute_reply"), id);
    return reply == nullptr ? "none" : reply->content.value("status", "?");
}

using Ids = std::vector<std::string>;

} // namespace

// The queue of executions in the keeper, with the test kernel.
class TestQueue : public QObject
{
    Q_OBJECT

private slots:
    void init() { m = std::make_unique<ServiceFixture>(); }
    void cleanup() { m.reset(); }

    void canBeSeenAndChanged();
    void canBePaused();
    void stopsAfterOne();
    void anErrorAbortsWhatWaits();
    void anErrorThatMayBeDoesNot();
    void takesARequestOnce();
    void namesTheCell();
    void knowsHowLongItTook();
    void aDeathAbortsEverything();
    void aRestartAbortsWhatWaits();
    void isToldToWhoWantsIt();
    void survivesTheServer();

private:
    std::unique_ptr<ServiceFixture> m;
};

void TestQueue::canBeSeenAndChanged()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    run(*client, "sleep 600", "one", {{"cellId", "cell-1"}}, false);
    for (const char *id : {"two", "three", "four"}) {
        run(*client, "echo x", id);
    }
    QTRY_COMPARE_WITH_TIMEOUT(idsOf(m->ask(kernel, {{"command", "queue"}})),
                              (Ids{"one", "two", "three", "four"}), patienceMs);
    json items;
    QTRY_VERIFY_WITH_TIMEOUT(
        (items = m->ask(kernel, {{"command", "queue"}})["items"])[0]["state"] == "running",
        patienceMs);
    QVERIFY(items[0]["position"] == 0);
    QVERIFY(items[0]["cell_id"] == "cell-1" && items[0]["code"] == "sleep 600");
    QVERIFY(items[0]["started_at"].is_number() && items[1]["started_at"].is_null());
    QVERIFY(items[2]["state"] == "queued" && items[2]["position"] == 2);

    QVERIFY(m->ask(kernel, {{"command", "queue_order"}, {"msg_ids", {"four"}}}).is_null());
    QVERIFY(m->ask(kernel, {{"command", "queue_order"}, {"msg_ids", {"none"}}}).contains("refused"));
    QVERIFY(m->ask(kernel, {{"command", "queue_cancel"}, {"msg_id", "two"}}).is_null());
    QVERIFY(m->ask(kernel, {{"command", "queue_cancel"}, {"msg_id", "one"}}).contains("refused"));
    QCOMPARE(idsOf(m->ask(kernel, {{"command", "queue"}})), (Ids{"one", "four", "three"}));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    QCOMPARE(statusOf(*client, QStringLiteral("two")), std::string("aborted"));

    const auto interrupted = m->service->interrupt(kernel);
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("three")), patienceMs);
    Ids begun;
    for (const Message &message : client->messages()) {
        if (message.type == QStringLiteral("execute_input")) {
            begun.push_back(message.parentId.toStdString());
        }
    }
    QCOMPARE(begun, (Ids{"one", "four", "three"}));
    QVERIFY(client->isSequenceRising());
}

void TestQueue::canBePaused()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    QVERIFY(m->ask(kernel, {{"command", "queue_pause"}}).is_null());
    run(*client, "echo x", "one");
    QTRY_COMPARE_WITH_TIMEOUT(idsOf(m->ask(kernel, {{"command", "queue"}})), Ids{"one"},
                              patienceMs);
    // Not an execution: it need not wait.
    const QString info = client->send(QStringLiteral("shell"),
                                      QStringLiteral("kernel_info_request"), json::object());
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("kernel_info_reply"), info) != nullptr,
                             patienceMs);
    QVERIFY(!client->isDone(QStringLiteral("one")));
    QVERIFY(m->ask(kernel, {{"command", "queue_resume"}}).is_null());
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("one")), patienceMs);
}

void TestQueue::stopsAfterOne()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    QVERIFY(m->ask(kernel, {{"command", "queue_pause"}}).is_null());
    for (const char *id : {"one", "two", "three"}) {
        run(*client, "echo x", id);
    }
    QTRY_COMPARE_WITH_TIMEOUT(idsOf(m->ask(kernel, {{"command", "queue"}})).size(), std::size_t(3),
                              patienceMs);
    QVERIFY(m->ask(kernel, {{"command", "queue_stop_after"}, {"msg_id", "gone"}}).contains("refused"));
    QVERIFY(m->ask(kernel, {{"command", "queue_stop_after"}, {"msg_id", "two"}}).is_null());
    QVERIFY(m->ask(kernel, {{"command", "queue"}})["stop_after"] == "two");
    QVERIFY(m->ask(kernel, {{"command", "queue_resume"}}).is_null());
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    const json queue = m->ask(kernel, {{"command", "queue"}});
    QVERIFY(queue["paused"] == true && queue["stop_after"].is_null());
    QCOMPARE(idsOf(queue), Ids{"three"});
}

void TestQueue::anErrorAbortsWhatWaits()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    run(*client, "error x", "one");
    run(*client, "echo x", "two");
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    QCOMPARE(statusOf(*client, QStringLiteral("one")), std::string("error"));
    QCOMPARE(statusOf(*client, QStringLiteral("two")), std::string("aborted"));
    run(*client, "echo x", "three");
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("three")), patienceMs);
    QCOMPARE(statusOf(*client, QStringLiteral("three")), std::string("ok"));
}

void TestQueue::anErrorThatMayBeDoesNot()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    run(*client, "error x", "one", json::object(), false);
    run(*client, "echo x", "two");
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    QCOMPARE(statusOf(*client, QStringLiteral("two")), std::string("ok"));
}

void TestQueue::takesARequestOnce()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    auto client = m->connect(kernel, session);
    run(*client, "echo x", "one", {{"farcell_once", true}});
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("one")), patienceMs);
    client.reset();
    m->create();
    client = m->connect(kernel, QStringLiteral("another"));
    run(*client, "echo x", "one", {{"farcell_once", true}});
    run(*client, "echo x", "two", {{"farcell_once", true}});
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    QVERIFY(client->find(QStringLiteral("execute_input"), QStringLiteral("one")) == nullptr);
}

void TestQueue::namesTheCell()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    run(*client, "echo x", "one", {{"cellId", "a \"cell\" \u00e9"}});
    run(*client, "echo x", "two");
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    const auto inputOf = [&](const char *id) {
        return client->find(QStringLiteral("execute_input"), QLatin1String(id));
    };
    QVERIFY(inputOf("one")->metadata["farcell_cell"] == "a \"cell\" \u00e9");
    QVERIFY(!inputOf("two")->metadata.contains("farcell_cell"));
}

void TestQueue::knowsHowLongItTook()
{
    KernelId kernel = m->start(QStringLiteral("fast"));
    auto client = m->connect(kernel, session);
    run(*client, "sleep 0.4", "one", {{"cellId", "c"}});
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("one")), patienceMs);
    kernel = m->start(QStringLiteral("fast")); // another kernel remembers it as well
    client = m->connect(kernel, session);
    QVERIFY(m->ask(kernel, {{"command", "queue_pause"}}).is_null());
    run(*client, "sleep 0.4", "same code", json::object());
    run(*client, "sleep 0.5", "same cell", {{"cellId", "c"}});
    run(*client, "sleep 0.6", "new", json::object());
    QTRY_COMPARE_WITH_TIMEOUT(idsOf(m->ask(kernel, {{"command", "queue"}})).size(), std::size_t(3),
                              patienceMs);
    const json items = m->ask(kernel, {{"command", "queue"}})["items"];
    QVERIFY(items[0]["expected_s"].get<double>() >= 0.4);
    QVERIFY(items[1]["expected_s"].get<double>() >= 0.4);
    QVERIFY(items[2]["expected_s"].is_null());
}

void TestQueue::aDeathAbortsEverything()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    run(*client, "die 9", "one");
    run(*client, "echo x", "two");
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    QCOMPARE(statusOf(*client, QStringLiteral("one")), std::string("aborted"));
    QCOMPARE(statusOf(*client, QStringLiteral("two")), std::string("aborted"));
    QVERIFY(client->isSequenceRising());
}

void TestQueue::aRestartAbortsWhatWaits()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, session);
    run(*client, "sleep 600", "one");
    run(*client, "echo x", "two");
    QTRY_COMPARE_WITH_TIMEOUT(idsOf(m->ask(kernel, {{"command", "queue"}})).size(), std::size_t(2),
                              patienceMs);
    const auto restarted = m->service->restart(kernel);
    QTRY_VERIFY_WITH_TIMEOUT(restarted.isFinished(), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("two")), patienceMs);
    QCOMPARE(statusOf(*client, QStringLiteral("two")), std::string("aborted"));
    QVERIFY(statusOf(*client, QStringLiteral("one")) != "none");
    QVERIFY(idsOf(m->ask(kernel, {{"command", "queue"}})).empty());
}

void TestQueue::isToldToWhoWantsIt()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto plain = m->connect(kernel, session);
    const auto eager = m->connect(kernel, QStringLiteral("e"), {.since = {}, .events = true});
    const auto latest = [&] {
        json found;
        for (const Message &message : eager->messages()) {
            if (message.type == QStringLiteral("farcell_queue")) {
                found = message.content;
            }
        }
        return found;
    };
    run(*plain, "sleep 600", "one");
    run(*plain, "echo x", "two");
    QTRY_VERIFY_WITH_TIMEOUT(latest().is_object() && idsOf(latest()) == (Ids{"one", "two"}),
                             patienceMs);
    const auto interrupted = m->service->interrupt(kernel);
    QTRY_VERIFY_WITH_TIMEOUT(idsOf(latest()).empty(), patienceMs);
    QVERIFY(plain->find(QStringLiteral("farcell_queue"), {}) == nullptr);
}

void TestQueue::survivesTheServer()
{
    const KernelId kernel = m->start(QStringLiteral("fast"));
    auto client = m->connect(kernel, session);
    QVERIFY(m->ask(kernel, {{"command", "queue_pause"}}).is_null());
    run(*client, "echo x", "one");
    QTRY_COMPARE_WITH_TIMEOUT(idsOf(m->ask(kernel, {{"command", "queue"}})), Ids{"one"},
                              patienceMs);
    client.reset();
    m->create();
    const json queue = m->ask(kernel, {{"command", "queue"}});
    QCOMPARE(idsOf(queue), Ids{"one"});
    QVERIFY(queue["paused"] == true);
    client = m->connect(kernel, session);
    QVERIFY(m->ask(kernel, {{"command", "queue_resume"}}).is_null());
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(QStringLiteral("one")), patienceMs);
    QCOMPARE(statusOf(*client, QStringLiteral("one")), std::string("ok"));
}

QTEST_GUILESS_MAIN(TestQueue)
#include "tst_queue.moc"
