#include "backend/keeper/kernelprocess.h"
#include "tests/support/channelclient.h"
#include "tests/support/farcelld.h"
#include "tests/support/fastkernelspec.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <memory>

using namespace farcell;
using farcell::test::Farcelld;
using Client = farcell::test::ChannelClient;
using nlohmann::json;

#define TRY_LONG(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, 90000)

namespace {

const QString prewarmOff = QStringLiteral("--no-prewarm");
const QStringList culling = {prewarmOff, QStringLiteral("--cull-idle"), QStringLiteral("8")};
const QStringList endingAlong = {prewarmOff, QStringLiteral("--kernels-end-with-server")};

// A kernel and its keeper, which may long be gone when they are asked about.
struct Processes
{
    pid_t keeper = -1, kernel = -1;
    quint64 keeperStart = 0, kernelStart = 0;

    [[nodiscard]] bool isKeeperAlive() const { return isAlive(keeper, keeperStart); }
    [[nodiscard]] bool isKernelAlive() const { return isAlive(kernel, kernelStart); }
    [[nodiscard]] static bool isAlive(pid_t pid, quint64 start)
    {
        return start != 0 && processStartTime(pid) == start;
    }
};

} // namespace

// When kernels end without anybody asking for each of them: the owner's policies.
class TestKernelEnds : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_server = std::make_unique<Farcelld>(); }
    void cleanup() { m_server.reset(); }
    void cullsWhatIsIdle();
    void cullsAfterACrash();
    void keepsKernelsByDefault();
    void endsThemWithTheServer();
    void endsThemWithAServerThatCameBack();
    void endsThemWhenTheServerDoesNotComeBack();

private:
    QByteArray startKernel()
    {
        const json model = m_server->json("POST", "/api/kernels", R"({"name": "fast"})");
        QByteArray id = QByteArray::fromStdString(model.value("id", std::string()));
        (void)QTest::qWaitFor(
            [&] {
                return m_server->json("GET", "/api/kernels/" + id)["execution_state"] == "idle";
            },
            60000);
        return id;
    }
    [[nodiscard]] Processes processesOf(const QByteArray &kernel) const
    {
        QFile file(m_server->state() + QStringLiteral("/kernels/") + QString::fromLatin1(kernel) +
                   QStringLiteral("/keeper.json"));
        (void)file.open(QIODevice::ReadOnly);
        const QByteArray text = file.readAll();
        const json known = json::parse(text.begin(), text.end(), nullptr, false);
        if (!known.is_object())
            return {};
        return {known["keeper_pid"], known["kernel_pid"], known["keeper_start"],
                known["kernel_start"]};
    }
    bool runs(Client &client, const std::string &code)
    {
        const std::string id = client.execute(code);
        return QTest::qWaitFor([&] { return client.isDone(id); }, 60000);
    }
    bool isThere(const QByteArray &kernel)
    {
        return m_server->ask("GET", "/api/kernels/" + kernel).status == 200;
    }

    test::FastKernelSpec m_specs{QStringLiteral(FASTKERNEL)};
    std::unique_ptr<Farcelld> m_server;
};

void TestKernelEnds::cullsWhatIsIdle()
{
    QVERIFY(m_server->start(culling));
    const QByteArray idle = startKernel();
    const Processes ending = processesOf(idle);
    QVERIFY(ending.isKeeperAlive() && ending.isKernelAlive());
    const QByteArray watched = startKernel();
    const QByteArray busy = startKernel();
    Client watcher(m_server->port(), watched, true);
    QVERIFY(runs(watcher, "echo x"));
    {
        Client starter(m_server->port(), busy, true);
        const std::string id = starter.execute("sleep 600");
        TRY_LONG(starter.find("execute_input", id) != nullptr);
    }

    TRY_LONG(!isThere(idle));
    TRY_LONG(!ending.isKeeperAlive() && !ending.isKernelAlive());

    QVERIFY(isThere(watched) && isThere(busy));
    QVERIFY(runs(watcher, "echo still"));
    watcher.socket().close();
    TRY_LONG(!isThere(watched)); // nobody looks any more
    QVERIFY(isThere(busy));
    QVERIFY(!QFile::exists(m_server->state() + QStringLiteral("/kernels/") +
                           QString::fromLatin1(idle)));
}

void TestKernelEnds::cullsAfterACrash()
{
    QVERIFY(m_server->start({prewarmOff}));
    const QByteArray kernel = startKernel();
    const Processes processes = processesOf(kernel);
    QVERIFY(processes.isKernelAlive());
    m_server->kill();

    QVERIFY(m_server->start(culling));

    QVERIFY(isThere(kernel)); // its time counts from now
    TRY_LONG(!isThere(kernel));
    TRY_LONG(!processes.isKeeperAlive() && !processes.isKernelAlive());
}

void TestKernelEnds::keepsKernelsByDefault()
{
    QVERIFY(m_server->start({prewarmOff}));
    const QByteArray kernel = startKernel();
    const Processes processes = processesOf(kernel);

    QCOMPARE(m_server->stop(), 0);
    QVERIFY(processes.isKeeperAlive() && processes.isKernelAlive());
    QVERIFY(m_server->start({prewarmOff}));

    QVERIFY(isThere(kernel));
}

void TestKernelEnds::endsThemWithTheServer()
{
    QVERIFY(m_server->start(endingAlong));
    const Processes one = processesOf(startKernel());
    const QByteArray second = startKernel();
    const Processes two = processesOf(second);
    Client client(m_server->port(), second, true);
    const std::string id = client.execute("sleep 600"); // one that is busy as well
    TRY_LONG(client.find("execute_input", id) != nullptr);
    QVERIFY(one.isKernelAlive() && two.isKernelAlive());

    QCOMPARE(m_server->stop(), 0);

    QVERIFY(!one.isKeeperAlive() && !one.isKernelAlive());
    QVERIFY(!two.isKeeperAlive() && !two.isKernelAlive());
    QVERIFY(m_server->start(endingAlong));
    QVERIFY(m_server->json("GET", "/api/kernels").empty());
}

void TestKernelEnds::endsThemWithAServerThatCameBack()
{
    QVERIFY(m_server->start(endingAlong));
    const QByteArray kernel = startKernel();
    const Processes processes = processesOf(kernel);
    m_server->kill();
    QVERIFY(m_server->start(endingAlong));
    QVERIFY(isThere(kernel));
    QVERIFY(processes.isKernelAlive());
    Client client(m_server->port(), kernel, true);
    QVERIFY(runs(client, "echo still"));

    QCOMPARE(m_server->stop(), 0);

    QVERIFY(!processes.isKeeperAlive() && !processes.isKernelAlive());
}

void TestKernelEnds::endsThemWhenTheServerDoesNotComeBack()
{
    QVERIFY(m_server->start(endingAlong));
    const Processes processes = processesOf(startKernel());
    QVERIFY(processes.isKeeperAlive());

    m_server->kill();
    QVERIFY(processes.isKernelAlive()); // it may come back

    TRY_LONG(!processes.isKeeperAlive() && !processes.isKernelAlive());
}

QTEST_GUILESS_MAIN(TestKernelEnds)
#include "tst_kernelends.moc"
