#include "tests/support/sshfixture.h"

#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QSignalSpy>
#include <QTest>

#include <csignal>
#include <memory>
#include <utility>
#include <vector>

using namespace farcell;
using test::await;
using test::isRunning;
using test::sshPatienceMs;

namespace {

// A notebook that runs on a runtime.
struct Live
{
    explicit Live(const SshLink &link)
        : client(std::make_unique<RuntimeClient>(Endpoint{link.url(), link.token()}))
    {}
    bool open()
    {
        const auto remote = await(client->startSession(
            QStringLiteral("n.ipynb"), QStringLiteral("n.ipynb"), QStringLiteral("python3")));
        if (!remote) {
            qWarning() << remote.error().message << remote.error().detail;
            return false;
        }
        connection.reset(client->connectKernel(remote->kernel.id, remote->kernel.name));
        session = std::make_unique<NotebookSession>(document);
        session->setConnection(connection.get());
        return QTest::qWaitFor(
            [&] { return connection->state() == KernelConnection::State::Connected; },
            sshPatienceMs);
    }
    CellId run(const QString &code)
    {
        CellId id = document.insertCell(document.cellCount(), CellKind::Code, code);
        session->run(std::vector<CellId>{id});
        return id;
    }
    QString text(const CellId &id) const
    {
        QString all;
        for (const Output &output : document.findCell(id)->outputs.items())
            all += output.text;
        return all;
    }
    bool waitText(const CellId &id, const QString &end)
    {
        return QTest::qWaitFor([&] { return text(id).contains(end); }, sshPatienceMs);
    }

    // For a message: the end of the text, how far the run is, what the line does.
    [[nodiscard]] QString whatIsThere(const CellId &id) const
    {
        return QStringLiteral("…%1 (phase %2, line %3, kernel %4)")
            .arg(text(id).right(100))
            .arg(int(session->runState(id).phase))
            .arg(int(connection->state()))
            .arg(connection->executionState());
    }

    std::unique_ptr<RuntimeClient> client;
    NotebookDocument document;
    std::unique_ptr<KernelConnection> connection;
    std::unique_ptr<NotebookSession> session;
};

} // namespace

// farcelld on a host over SSH: found again, shared, come back to, forgotten.
class TestSshServer : public QObject, protected test::SshFixture
{
    Q_OBJECT

public:
    explicit TestSshServer(QString user)
        : SshFixture(std::move(user))
    {}

private slots:
    void initTestCase()
    {
        if (test::Sshd::program().isEmpty())
            QSKIP("no sshd is installed: the whole test");
    }
    void init() { makeHost(); }
    void cleanup() { removeHost(); }
    void runsACellInACleanEnvironment();
    void findsTheRunningServer();
    void twoAtOnceShareOneServer();
    void comesBackAndMissesNothing();
    void saysThatItIsDown();
    void startsAnEndedServerAgain();
    void forgettingRemovesEverything();
};

void TestSshServer::runsACellInACleanEnvironment()
{
    QFile rc(m_host->home() + QStringLiteral("/.bashrc"));
    QVERIFY(rc.open(QIODevice::WriteOnly));
    rc.write("echo welcome to this host\nexport FROM_THE_SHELL=yes\n");
    rc.close();
    const auto link = makeLink();
    link->open();
    QVERIFY(waitReady(*link));
    Live live(*link);
    QVERIFY(live.open());
    const CellId cell = live.run(QStringLiteral(
        "import os\n"
        "print([k for k in os.environ if k.startswith(('LD_', 'SSH_', 'FARCELL_', 'QT_'))])\n"
        "print('bundled' if 'lib/farcell' in open('/proc/self/maps').read() else 'own libraries')\n"
        "print(os.environ['HOME'], os.environ.get('FROM_THE_SHELL'), os.getcwd())\n"
        "print('the end')"));
    QVERIFY(live.waitText(cell, QStringLiteral("the end\n")));
    // Of our own variables only the one by which a kernel's processes are known.
    QCOMPARE(live.text(cell),
             QStringLiteral("['FARCELL_KERNEL_ID']\nown libraries\n%1 %2 %1\nthe end\n")
                 .arg(m_host->home(), QStringLiteral("yes")));
}

void TestSshServer::findsTheRunningServer()
{
    const auto first = makeLink();
    first->open();
    QVERIFY(waitReady(*first));
    const qint64 pid = serverPid();
    first->close();
    QVERIFY(isRunning(pid));
    m_host->endSessions();
    const auto second = makeLink();
    QSignalSpy progress(second.get(), &SshLink::progressChanged);
    second->open();
    QVERIFY(waitReady(*second));
    QCOMPARE(serverPid(), pid);
    QCOMPARE(second->token(), first->token());
    QCOMPARE(progress.size(), 0);
    // Its socket is swept away, as cleaners of temporary files do: it is started anew.
    second->close();
    QVERIFY(QFile::remove(serverField(QStringLiteral("socket"))));
    second->open();
    QVERIFY(waitReady(*second));
    QVERIFY(serverPid() != pid);
    QVERIFY(!isRunning(pid));
}

void TestSshServer::twoAtOnceShareOneServer()
{
    const auto one = makeLink();
    const auto other = makeLink();
    one->open();
    other->open();
    QVERIFY(waitReady(*one));
    QVERIFY(waitReady(*other));
    QCOMPARE(one->token(), other->token());
    for (SshLink *link : {one.get(), other.get()}) {
        RuntimeClient client({link->url(), link->token()});
        QVERIFY(await(client.probe()));
    }
    QCOMPARE(QDir(dataFolder()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size(), 1);
}

void TestSshServer::comesBackAndMissesNothing()
{
    const auto link = makeLink();
    link->open();
    QVERIFY(waitReady(*link));
    const QUrl url = link->url();
    Live live(*link);
    QVERIFY(live.open());
    const CellId cell = live.run(QStringLiteral("import time, os\n"
                                                "for i in range(1500):\n"
                                                "    print('line', i, flush=True)\n"
                                                "    time.sleep(0.004)\n"
                                                "print('pid', os.getpid())"));
    for (const char *const until : {"line 100\n", "line 600\n"}) {
        QVERIFY2(live.waitText(cell, QLatin1String(until)), qPrintable(live.whatIsThere(cell)));
        QSignalSpy ready(link.get(), &SshLink::ready);
        if (until[5] == '1')
            m_host->endSessions();
        else
            ::kill(static_cast<pid_t>(link->sshProcessId()), SIGKILL);
        QVERIFY(QTest::qWaitFor([&] { return link->state() != State::Ready; }, sshPatienceMs));
        QVERIFY(link->isReconnecting());
        QVERIFY(waitReady(*link));
        QCOMPARE(ready.size(), 1);
    }
    QCOMPARE(link->url(), url);
    QVERIFY2(live.waitText(cell, QStringLiteral("pid ")), qPrintable(live.text(cell).right(300)));
    QString expected;
    for (int i = 0; i < 1500; ++i)
        expected += QStringLiteral("line %1\n").arg(i);
    QCOMPARE(live.text(cell).section(QStringLiteral("pid "), 0, 0), expected);
}

void TestSshServer::saysThatItIsDown()
{
    const auto link = makeLink();
    link->open();
    QVERIFY(waitReady(*link));
    RuntimeClient client({link->url(), link->token()});
    QVERIFY(await(client.kernels()));
    m_host->stop();
    QVERIFY(QTest::qWaitFor([&] { return link->state() == State::Waiting; }, sshPatienceMs));
    QVERIFY(link->lostAt().isValid());
    const auto kernels = await(client.kernels());
    QVERIFY(!kernels);
    QVERIFY2(kernels.error().message.contains(u"The SSH connection to box is down"),
             qPrintable(kernels.error().message));
    QVERIFY(m_host->start());
    link->open(); // now, not after the pause
    QVERIFY(waitReady(*link));
    QVERIFY(await(client.kernels()));
}

void TestSshServer::startsAnEndedServerAgain()
{
    const auto link = makeLink();
    link->open();
    QVERIFY(waitReady(*link));
    Live live(*link);
    QVERIFY(live.open());
    const CellId cell = live.run(QStringLiteral("x = 40\nprint('set')"));
    QVERIFY(live.waitText(cell, QStringLiteral("set\n")));
    const qint64 pid = serverPid();
    ::kill(static_cast<pid_t>(pid), SIGKILL);
    QVERIFY(QTest::qWaitFor([&] { return !isRunning(pid); }, sshPatienceMs));
    RuntimeClient client({link->url(), link->token()});
    QVERIFY(QTest::qWaitFor([&] { return await(client.kernels()).has_value(); }, sshPatienceMs));
    QVERIFY(serverPid() != pid);
    // The kernel has gone on.
    QVERIFY(QTest::qWaitFor(
        [&] { return live.connection->state() == KernelConnection::State::Connected; },
        sshPatienceMs));
    const CellId again = live.run(QStringLiteral("print(x + 2)"));
    QVERIFY(live.waitText(again, QStringLiteral("42\n")));
}

void TestSshServer::forgettingRemovesEverything()
{
    const auto link = makeLink();
    link->open();
    QVERIFY(waitReady(*link));
    auto live = std::make_unique<Live>(*link);
    QVERIFY(live->open());
    const CellId cell = live->run(QStringLiteral("import os\nprint('pid', os.getpid())"));
    QVERIFY(live->waitText(cell, QStringLiteral("\n")));
    const qint64 kernel = live->text(cell).section(u' ', 1).trimmed().toLongLong();
    const qint64 server = serverPid();
    QVERIFY(isRunning(kernel) && isRunning(server));
    const QString id = live->connection->kernelId().toString();
    live.reset();

    QStringList kernels;
    bool looked = false;
    link->lookForForgetting([&](const Result<QStringList> &found) {
        looked = true;
        kernels = found.value_or(QStringList());
    });
    QVERIFY(QTest::qWaitFor([&] { return looked; }, sshPatienceMs));
    QCOMPARE(kernels, QStringList{id});
    QCOMPARE(link->state(), State::Ready); // the person may still say no
    QVERIFY(forget(*link));
    QCOMPARE(link->state(), State::Closed);
    QVERIFY(!isRunning(server));
    QVERIFY(!isRunning(kernel));
    for (const char *folder : {"/.local/share/farcell", "/.local/state/farcell"})
        QVERIFY(!QFile::exists(m_host->home() + QLatin1String(folder)));
}

int main(int argc, char **argv)
{
    return test::runForUsers<TestSshServer>(argc, argv);
}

#include "tst_sshserver.moc"
