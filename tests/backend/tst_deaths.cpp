#include "tests/support/servicefixture.h"

#include <QFile>

#include <csignal>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

using namespace farcell;
using farcell::test::KernelClient;
using farcell::test::Message;
using farcell::test::ServiceFixture;
using nlohmann::json;

namespace {

constexpr int patienceMs = ServiceFixture::patienceMs;
const QString python = QStringLiteral("python3");
const QString memoryGroup = QStringLiteral("/sys/fs/cgroup/memory/farcell-test");

bool canLimitMemory()
{
    QDir().mkdir(memoryGroup);
    QFile limit(memoryGroup + QStringLiteral("/memory.limit_in_bytes"));
    return limit.open(QIODevice::WriteOnly | QIODevice::Unbuffered) && limit.write("150M") > 0;
}

} // namespace

// Real ipykernels that die of many causes, and what is told about it; kernels that do not answer.
class TestDeaths : public QObject
{
    Q_OBJECT

private slots:
    void init() { m = std::make_unique<ServiceFixture>(); }
    void cleanup() { m.reset(); }

    void tellsTheCause_data();
    void tellsTheCause();
    void tellsOfMemory();
    void tellsWhyItCannotStart();
    void survivesAnOrdinaryMemoryError();
    void interruptsAShellCommand_data();
    void interruptsAShellCommand();
    void climbsTheLadder_data();
    void climbsTheLadder();
    void tellsWhatTheProcessDoes();
    void tellsADeadMountFromWork();

private:
    json deathAfter(KernelClient &client, const QString &code);

    std::unique_ptr<ServiceFixture> m;
};

json TestDeaths::deathAfter(KernelClient &client, const QString &code)
{
    client.execute(code);
    const Message *death = nullptr;
    if (!QTest::qWaitFor(
            [&] {
                death = client.find(QStringLiteral("farcell_death"), {});
                return death != nullptr;
            },
            patienceMs)) {
        return {};
    }
    return death->sequence > 0 ? death->content : json();
}

void TestDeaths::tellsTheCause_data()
{
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("cause");
    QTest::addColumn<QString>("says"); // in the sentence
    QTest::addColumn<int>("exitCode"); // -1: a signal
    QTest::addColumn<int>("signal");
    const auto row = [](const char *name, const char *code, const char *cause, const char *says,
                        int exitCode, int signal) {
        QTest::newRow(name) << QString::fromLatin1(code) << QString::fromLatin1(cause)
                            << QString::fromLatin1(says) << exitCode << signal;
    };
    row("exit code", "import os; os._exit(3)", "exit", "exit code 3", 3, 0);
    row("quits", "quit()", "exit", "without an error", 0, 0);
    row("killed from outside", "import os; os.kill(os.getpid(), 9)", "signal", "not told who", -1,
        SIGKILL);
    row("terminated from outside", "import os; os.kill(os.getpid(), 15)", "signal", "SIGTERM", -1,
        SIGTERM);
    row("segmentation fault", "import ctypes\ndef f(): ctypes.string_at(0)\nf()", "segfault",
        "in string_at (/", -1, SIGSEGV);
    row("abort", "import os; os.abort()", "abort", "SIGABRT", -1, SIGABRT);
    row("arithmetic", "import os; os.kill(os.getpid(), 8)", "crash", "SIGFPE", -1, SIGFPE);
    row("bus error", "import os; os.kill(os.getpid(), 7)", "segfault", "SIGBUS", -1, SIGBUS);
}

void TestDeaths::tellsTheCause()
{
    QFETCH(QString, code);
    QFETCH(QString, cause);
    QFETCH(QString, says);
    QFETCH(int, exitCode);
    QFETCH(int, signal);
    const KernelId kernel = m->start(python);
    const auto client = m->connect(kernel, QStringLiteral("s"));

    const json death = deathAfter(*client, code);

    QVERIFY(death.is_object());
    QCOMPARE(QString::fromStdString(death["cause"]), cause);
    QVERIFY2(death["sentence"].get<std::string>().find(says.toStdString()) != std::string::npos,
             death["sentence"].get<std::string>().c_str());
    QVERIFY(exitCode < 0 ? death["exit_code"].is_null() : death["exit_code"] == exitCode);
    QVERIFY(signal == 0 ? death["signal"].is_null() : death["signal"] == signal);
    QVERIFY(death["restarted"] == true && death["time"].get<double>() > 1e9);
    QVERIFY(death["memory"].size() > 0 && death["memory"][0][1].get<double>() > 1e6);
    if (signal == SIGSEGV || signal == SIGABRT) {
        const auto text = death["faulthandler"].get<std::string>();
        QVERIFY2(text.find("Fatal Python error") == 0, text.c_str());
        QVERIFY2(text.find("Current thread") != std::string::npos, text.c_str());
    }
    QVERIFY(m->ask(kernel, {{"command", "death"}}) == death);
}

void TestDeaths::tellsOfMemory()
{
    if (!canLimitMemory()) {
        QSKIP("this user may make no memory cgroup");
    }
    const KernelId kernel = m->start(python);
    const auto client = m->connect(kernel, QStringLiteral("s"));
    const QString move = client->execute(
        QStringLiteral("import os\nwith open('%1/cgroup.procs', 'w') as f: f.write('0')")
            .arg(memoryGroup));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(move), patienceMs);
    const json death = deathAfter(
        *client, QStringLiteral("import time\nx = []\nwhile True:\n x.append(bytearray(10**6))\n "
                                "time.sleep(0.02)"));
    QDir().rmdir(memoryGroup);
    QVERIFY(death.is_object());
    QCOMPARE(QString::fromStdString(death["cause"]), QStringLiteral("oom"));
    QVERIFY2(death["sentence"].get<std::string>().find("It last used") != std::string::npos,
             death["sentence"].get<std::string>().c_str());
}

void TestDeaths::tellsWhyItCannotStart()
{
    m->specs.install(QStringLiteral("broken"), {{"farcell_transport", "ipc"}}, "signal",
                     {"python3", "-c", "import nothing_here"});
    const KernelId kernel = m->start(QStringLiteral("broken"));
    const auto client = m->connect(kernel, QStringLiteral("s"), {.since = 0, .events = false});
    QTRY_VERIFY_WITH_TIMEOUT(client->find(QStringLiteral("farcell_death"), {}) != nullptr,
                             patienceMs);
    const json death = client->find(QStringLiteral("farcell_death"), {})->content;
    QCOMPARE(QString::fromStdString(death["cause"]), QStringLiteral("start"));
    QVERIFY2(death["sentence"].get<std::string>().find("No module named 'nothing_here'") !=
                 std::string::npos,
             death["sentence"].get<std::string>().c_str());
    QVERIFY(death["restarted"] == false);
    // Who asks it to run something anyway is answered.
    const QString id = client->execute(QStringLiteral("1"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->find(QStringLiteral("execute_reply"), id)->content["status"] == "aborted");
}

void TestDeaths::survivesAnOrdinaryMemoryError()
{
    const KernelId kernel = m->start(python);
    const auto client = m->connect(kernel, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**31, -1))\nbytearray(2**32)"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->find(QStringLiteral("error"), id)->content["ename"] == "MemoryError");
    QVERIFY(m->ask(kernel, {{"command", "death"}}).is_null());
}

void TestDeaths::interruptsAShellCommand_data()
{
    QTest::addColumn<QString>("step");
    QTest::newRow("interrupt") << QStringLiteral("interrupt");
    QTest::newRow("group") << QStringLiteral("group");
}

void TestDeaths::interruptsAShellCommand()
{
    QFETCH(QString, step);
    const KernelId kernel = m->start(python);
    const auto client = m->connect(kernel, QStringLiteral("s"));
    const QString id = client->execute(QStringLiteral("!echo begun; sleep 600"));
    QTRY_VERIFY_WITH_TIMEOUT(client->text(id).contains(QStringLiteral("begun")), patienceMs);
    QVERIFY(m->ask(kernel, {{"command", "process"}})["processes"].get<int>() >= 2);
    QVERIFY(m->ask(kernel, {{"command", "interrupt"}, {"step", step.toStdString()}}).is_null());
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    const QString after = client->execute(QStringLiteral("1"), false, false);
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(after), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(m->ask(kernel, {{"command", "process"}})["processes"] == 1,
                             patienceMs);
}

void TestDeaths::climbsTheLadder_data()
{
    QTest::addColumn<QString>("step");
    QTest::addColumn<QString>("signal");
    QTest::newRow("terminate") << QStringLiteral("terminate") << QStringLiteral("SIGTERM");
    QTest::newRow("kill") << QStringLiteral("kill") << QStringLiteral("SIGKILL");
}

void TestDeaths::climbsTheLadder()
{
    QFETCH(QString, step);
    QFETCH(QString, signal);
    const KernelId kernel = m->start(python);
    const auto client = m->connect(kernel, QStringLiteral("s"));
    // Ignores the first two steps, as compiled code does that does not look for signals.
    const QString id = client->execute(
        QStringLiteral("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('deaf', "
                       "flush=True)\nwhile True: pass"));
    QTRY_VERIFY_WITH_TIMEOUT(client->text(id).contains(QStringLiteral("deaf")), patienceMs);
    QVERIFY(m->ask(kernel, {{"command", "interrupt"}, {"step", "group"}}).is_null());
    QVERIFY(m->ask(kernel, {{"command", "process"}})["state"] == "computing");
    QVERIFY(m->ask(kernel, {{"command", "interrupt"}, {"step", step.toStdString()}}).is_null());
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
    QVERIFY(client->find(QStringLiteral("execute_reply"), id)->content["status"] == "aborted");
    const json death = m->ask(kernel, {{"command", "death"}});
    QVERIFY(death["cause"] == "killed" && death["restarted"] == true);
    QCOMPARE(QString::fromStdString(death["signal_name"]), signal);
    const QString after = client->execute(QStringLiteral("1"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(after), patienceMs);
}

void TestDeaths::tellsWhatTheProcessDoes()
{
    const KernelId kernel = m->start(python);
    const auto client = m->connect(kernel, QStringLiteral("s"));
    const auto state = [&] { return m->ask(kernel, {{"command", "process"}})["state"]; };
    QTRY_VERIFY_WITH_TIMEOUT(state() == "idle", patienceMs);
    client->execute(QStringLiteral("import time; time.sleep(600)"));
    QTRY_VERIFY_WITH_TIMEOUT(state() == "waiting", patienceMs);
    const auto interrupted = m->service->interrupt(kernel);
    QTRY_VERIFY_WITH_TIMEOUT(state() == "idle", patienceMs);
    client->execute(QStringLiteral("while True: pass"), false, false);
    QTRY_VERIFY_WITH_TIMEOUT(state() == "computing", patienceMs);
    const json process = m->ask(kernel, {{"command", "process"}});
    QVERIFY(process["rss"].get<double>() > 1e7 && process["cpu_s"].get<double>() > 0);
    QVERIFY(process["pid"].get<pid_t>() == runningProcesses(m->bundleOf(kernel)).kernel);
}

// A FUSE mount whose program never answers, as after a crash of it or of the network.
void TestDeaths::tellsADeadMountFromWork()
{
    const QString mountPoint = m->statePath() + QStringLiteral("/dead");
    QDir().mkdir(mountPoint);
    const int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    const QByteArray options =
        "fd=" + QByteArray::number(fuse) + ",rootmode=40000,user_id=0,group_id=0";
    const QByteArray path = QFile::encodeName(mountPoint);
    if (fuse < 0 || mount("farcell-test", path.constData(), "fuse", 0, options.constData()) != 0) {
        QSKIP("this user may not mount");
    }
    const KernelId kernel = m->start(python);
    const auto client = m->connect(kernel, QStringLiteral("s"));
    const QString id =
        client->execute(QStringLiteral("import os; os.stat('%1/file')").arg(mountPoint));
    json process;
    const bool isStuck = QTest::qWaitFor(
        [&] {
            process = m->ask(kernel, {{"command", "process"}});
            return process.is_object() && process["state"] == "stuck";
        },
        patienceMs);
    close(fuse); // lets go
    umount2(path.constData(), MNT_DETACH);
    QVERIFY(isStuck);
    QCOMPARE(QString::fromStdString(process["stuck_on"]), mountPoint + QStringLiteral("/file"));
    QTRY_VERIFY_WITH_TIMEOUT(client->isDone(id), patienceMs);
}

QTEST_GUILESS_MAIN(TestDeaths)
#include "tst_deaths.moc"
