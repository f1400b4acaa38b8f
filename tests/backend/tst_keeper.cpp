#include "backend/kernels/keeperspawn.h"
#include "backend/kernels/kernelservice.h"
#include "tests/support/fastkernelspec.h"
#include "tests/support/kernelclient.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace farcell;
using farcell::test::FastKernelSpec;
using farcell::test::KernelClient;
using farcell::test::Message;

namespace {

constexpr int patienceMs = 30000;

auto countStates(const KernelClient &client, const char *state)
{
    return std::count_if(client.messages().begin(), client.messages().end(),
                         [&](const Message &message) {
                             return message.type == QStringLiteral("status") &&
                                    message.content["execution_state"] == state;
                         });
}

} // namespace

// What a keeper does with a kernel that misbehaves on request (tests/support/fastkernel).
class TestKeeper : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void dropsForgedMessages();
    void worksOverEitherTransport_data();
    void worksOverEitherTransport();
    void worksInAVeryLongPath();
    void interrupts_data();
    void interrupts();
    void givesUpAfterTooManyCrashes();
    void holdsRequestsWhileItRestarts();
    void restartsAKernelThatIsDead();
    void losesNoQuestionOfALateSocket();
    void sendsNoInputRequestTwice();
    void carriesBuffers();
    void deliversABurstInOrder();
    void endsWithItsKeeper();
    void refusesATakenId();
    void leavesNothingBehindOfAWarmKernel();

private:
    void createService(const QString &state, bool prewarm = false);
    Result<KernelModel> startKernel(const QString &spec, std::optional<KernelId> id = {});
    std::unique_ptr<KernelClient> connectClient(const KernelId &id, const QString &session);
    [[nodiscard]] QString bundleOf(const KernelId &id) const
    {
        return m_statePath + QStringLiteral("/kernels/") + id.toString();
    }

    std::unique_ptr<FastKernelSpec> m_specs;
    std::unique_ptr<QTemporaryDir> m_state;
    QString m_statePath;
    std::unique_ptr<KernelService> m_service;
};

void TestKeeper::init()
{
    m_specs.reset(); // it puts the environment back
    m_specs = std::make_unique<FastKernelSpec>(QCoreApplication::applicationDirPath() +
                                               QStringLiteral("/fastkernel"));
    m_state = std::make_unique<QTemporaryDir>();
    createService(m_state->path());
}

void TestKeeper::cleanup()
{
    for (const KernelModel &kernel : m_service->kernels()) {
        const auto ended = m_service->shutdown(kernel.id);
        QTRY_VERIFY_WITH_TIMEOUT(ended.isFinished(), patienceMs);
    }
    m_service.reset();
}

void TestKeeper::createService(const QString &state, bool prewarm)
{
    m_service.reset();
    m_statePath = state;
    auto created =
        KernelService::create({state, QStringLiteral(FARCELL_BIN_DIR "/farcell-keeper"), prewarm});
    QVERIFY2(created.has_value(), created ? "" : qPrintable(created.error().message));
    m_service = *std::move(created);
}

Result<KernelModel> TestKeeper::startKernel(const QString &spec, std::optional<KernelId> id)
{
    KernelStart request;
    request.name = spec;
    request.workingDirectory = m_state->path();
    request.id = std::move(id);
    const auto future = m_service->start(request);
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, patienceMs)) {
        return fail(ErrorCode::Timeout, QStringLiteral("no answer"));
    }
    return future.result();
}

std::unique_ptr<KernelClient> TestKeeper::connectClient(const KernelId &id, const QString &session)
{
    return std::make_unique<KernelClient>(m_service->open(id, session), session);
}

void TestKeeper::dropsForgedMessages()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral("forge"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    // Wrong signature, other content than signed, no signature, and the second of two the same.
    QCOMPARE(client->text(id), QStringLiteral("forged\nafter\n"));
    QVERIFY(client->isSequenceRising());
}

void TestKeeper::worksOverEitherTransport_data()
{
    QTest::addColumn<QString>("spec");
    QTest::addColumn<QString>("transport");
    QTest::newRow("socket files") << QStringLiteral("fast") << QStringLiteral("ipc");
    QTest::newRow("loopback") << QStringLiteral("fasttcp") << QStringLiteral("tcp");
}

void TestKeeper::worksOverEitherTransport()
{
    QFETCH(QString, spec);
    QFETCH(QString, transport);
    const auto kernel = startKernel(spec);
    QVERIFY(kernel.has_value());
    QFile file(bundleOf(kernel->id) + QStringLiteral("/connection.json"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
    const auto json = nlohmann::json::parse(file.readAll().toStdString());
    QCOMPARE(QString::fromStdString(json["transport"].get<std::string>()), transport);
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral("echo hello"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QCOMPARE(client->text(id), QStringLiteral("hello\n"));
}

void TestKeeper::worksInAVeryLongPath()
{
    const QString state = m_state->filePath(QString(150, QLatin1Char('d')));
    createService(state);
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY2(kernel.has_value(), kernel ? "" : qPrintable(kernel.error().message));
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral("echo far down"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QCOMPARE(client->text(id), QStringLiteral("far down\n"));
}

void TestKeeper::interrupts_data()
{
    QTest::addColumn<QString>("mode");
    QTest::newRow("by signal") << QStringLiteral("signal");
    QTest::newRow("by message") << QStringLiteral("message");
}

void TestKeeper::interrupts()
{
    QFETCH(QString, mode);
    m_specs->install(QStringLiteral("int"), {{"farcell_transport", "ipc"}}, mode.toStdString());
    const auto kernel = startKernel(QStringLiteral("int"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral("sleep 600"));
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("execute_input"), id) != nullptr,
                             patienceMs);
    const auto interrupted = m_service->interrupt(kernel->id);
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(interrupted.isFinished() && interrupted.result().has_value());
    QVERIFY(client->find(QStringLiteral("error"), id)->content["ename"] == "Interrupt");
}

void TestKeeper::givesUpAfterTooManyCrashes()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    for (int crash = 1; crash <= 5; ++crash) {
        client->execute(QStringLiteral("die 11"));
        QTRY_COMPARE_WITH_TIMEOUT(int(countStates(*client, "restarting")), crash, patienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(m_service->kernel(kernel->id)->executionState,
                                  QStringLiteral("idle"), patienceMs);
    }
    client->execute(QStringLiteral("exit 3"));
    QTRY_COMPARE_WITH_TIMEOUT(int(countStates(*client, "dead")), 1, patienceMs);
    QTRY_COMPARE(m_service->kernel(kernel->id)->executionState, QStringLiteral("dead"));
    QVERIFY2(m_service->kernel(kernel->id)->reason.contains(QStringLiteral("exit code 3")),
             qPrintable(m_service->kernel(kernel->id)->reason));
    QVERIFY(client->isSequenceRising());
}

void TestKeeper::holdsRequestsWhileItRestarts()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    // Sent before the kernel can possibly answer, and right behind its end.
    const QString early = client->execute(QStringLiteral("echo early"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(early), patienceMs);
    const auto restarted = m_service->restart(kernel->id);
    const QString late = client->execute(QStringLiteral("echo late"));
    QTRY_VERIFY_WITH_TIMEOUT(restarted.isFinished(), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(late), patienceMs);
    QCOMPARE(client->text(late), QStringLiteral("late\n"));
    QVERIFY(client->find(QStringLiteral("execute_reply"), late)->content["execution_count"] == 1);
}

void TestKeeper::restartsAKernelThatIsDead()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    for (int crash = 1; crash <= 6; ++crash) {
        QTRY_COMPARE_WITH_TIMEOUT(m_service->kernel(kernel->id)->executionState,
                                  QStringLiteral("idle"), patienceMs);
        client->execute(QStringLiteral("die 9"));
        QTRY_COMPARE_WITH_TIMEOUT(
            int(countStates(*client, "restarting") + countStates(*client, "dead")), crash,
            patienceMs);
    }
    QCOMPARE(m_service->kernel(kernel->id)->executionState, QStringLiteral("dead"));
    const auto restarted = m_service->restart(kernel->id);
    QTRY_VERIFY_WITH_TIMEOUT(restarted.isFinished(), patienceMs);
    QVERIFY(restarted.result().has_value());
    const QString id = client->execute(QStringLiteral("echo alive"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->isSequenceRising());
}

// A kernel drops what it asks while its stdin socket knows nobody.
void TestKeeper::losesNoQuestionOfALateSocket()
{
    m_specs->install(QStringLiteral("late"), {{"farcell_transport", "ipc"}}, "signal",
                     {QCoreApplication::applicationDirPath().toStdString() + "/fastkernel",
                      "{connection_file}", "late-stdin"});
    const auto kernel = startKernel(QStringLiteral("late"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral("input name?"), true);
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("input_request"), id) != nullptr,
                             patienceMs);
    client->send(QStringLiteral("stdin"), QStringLiteral("input_reply"), {{"value", "Ada"}});
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QCOMPARE(client->text(id), QStringLiteral("Ada\n"));
}

void TestKeeper::sendsNoInputRequestTwice()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    auto client = connectClient(kernel->id, QStringLiteral("s"));
    const QString first = client->execute(QStringLiteral("input name?"), true);
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("input_request"), first) != nullptr,
                             patienceMs);
    client.reset(); // the question waits for whoever comes
    KernelClient other(m_service->open(kernel->id, QStringLiteral("t"), {0}), QStringLiteral("t"));
    QTRY_VERIFY_WITH_TIMEOUT(other.find(QStringLiteral("input_request"), first) != nullptr,
                             patienceMs);
    other.send(QStringLiteral("stdin"), QStringLiteral("input_reply"), {{"value", "Ada"}});
    QTRY_VERIFY_WITH_TIMEOUT(other.isIdleAfter(first), patienceMs);
    QCOMPARE(other.text(first), QStringLiteral("Ada\n"));
    KernelClient third(m_service->open(kernel->id, QStringLiteral("u"), {0}), QStringLiteral("u"));
    QTRY_VERIFY_WITH_TIMEOUT(third.isDone(first), patienceMs);
    QVERIFY(third.find(QStringLiteral("input_request"), first) == nullptr);
}

void TestKeeper::carriesBuffers()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral("buffer 5000000"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    const Message *message = client->find(QStringLiteral("display_data"), id);
    QVERIFY(message != nullptr);
    QCOMPARE(message->buffers.size(), std::size_t(1));
    QVERIFY(message->buffers[0] == QByteArray(5000000, 'b'));
}

void TestKeeper::deliversABurstInOrder()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto client = connectClient(kernel->id, QStringLiteral("s"));
    constexpr int count = 20000;
    const QString id = client->execute(QStringLiteral("burst %1 200").arg(count));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    qint64 expected = 0;
    for (const Message &message : client->messages()) {
        if (message.type == QStringLiteral("stream")) {
            const std::string line = message.content["text"];
            QCOMPARE(qint64(std::stoll(line)), expected++);
        }
    }
    QCOMPARE(expected, qint64(count));
    QVERIFY(client->isSequenceRising());
}

void TestKeeper::endsWithItsKeeper()
{
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto ready = m_service->waitReady(kernel->id);
    QTRY_VERIFY_WITH_TIMEOUT(ready.isFinished(), patienceMs);
    const BundleProcesses processes = runningProcesses(bundleOf(kernel->id));
    QVERIFY(processes.keeper > 0 && processes.kernel > 0);
    QCOMPARE(kill(processes.keeper, SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_service->kernel(kernel->id)->executionState, QStringLiteral("dead"),
                              patienceMs);
    QVERIFY(!m_service->kernel(kernel->id)->reason.isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(runningProcesses(bundleOf(kernel->id)).kernel < 0, patienceMs);
    const auto ended = m_service->shutdown(kernel->id);
    QTRY_VERIFY_WITH_TIMEOUT(ended.isFinished(), patienceMs);
    QVERIFY(!m_service->kernel(kernel->id));
}

void TestKeeper::refusesATakenId()
{
    const KernelId id(QStringLiteral("11111111-2222-3333-4444-555555555555"));
    const auto kernel = startKernel(QStringLiteral("fast"), id);
    QVERIFY(kernel.has_value());
    QCOMPARE(kernel->id.toString(), id.toString());
    const auto again = startKernel(QStringLiteral("fast"), id);
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::Exists);
    const auto outside = startKernel(QStringLiteral("fast"), KernelId(QStringLiteral("../x")));
    QVERIFY(!outside);
    QCOMPARE(outside.error().code, ErrorCode::InvalidData);
}

void TestKeeper::leavesNothingBehindOfAWarmKernel()
{
    createService(m_state->path(), true);
    const auto kernel = startKernel(QStringLiteral("fast"));
    QVERIFY(kernel.has_value());
    const auto bundles = [&] {
        return QDir(m_statePath + QStringLiteral("/kernels"))
            .entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    };
    QTRY_COMPARE_WITH_TIMEOUT(bundles().size(), 2, patienceMs);
    QString warm;
    for (const QString &name : bundles()) {
        if (name != kernel->id.toString()) {
            warm = m_statePath + QStringLiteral("/kernels/") + name;
        }
    }
    QTRY_VERIFY_WITH_TIMEOUT(runningProcesses(warm).kernel > 0, patienceMs);
    m_service.reset();
    QTRY_VERIFY_WITH_TIMEOUT(runningProcesses(warm).keeper < 0, patienceMs);
    createService(m_state->path());
    QCOMPARE(m_service->kernels().size(), 1);
    QCOMPARE(bundles(), QStringList{kernel->id.toString()});
}

QTEST_GUILESS_MAIN(TestKeeper)
#include "tst_keeper.moc"
