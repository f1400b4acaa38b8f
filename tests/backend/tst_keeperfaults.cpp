#include "backend/keeper/kernelprocess.h"
#include "backend/keeper/protocol.h"
#include "tests/support/servicefixture.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QLocalServer>
#include <QLocalSocket>
#include <QScopeGuard>

#include <algorithm>
#include <csignal>
#include <numeric>

#include <sys/mount.h>
#include <unistd.h>

using namespace farcell;
using farcell::test::KernelClient;
using farcell::test::Message;
using farcell::test::ServiceFixture;
using nlohmann::json;

namespace {

constexpr int patienceMs = 300000; // for 100,000 messages under the thread sanitizer

// Lines of a burst are numbered. How often each came.
std::vector<int> countLines(const KernelClient &client, int lines)
{
    std::vector<int> seen(std::size_t(lines), 0);
    for (const Message &message : client.messages()) {
        if (message.type != QStringLiteral("stream") || message.content["name"] != "stdout") {
            continue;
        }
        const std::string text = message.content["text"];
        for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
            ++seen.at(std::stoul(text.substr(at)));
        }
    }
    return seen;
}

qint64 sumOf(const std::vector<int> &counts)
{
    return std::accumulate(counts.begin(), counts.end(), qint64(0));
}

class Tmpfs
{
public:
    explicit Tmpfs(const QString &path)
        : m_path(QFile::encodeName(path))
    {
        m_isMounted = mount("none", m_path.constData(), "tmpfs", 0, "size=1m,mode=700") == 0;
    }
    ~Tmpfs()
    {
        if (m_isMounted) {
            umount2(m_path.constData(), MNT_DETACH);
        }
    }
    Q_DISABLE_COPY_MOVE(Tmpfs)
    [[nodiscard]] bool isMounted() const { return m_isMounted; }
    [[nodiscard]] bool grow() const
    {
        return mount("none", m_path.constData(), "tmpfs", MS_REMOUNT, "size=512m") == 0;
    }

private:
    QByteArray m_path;
    bool m_isMounted = false;
};

} // namespace

// A keeper without room, without time, and one of an older version.
class TestKeeperFaults : public QObject
{
    Q_OBJECT

private slots:
    void init() { m = std::make_unique<ServiceFixture>(); }
    void cleanup() { m.reset(); }

    void aFullDiskStopsNothing_data();
    void aFullDiskStopsNothing();
    void aStoppedKeeperLosesNothing();
    void servesAnOlderKeeper();

private:
    std::unique_ptr<ServiceFixture> m;
};

void TestKeeperFaults::aFullDiskStopsNothing_data()
{
    QTest::addColumn<int>("lines");
    QTest::addColumn<bool>("isAllKept");
    QTest::newRow("what memory can hold") << 20000 << true;
    QTest::newRow("more than that") << 100000 << false;
}

void TestKeeperFaults::aFullDiskStopsNothing()
{
    QFETCH(int, lines);
    QFETCH(bool, isAllKept);
    QDir().mkpath(m->statePath() + QStringLiteral("/kernels"));
    const Tmpfs disk(m->statePath() + QStringLiteral("/kernels"));
    if (!disk.isMounted()) {
        QSKIP("this user may not mount");
    }
    const KernelId kernel = m->start(QStringLiteral("fast"));
    const auto client = m->connect(kernel, QStringLiteral("s"), {.since = {}, .events = true});
    const auto problems = [&] {
        std::vector<json> found;
        for (const Message &message : client->messages()) {
            if (message.type == QStringLiteral("farcell_problem")) {
                found.push_back(message.content["message"]);
            }
        }
        return found;
    };

    const QString burst = client->execute(QStringLiteral("burst %1 1000").arg(lines));
    QTRY_VERIFY_WITH_TIMEOUT(!problems().empty(), patienceMs);
    QVERIFY2(problems().back().get<std::string>().find("No space left") != std::string::npos,
             problems().back().get<std::string>().c_str());
    QVERIFY(!m->service->kernel(kernel)->problem.isEmpty());
    // The kernel goes on all the same, and all it sends is taken from it.
    QTRY_COMPARE_WITH_TIMEOUT(m->service->kernel(kernel)->executionState, QStringLiteral("idle"),
                              patienceMs);
    QVERIFY(disk.grow());
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(burst), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(problems().back().is_null(), patienceMs);

    const std::vector<int> seen = countLines(*client, lines);
    QVERIFY(*std::max_element(seen.begin(), seen.end()) == 1);
    qint64 told = 0;
    for (const Message &message : client->messages()) {
        if (message.type == QStringLiteral("stream") && message.content["name"] == "stderr") {
            const std::string text = message.content["text"];
            told += std::stoll(text.substr(text.find(':') + 1));
            QCOMPARE(message.parentId, burst);
        }
    }
    QCOMPARE(sumOf(seen) + told, qint64(lines)); // what is missing is said, to the line
    QCOMPARE(told == 0, isAllKept);
}

// As when the machine is so busy that it gets no time.
void TestKeeperFaults::aStoppedKeeperLosesNothing()
{
    constexpr int lines = 5000;
    const KernelId kernel = m->start(QStringLiteral("python3"));
    const auto client = m->connect(kernel, QStringLiteral("s"));
    const QString first = client->execute(QStringLiteral("1"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(first), patienceMs);
    const BundleProcesses processes = runningProcesses(m->bundleOf(kernel));
    const QString flood = client->execute(
        QStringLiteral("import sys\nfor i in range(%1):\n sys.stdout.write(f'{i:010d} ' + 'x' * "
                       "1000 + '\\n')\n sys.stdout.flush()\nopen('done', 'w').close()")
            .arg(lines));
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("stream"), flood) != nullptr, patienceMs);
    QCOMPARE(kill(processes.keeper, SIGSTOP), 0);
    // Until the kernel has sent all of it, far more than a high-water mark.
    const bool isSent = QTest::qWaitFor(
        [&] { return QFile::exists(m->statePath() + QStringLiteral("/done")); }, patienceMs);
    QCOMPARE(kill(processes.keeper, SIGCONT), 0);
    QVERIFY(isSent);
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(flood), patienceMs);
    const std::vector<int> seen = countLines(*client, lines);
    QCOMPARE(std::count(seen.begin(), seen.end(), 1), std::ptrdiff_t(lines));
}

// A keeper of the first version, as a server after an upgrade finds it: a socket that speaks that
// version, word for word, and knows nothing of features.
void TestKeeperFaults::servesAnOlderKeeper()
{
    using namespace keeperprotocol;
    const KernelId id(QStringLiteral("aaaaaaaa-0000-0000-0000-000000000000"));
    const QString bundle = m->bundleOf(id);
    QVERIFY(QDir().mkpath(bundle + QStringLiteral("/journal")));
    const auto writeFile = [&](const char *name, const json &content) {
        QFile file(bundle + u'/' + QLatin1String(name));
        return file.open(QIODevice::WriteOnly) &&
               file.write(QByteArray::fromStdString(content.dump())) > 0;
    };
    // start.json as version 0.1.0 wrote it.
    QVERIFY(writeFile("start.json", {{"kernel_id", id.toString().toStdString()},
                                     {"kernel_name", "python3"},
                                     {"language", "python"},
                                     {"argv", {"python3"}},
                                     {"environment", json::object()},
                                     {"working_directory", "/"},
                                     {"resource_directory", ""},
                                     {"session_name", ""},
                                     {"interrupt_by_message", false},
                                     {"use_ipc", true},
                                     {"end_with_owner", false},
                                     {"retained_bytes", 1000000},
                                     {"max_restarts", 5}}));
    // The keeper is a process of its own, as waitForGreeting() blocks this one.
    const QString address = bundle + QStringLiteral("/keeper.sock");
    const pid_t keeper = fork();
    if (keeper == 0) {
        QLocalServer server;
        if (!server.listen(address) || !server.waitForNewConnection(patienceMs)) {
            _exit(1);
        }
        QLocalSocket *socket = server.nextPendingConnection();
        FrameReader reader;
        while (socket->waitForReadyRead(patienceMs)) {
            const QByteArray bytes = socket->readAll();
            reader.feed({bytes.constData(), std::size_t(bytes.size())});
            while (const auto frame = reader.next()) {
                std::string out;
                const json request = json::parse(frame->payload, nullptr, false);
                if (frame->type == FrameType::Hello) {
                    if (request.value("protocol", json(0)) != 1) {
                        _exit(2); // what version 1 did
                    }
                    appendFrame(out, FrameType::Hello, R"({"protocol":1,"keeper_pid":1})");
                    appendFrame(out, FrameType::State,
                                R"({"state":"idle","ready":true,"reason":"","kernel_pid":1})");
                    appendFrame(out, FrameType::Appended,
                                encodeProgress({{1, 16, 1}, 0, KernelState::Idle}));
                } else if (frame->type == FrameType::Command) {
                    const bool isKnown = request["command"] == "interrupt";
                    appendFrame(out, FrameType::Result,
                                json{{"id", request["id"]},
                                     {"ok", isKnown},
                                     {"message", isKnown ? "" : "unknown command"}}
                                    .dump());
                }
                socket->write(out.data(), qint64(out.size()));
                socket->flush();
                while (socket->bytesToWrite() > 0 && socket->waitForBytesWritten(patienceMs)) {
                }
            }
        }
        _exit(0);
    }
    const auto end = qScopeGuard([&] { kill(keeper, SIGKILL); });
    QVERIFY(writeFile("keeper.json", {{"keeper_pid", keeper},
                                      {"keeper_start", processStartTime(keeper)},
                                      {"kernel_pid", -1},
                                      {"kernel_start", 0}}));
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(address), patienceMs);

    m->create(); // the newer server

    const auto model = m->service->kernel(id);
    QVERIFY(model.has_value());
    QCOMPARE(model->executionState, QStringLiteral("idle"));
    QVERIFY(m->connect(id, QStringLiteral("s")) != nullptr);
    const auto interrupted = m->service->interrupt(id);
    QTRY_VERIFY_WITH_TIMEOUT(interrupted.isFinished(), patienceMs);
    QVERIFY(interrupted.result().has_value());
    const auto queue = m->service->ask(id, queueFeature, {{"command", "queue"}});
    QTRY_VERIFY_WITH_TIMEOUT(queue.isFinished(), patienceMs);
    QVERIFY(!queue.result().has_value());
    QCOMPARE(queue.result().error().code, ErrorCode::Cancelled);
}

QTEST_GUILESS_MAIN(TestKeeperFaults)
#include "tst_keeperfaults.moc"
