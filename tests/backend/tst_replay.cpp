#include "tests/support/channelclient.h"
#include "tests/support/farcelld.h"
#include "tests/support/fastkernelspec.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

using namespace farcell;
using farcell::test::Farcelld;
using farcell::test::RawHttp;
using Client = farcell::test::ChannelClient;
using Message = farcell::test::ChannelMessage;
using nlohmann::json;

#define TRY_LONG(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, 60000)

// ?since=N over real sockets, with a kernel that is fast and does what it is told.
class TestReplay : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void givesExactlyTheRest_data();
    void givesExactlyTheRest();
    void hasNoSeamWithAFlood();
    void readersAreIndependent();
    void numberStillToCome();
    void toldWhenNotKept();
    void standardClientsHearOfNoGap();
    void malformedSince_data();
    void malformedSince();
    void goesOnOverARestartOfTheServer();
    void busyOverARestartOfTheServer();
    void repliesToOthersAreReplayed();

private:
    void start(const QStringList &more = {});
    [[nodiscard]] std::unique_ptr<Client> connectClient(const char *query = "",
                                                        const char *session = nullptr) const;
    [[nodiscard]] std::vector<quint64> numbersOf(const Client &client) const;
    [[nodiscard]] static bool isOver(const Client &client, const std::string &id);

    test::FastKernelSpec m_specs{QStringLiteral(FASTKERNEL)};
    std::unique_ptr<Farcelld> m_server;
    QByteArray m_kernel;
};

void TestReplay::init()
{
    start();
}

void TestReplay::cleanup()
{
    m_server.reset();
}

void TestReplay::start(const QStringList &more)
{
    m_server = std::make_unique<Farcelld>();
    QVERIFY(m_server->start(QStringList{QStringLiteral("--no-prewarm")} + more));
    const json model = m_server->json("POST", "/api/kernels", R"({"name": "fast"})");
    m_kernel = QByteArray::fromStdString(model.value("id", std::string()));
    QVERIFY(!m_kernel.isEmpty());
}

std::unique_ptr<Client> TestReplay::connectClient(const char *query, const char *session) const
{
    const QString name =
        session ? QString::fromLatin1(session) : QUuid::createUuid().toString(QUuid::WithoutBraces);
    return std::make_unique<Client>(m_server->port(), m_kernel, true, name,
                                    QString::fromLatin1(query));
}

// The kernel has said so to everyone. The reply goes to who asked, and may come before the output.
bool TestReplay::isOver(const Client &client, const std::string &id)
{
    return std::any_of(client.messages.begin(), client.messages.end(), [&](const Message &message) {
        return message.type == "status" && message.parent == id &&
               message.content["execution_state"] == "idle";
    });
}

std::vector<quint64> TestReplay::numbersOf(const Client &client) const
{
    std::vector<quint64> numbers;
    for (const Message &message : client.messages) {
        if (message.sequence != 0)
            numbers.push_back(message.sequence);
    }
    return numbers;
}

void TestReplay::givesExactlyTheRest_data()
{
    QTest::addColumn<int>("share"); // of the numbers to leave out, in percent

    QTest::newRow("everything") << 0;
    QTest::newRow("the second half") << 50;
    QTest::newRow("the last message") << 99;
    QTest::newRow("nothing") << 100;
}

void TestReplay::givesExactlyTheRest()
{
    QFETCH(int, share);
    const auto first = connectClient("&since=0");
    const std::string id = first->execute("burst 300 200");
    TRY_LONG(first->isDone(id) && first->find("farcell_usage", id));
    std::vector<quint64> expected = numbersOf(*first);
    const quint64 since = share == 0 ? 0 : expected.at(expected.size() * size_t(share) / 100 - 1);

    const auto again = connectClient(("&since=" + std::to_string(since) + "&events=1").c_str());
    TRY_LONG(again->find("farcell_live"));
    const std::string next = again->execute("echo live");
    TRY_LONG(again->isDone(next));
    TRY_LONG(first->find("status", next));

    QVERIFY(again->isSequenceRising());
    std::erase_if(expected, [since](quint64 number) { return number <= since; });
    std::vector<quint64> replayed;
    for (const Message &message : again->messages) {
        if (message.type == "farcell_live")
            break;
        replayed.push_back(message.sequence);
    }
    QCOMPARE(replayed, expected);
    QVERIFY(!again->find("farcell_gap"));
}

// Opened in the middle of a burst, again and again: each reader has all of it once.
void TestReplay::hasNoSeamWithAFlood()
{
    constexpr int lines = 5000;
    const auto runner = connectClient();
    const std::string id = runner->execute("burst " + std::to_string(lines) + " 1000");
    std::array<std::unique_ptr<Client>, 3> readers;
    for (auto &reader : readers)
        reader = connectClient("&since=0");
    TRY_LONG(runner->isDone(id));

    for (const auto &reader : readers) {
        TRY_LONG(reader->isDone(id) || reader->find("execute_reply", id) == nullptr);
        const auto isIdle = [&] { return isOver(*reader, id); };
        TRY_LONG(isIdle());
        QVERIFY(reader->isSequenceRising());
        int line = 0;
        for (const Message &message : reader->messages) {
            if (message.type == "stream")
                QCOMPARE(std::stoi(message.content["text"].get<std::string>()), line++);
        }
        QCOMPARE(line, lines);
    }
}

void TestReplay::readersAreIndependent()
{
    const auto one = connectClient("&since=0");
    const std::string id = one->execute("burst 2000 1000");
    TRY_LONG(one->isDone(id) && one->find("farcell_usage", id));
    const auto two = connectClient("&since=0");
    const auto three =
        connectClient(("&since=" + std::to_string(one->messages[1000].sequence)).c_str());
    one->socket().abort();
    // The reply may have overtaken the output.
    TRY_LONG(two->isDone(id) && two->find("farcell_usage", id) && three->messages.size() >= 1003);

    QCOMPARE(numbersOf(*two), numbersOf(*one));
    QCOMPARE(three->messages.front().sequence, one->messages[1001].sequence);
    QVERIFY(!three->find("execute_input"));
}

void TestReplay::numberStillToCome()
{
    const auto one = connectClient("&events=1");
    const std::string id = one->execute("echo one");
    TRY_LONG(one->isDone(id) && one->find("farcell_usage", id));
    const std::vector<quint64> numbers = numbersOf(*one);
    const quint64 last = *std::max_element(numbers.begin(), numbers.end());

    const auto two = connectClient("&since=18446744073709551615");
    const std::string next = two->execute("echo two");
    TRY_LONG(two->isDone(next));

    const Message *gap = two->find("farcell_gap");
    QVERIFY(gap == two->messages.data());
    QVERIFY(gap->content["since"] == 18446744073709551615ULL && gap->content["first"] == last + 1);
    QVERIFY(!two->find("stream", id));
}

void TestReplay::toldWhenNotKept()
{
    m_server.reset();
    start({QStringLiteral("--journal-limit"), QStringLiteral("1")});
    const auto runner = connectClient("&events=1");
    const std::string id = runner->execute("burst 6000 1000");
    TRY_LONG(runner->isDone(id));
    const std::string end = runner->execute("echo end");
    TRY_LONG(runner->isDone(end) && runner->find("farcell_usage", end));

    const auto reader = connectClient("&since=3");
    TRY_LONG(reader->isDone(end) && reader->find("farcell_usage", end));
    const Message &gap = reader->messages.at(0);
    QCOMPARE(gap.type, std::string("farcell_gap"));
    QVERIFY(gap.content["since"] == 3);
    QVERIFY(gap.sequence == 0 && gap.channel == "iopub");
    const quint64 first = gap.content["first"];
    QVERIFY(first > 1000);
    QCOMPARE(reader->messages.at(1).sequence, first);
    // From there on nothing is missing.
    std::vector<quint64> expected = numbersOf(*runner);
    std::erase_if(expected, [first](quint64 number) { return number < first; });
    QCOMPARE(numbersOf(*reader), expected);
}

// Jupyter's own buffering knows no such message.
void TestReplay::standardClientsHearOfNoGap()
{
    m_server.reset();
    start({QStringLiteral("--journal-limit"), QStringLiteral("1")});
    auto away = connectClient("", "away");
    const std::string before = away->execute("echo before");
    TRY_LONG(away->isDone(before));
    away.reset();
    const auto runner = connectClient();
    const std::string id = runner->execute("burst 6000 1000");
    // Not runner->isDone(): with so small a journal the flood may overtake its reader as well, and
    // take the reply with it.
    TRY_LONG(([this] {
        const json kernel = m_server->json("GET", "/api/farcell/kernels")["kernels"][0];
        return kernel["last_seq"] > 6000 && kernel["state"] == "idle" && kernel["queued"] == 0;
    }()));

    away = connectClient("", "away");
    const std::string after = away->execute("echo after");
    TRY_LONG(away->isDone(after));
    QVERIFY(away->isSequenceRising());
    QVERIFY(away->find("stream", id) && !away->find("farcell_gap"));
}

void TestReplay::malformedSince_data()
{
    QTest::addColumn<QByteArray>("since");

    QTest::newRow("empty") << QByteArray();
    QTest::newRow("a word") << QByteArray("now");
    QTest::newRow("negative") << QByteArray("-1");
    QTest::newRow("with a sign") << QByteArray("%2B1");
    QTest::newRow("white space") << QByteArray("%201");
    QTest::newRow("a fraction") << QByteArray("1.5");
    QTest::newRow("too large") << QByteArray("18446744073709551616");
}

void TestReplay::malformedSince()
{
    QFETCH(QByteArray, since);
    const test::RawReply reply =
        RawHttp(m_server->port())
            .ask("GET /api/kernels/" + m_kernel + "/channels?since=" + since +
                 " HTTP/1.1\r\nHost: localhost\r\nAuthorization: token test-token\r\n"
                 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

    QCOMPARE(reply.status, 400);
    QVERIFY(reply.body.contains("since"));
}

void TestReplay::goesOnOverARestartOfTheServer()
{
    auto client = connectClient();
    const std::string id = client->execute("burst 20000 500");
    TRY_LONG(client->messages.size() > 500);
    m_server->kill();
    TRY_LONG(!client->isOpen());
    const quint64 seen = client->messages.back().sequence;
    QVERIFY(m_server->start());

    const auto rest = connectClient(("&since=" + std::to_string(seen)).c_str());
    // The reply may have been addressed to the first one.
    TRY_LONG(isOver(*rest, id));
    std::vector<quint64> all = numbersOf(*client);
    const std::vector<quint64> later = numbersOf(*rest);
    QVERIFY(rest->isSequenceRising() && later.front() > all.back());
    int line = 0;
    for (const auto *part : {client.get(), rest.get()}) {
        for (const Message &message : part->messages) {
            if (message.type == "stream")
                QCOMPARE(std::stoi(message.content["text"].get<std::string>()), line++);
        }
    }
    QCOMPARE(line, 20000);
}

void TestReplay::busyOverARestartOfTheServer()
{
    const auto state = [this] {
        return m_server->json("GET", "/api/kernels/" + m_kernel).value("execution_state", "");
    };
    auto client = connectClient("", "me");
    const std::string id = client->execute("sleep 600");
    TRY_LONG(client->find("execute_input", id));
    QCOMPARE(state(), std::string("busy"));
    m_server->kill();
    QVERIFY(m_server->start());

    QCOMPARE(state(), std::string("busy"));
    client = connectClient("&since=0", "me");
    QCOMPARE(m_server->ask("POST", "/api/kernels/" + m_kernel + "/interrupt").status, 204);
    TRY_LONG(client->isDone(id));
    TRY_LONG(state() == "idle");
}

void TestReplay::repliesToOthersAreReplayed()
{
    const auto one = connectClient();
    const std::string early = one->execute("echo early");
    TRY_LONG(one->isDone(early));
    const auto two = connectClient("&since=0");
    TRY_LONG(two->isDone(early));
    const std::string late = one->execute("echo late");
    TRY_LONG(one->isDone(late));
    const std::string own = two->execute("echo own");
    TRY_LONG(two->isDone(own));

    QVERIFY(two->find("stream", late) && !two->find("execute_reply", late)); // live: who asked
}

QTEST_GUILESS_MAIN(TestReplay)
#include "tst_replay.moc"
