#include "backend/kernels/keeperlink.h"
#include "backend/kernels/keeperspawn.h"
#include "backend/kernels/kernelservice.h"
#include "tests/support/kernelclient.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace farcell;
using farcell::test::KernelClient;
using farcell::test::Message;

namespace {

constexpr int patienceMs = 60000;

QString text(const std::string &value)
{
    return QString::fromStdString(value);
}

} // namespace

// Real ipykernels through real keepers: the life of a kernel as clients see it.
class TestKernelService : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void runsCode();
    void namesAnUnknownKernelspec();
    void saysWhyAKernelCannotStart();
    void asksForInput();
    void interruptsARunningCell();
    void restartsWithTheSameConnection();
    void restartsByItselfAndSaysWhy();
    void repliesGoOnlyToWhoAsked();
    void keepsWhatAnAbsentClientMissed();
    void pausedStreamMissesNothing();
    void findsKernelsAgain();
    void replaysFromANumber();
    void losesNothingOfAFlood();
    void handsOverAKernelKeptReady();
    void takesAnotherWhenTheOneKeptReadyHangs();
    void endsAHungKernel();

private:
    void createService(bool prewarm = false);
    KernelModel startKernel();
    std::unique_ptr<KernelClient> connectClient(const KernelId &id, const QString &session);
    Result<KernelModel> wait(const QFuture<Result<KernelModel>> &future);
    [[nodiscard]] QString bundleOf(const KernelId &id) const;
    void run(KernelClient &client, const QString &code);

    std::unique_ptr<QTemporaryDir> m_state;
    std::unique_ptr<QTemporaryDir> m_root;
    std::unique_ptr<KernelService> m_service;
};

void TestKernelService::init()
{
    m_state = std::make_unique<QTemporaryDir>();
    m_root = std::make_unique<QTemporaryDir>();
    createService();
}

void TestKernelService::cleanup()
{
    for (const KernelModel &kernel : m_service->kernels()) {
        const auto ended = m_service->shutdown(kernel.id);
        QTRY_VERIFY_WITH_TIMEOUT(ended.isFinished(), patienceMs);
        QVERIFY(ended.result().has_value());
    }
    m_service.reset();
}

void TestKernelService::createService(bool prewarm)
{
    m_service.reset();
    auto created = KernelService::create(
        {m_state->path(), QStringLiteral(FARCELL_BIN_DIR "/farcell-keeper"), prewarm});
    QVERIFY2(created.has_value(), created ? "" : qPrintable(created.error().message));
    m_service = *std::move(created);
}

Result<KernelModel> TestKernelService::wait(const QFuture<Result<KernelModel>> &future)
{
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, patienceMs)) {
        return fail(ErrorCode::Timeout, QStringLiteral("no answer"));
    }
    return future.result();
}

KernelModel TestKernelService::startKernel()
{
    KernelStart request;
    request.name = QStringLiteral("python3");
    request.workingDirectory = m_root->path();
    const Result<KernelModel> started = wait(m_service->start(request));
    if (!started) {
        qWarning("%s", qPrintable(started.error().message));
        return {};
    }
    return *started;
}

std::unique_ptr<KernelClient> TestKernelService::connectClient(const KernelId &id,
                                                               const QString &session)
{
    auto stream = m_service->open(id, session);
    return stream ? std::make_unique<KernelClient>(std::move(stream), session) : nullptr;
}

QString TestKernelService::bundleOf(const KernelId &id) const
{
    return m_state->path() + QStringLiteral("/kernels/") + id.toString();
}

void TestKernelService::run(KernelClient &client, const QString &code)
{
    const QString id = client.execute(code);
    QTRY_VERIFY_WITH_TIMEOUT(client.isDone(id), patienceMs);
}

void TestKernelService::runsCode()
{
    const KernelModel kernel = startKernel();
    QCOMPARE(kernel.name, QStringLiteral("python3"));
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    const QString id = client->execute(QStringLiteral("import os; print(os.getcwd()); 6*7"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QCOMPARE(client->text(id).trimmed(), QDir(m_root->path()).canonicalPath());
    const Message *result = client->find(QStringLiteral("execute_result"), id);
    QVERIFY(result != nullptr);
    QCOMPARE(text(result->content["data"]["text/plain"].get<std::string>()), QStringLiteral("42"));
    QVERIFY(client->find(QStringLiteral("execute_reply"), id)->content["execution_count"] == 1);
    QVERIFY(client->isSequenceRising());
    QTRY_COMPARE(m_service->kernel(kernel.id)->executionState, QStringLiteral("idle"));
    QCOMPARE(m_service->kernel(kernel.id)->connections, 1);
}

void TestKernelService::namesAnUnknownKernelspec()
{
    KernelStart request;
    request.name = QStringLiteral("nosuchkernel");
    request.workingDirectory = m_root->path();
    const Result<KernelModel> started = wait(m_service->start(request));
    QVERIFY(!started);
    QCOMPARE(started.error().code, ErrorCode::NotFound);
    QVERIFY(started.error().message.contains(QStringLiteral("nosuchkernel")));
}

void TestKernelService::saysWhyAKernelCannotStart()
{
    QTemporaryDir specs;
    QVERIFY(QDir().mkpath(specs.filePath(QStringLiteral("kernels/broken"))));
    QFile spec(specs.filePath(QStringLiteral("kernels/broken/kernel.json")));
    QVERIFY(spec.open(QIODevice::WriteOnly));
    spec.write(R"({"argv": ["/no/such/program"], "display_name": "Broken", "language": "none"})");
    spec.close();
    qputenv("JUPYTER_PATH", QFile::encodeName(specs.path()));
    KernelStart request;
    request.name = QStringLiteral("broken");
    request.workingDirectory = m_root->path();
    const Result<KernelModel> started = wait(m_service->start(request));
    qunsetenv("JUPYTER_PATH");
    QVERIFY(!started);
    QVERIFY2(started.error().message.contains(QStringLiteral("/no/such/program")),
             qPrintable(started.error().message));
    QTRY_VERIFY(m_service->kernels().isEmpty());
}

void TestKernelService::asksForInput()
{
    const KernelModel kernel = startKernel();
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    const auto other = connectClient(kernel.id, QStringLiteral("s2"));
    const QString id = client->execute(QStringLiteral("print('hello', input('who? '))"), true);
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("input_request"), id) != nullptr,
                             patienceMs);
    QCOMPARE(text(client->find(QStringLiteral("input_request"), id)->content["prompt"]),
             QStringLiteral("who? "));
    client->send(QStringLiteral("stdin"), QStringLiteral("input_reply"), {{"value", "world"}});
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->text(id).contains(QStringLiteral("hello world")));
    QVERIFY(other->find(QStringLiteral("input_request"), id) == nullptr);
}

void TestKernelService::interruptsARunningCell()
{
    const KernelModel kernel = startKernel();
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    const QString id = client->execute(QStringLiteral("print('on', flush=True)\n"
                                                      "import time\ntime.sleep(600)"));
    QTRY_VERIFY_WITH_TIMEOUT(client->text(id).contains(QStringLiteral("on")), patienceMs);
    QCOMPARE(m_service->kernel(kernel.id)->executionState, QStringLiteral("busy"));
    const auto interrupted = m_service->interrupt(kernel.id);
    QTRY_VERIFY(interrupted.isFinished());
    QVERIFY(interrupted.result().has_value());
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->find(QStringLiteral("error"), id)->content["ename"] == "KeyboardInterrupt");
}

void TestKernelService::restartsWithTheSameConnection()
{
    const KernelModel kernel = startKernel();
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    run(*client, QStringLiteral("x = 1"));
    const auto connection = [&] {
        QFile file(bundleOf(kernel.id) + QStringLiteral("/connection.json"));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    const QByteArray before = connection();
    const Result<KernelModel> restarted = wait(m_service->restart(kernel.id));
    QVERIFY2(restarted.has_value(), restarted ? "" : qPrintable(restarted.error().message));
    QCOMPARE(connection(), before);
    const QString id = client->execute(QStringLiteral("x"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->find(QStringLiteral("error"), id)->content["ename"] == "NameError");
    QVERIFY(client->find(QStringLiteral("execute_reply"), id)->content["execution_count"] == 1);
    QVERIFY(client->isSequenceRising());
}

void TestKernelService::restartsByItselfAndSaysWhy()
{
    const KernelModel kernel = startKernel();
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    run(*client, QStringLiteral("pass"));
    client->execute(QStringLiteral("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"));
    const auto restarting = [&]() -> const Message * {
        for (const Message &message : client->messages()) {
            if (message.type == QStringLiteral("status") &&
                message.content["execution_state"] == "restarting") {
                return &message;
            }
        }
        return nullptr;
    };
    QTRY_VERIFY_WITH_TIMEOUT(restarting() != nullptr, patienceMs);
    QVERIFY(text(restarting()->metadata["farcell_reason"]).contains(QStringLiteral("signal 9")));
    const QString id = client->execute(QStringLiteral("print('again')"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QCOMPARE(client->text(id), QStringLiteral("again\n"));
    QVERIFY(client->isSequenceRising());
}

void TestKernelService::repliesGoOnlyToWhoAsked()
{
    const KernelModel kernel = startKernel();
    const auto one = connectClient(kernel.id, QStringLiteral("s1"));
    const auto two = connectClient(kernel.id, QStringLiteral("s2"));
    const QString id = one->execute(QStringLiteral("print(1)"));
    QTRY_VERIFY_WITH_TIMEOUT(one->isDone(id), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(two->isIdleAfter(id), patienceMs);
    run(*two, QStringLiteral("pass"));
    QCOMPARE(two->text(id), QStringLiteral("1\n"));
    QVERIFY(two->find(QStringLiteral("execute_reply"), id) == nullptr);
}

void TestKernelService::keepsWhatAnAbsentClientMissed()
{
    const KernelModel kernel = startKernel();
    auto client = connectClient(kernel.id, QStringLiteral("s1"));
    run(*client, QStringLiteral("pass"));
    const QString id = client->execute(
        QStringLiteral("import time\nfor i in range(5):\n print(i, flush=True); time.sleep(0.05)"));
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("execute_input"), id) != nullptr,
                             patienceMs);
    client.reset();
    QTRY_COMPARE_WITH_TIMEOUT(m_service->kernel(kernel.id)->executionState, QStringLiteral("idle"),
                              patienceMs);
    client = connectClient(kernel.id, QStringLiteral("s1"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->text(id).endsWith(QStringLiteral("4\n")));
    QVERIFY(client->isSequenceRising());
}

void TestKernelService::pausedStreamMissesNothing()
{
    const KernelModel kernel = startKernel();
    const auto slow = connectClient(kernel.id, QStringLiteral("slow"));
    const auto quick = connectClient(kernel.id, QStringLiteral("quick"));
    run(*slow, QStringLiteral("pass"));
    slow->stream().pause();
    const std::size_t before = slow->messages().size();
    const QString id = quick->execute(QStringLiteral("for i in range(2000): print(i, 'x' * 1000)"));
    QTRY_VERIFY_WITH_TIMEOUT(quick->isDone(id), patienceMs);
    QCOMPARE(slow->messages().size(), before);
    slow->stream().resume();
    QTRY_VERIFY_WITH_TIMEOUT(slow->isIdleAfter(id), patienceMs);
    QCOMPARE(slow->text(id), quick->text(id));
    const QString last = quick->execute(QStringLiteral("print('both')"));
    QTRY_VERIFY_WITH_TIMEOUT(slow->isIdleAfter(last), patienceMs);
    QVERIFY(slow->isSequenceRising());
}

void TestKernelService::findsKernelsAgain()
{
    const KernelModel kernel = startKernel();
    auto client = connectClient(kernel.id, QStringLiteral("s1"));
    run(*client, QStringLiteral("x = 'kept'"));
    const QString id = client->execute(QStringLiteral("import time; time.sleep(1); print('late')"));
    QTRY_COMPARE_WITH_TIMEOUT(m_service->kernel(kernel.id)->executionState, QStringLiteral("busy"),
                              patienceMs);
    const quint64 seen = client->messages().back().sequence;
    client.reset();
    createService();
    QCOMPARE(m_service->kernels().size(), 1);
    QCOMPARE(m_service->kernel(kernel.id)->executionState, QStringLiteral("busy"));
    client = std::make_unique<KernelClient>(
        m_service->open(kernel.id, QStringLiteral("s1"), {seen}), QStringLiteral("s1"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QCOMPARE(client->text(id), QStringLiteral("late\n"));
    QVERIFY(client->messages().front().sequence > seen);
    const QString next = client->execute(QStringLiteral("print(x)"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(next), patienceMs);
    QCOMPARE(client->text(next), QStringLiteral("kept\n"));
    QVERIFY(client->isSequenceRising());
}

void TestKernelService::replaysFromANumber()
{
    const KernelModel kernel = startKernel();
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    const QString id = client->execute(QStringLiteral("print('first')"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    KernelClient other(m_service->open(kernel.id, QStringLiteral("s9"), {0}), QStringLiteral("s9"));
    QTRY_VERIFY_WITH_TIMEOUT(other.isDone(id), patienceMs);
    QCOMPARE(other.text(id), QStringLiteral("first\n"));
    run(other, QStringLiteral("pass"));
    QVERIFY(other.isSequenceRising());
}

void TestKernelService::losesNothingOfAFlood()
{
    const KernelModel kernel = startKernel();
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    const QString id = client->execute(QStringLiteral("for i in range(1000000): print(i)"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    const QStringList lines = client->text(id).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 1000000);
    for (qsizetype i = 0; i < lines.size(); ++i) {
        if (lines[i].toLongLong() != i) {
            QFAIL(qPrintable(QStringLiteral("line %1 is %2").arg(i).arg(lines[i])));
        }
    }
    QVERIFY(client->isSequenceRising());
}

void TestKernelService::handsOverAKernelKeptReady()
{
    createService(true);
    const KernelModel first = startKernel();
    const auto client = connectClient(first.id, QStringLiteral("s1"));
    run(*client, QStringLiteral("pass"));
    const auto isWarmThere = [&] {
        const QDir kernels(m_state->path() + QStringLiteral("/kernels"));
        const QStringList bundles = kernels.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
        return bundles.size() == 2;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isWarmThere(), patienceMs);
    QTemporaryDir elsewhere;
    KernelStart request;
    request.name = QStringLiteral("python3");
    request.workingDirectory = elsewhere.path();
    request.sessionName = QStringLiteral("a \"b\".ipynb");
    QTest::qWait(2000); // until it has started: nothing tells when
    QElapsedTimer timer;
    timer.start();
    const Result<KernelModel> second = wait(m_service->start(request));
    QVERIFY(second.has_value());
    const auto other = connectClient(second->id, QStringLiteral("s2"));
    const QString id = other->execute(
        QStringLiteral("import os; print(os.getcwd()); print(os.environ['JPY_SESSION_NAME'])"));
    QTRY_VERIFY_WITH_TIMEOUT(other->isDone(id), patienceMs);
    qInfo("start of a kernel kept ready to its first reply: %lld ms", timer.elapsed());
    QCOMPARE(other->text(id),
             QDir(elsewhere.path()).canonicalPath() + QStringLiteral("\na \"b\".ipynb\n"));
    QVERIFY(other->find(QStringLiteral("execute_reply"), id)->content["execution_count"] == 1);
    QCOMPARE(m_service->kernels().size(), 2);
}

void TestKernelService::takesAnotherWhenTheOneKeptReadyHangs()
{
    createService(true);
    const KernelModel first = startKernel();
    QString kept;
    const auto findKept = [&] {
        const QDir kernels(m_state->path() + QStringLiteral("/kernels"));
        QStringList names = kernels.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
        names.removeOne(first.id.toString());
        kept = names.isEmpty() ? QString() : kernels.filePath(names.first());
        return !kept.isEmpty() && runningProcesses(kept).keeper > 0;
    };
    QTRY_VERIFY_WITH_TIMEOUT(findKept(), patienceMs);
    {
        KeeperLink link;
        QVERIFY(link.open(kept).has_value());
        QTRY_VERIFY_WITH_TIMEOUT(link.state().is_object() && link.state().value("ready", false),
                                 patienceMs);
    }
    const pid_t keeper = runningProcesses(kept).keeper;
    QCOMPARE(kill(keeper, SIGSTOP), 0);

    const KernelModel second = startKernel();

    QVERIFY(!second.id.toString().isEmpty());
    QVERIFY(bundleOf(second.id) != kept);
    const auto client = connectClient(second.id, QStringLiteral("s"));
    run(*client, QStringLiteral("1"));
    QTRY_VERIFY_WITH_TIMEOUT(!QDir(kept).exists(), patienceMs);
    QCOMPARE(kill(keeper, 0), -1);
}

void TestKernelService::endsAHungKernel()
{
    const KernelModel kernel = startKernel();
    const auto client = connectClient(kernel.id, QStringLiteral("s1"));
    const QString id =
        client->execute(QStringLiteral("import signal, subprocess, time\n"
                                       "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
                                       "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                                       "child = subprocess.Popen(['sleep', '600'])\n"
                                       "print(child.pid, flush=True)\n"
                                       "while True:\n try: time.sleep(600)\n except: pass"));
    QTRY_VERIFY_WITH_TIMEOUT(client->text(id).endsWith(QLatin1Char('\n')), patienceMs);
    const pid_t child = client->text(id).trimmed().toInt();
    const BundleProcesses processes = runningProcesses(bundleOf(kernel.id));
    QVERIFY(processes.keeper > 0 && processes.kernel > 0 && child > 0);
    QElapsedTimer timer;
    timer.start();
    const auto ended = m_service->shutdown(kernel.id);
    QTRY_VERIFY_WITH_TIMEOUT(ended.isFinished(), patienceMs);
    QVERIFY(ended.result().has_value());
    QVERIFY(timer.elapsed() < 7000);
    QCOMPARE(kill(processes.keeper, 0), -1);
    QCOMPARE(kill(processes.kernel, 0), -1);
    QTRY_COMPARE(kill(child, 0), -1);
    QVERIFY(client->wasClosed());
    QVERIFY(!QDir(bundleOf(kernel.id)).exists());
}

QTEST_GUILESS_MAIN(TestKernelService)
#include "tst_kernelservice.moc"
