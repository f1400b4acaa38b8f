#include "tests/support/sshd.h"

#include "core/client/kernelconnection.h"
#include "core/client/notebooksession.h"
#include "core/client/runtimeclient.h"
#include "core/notebook/notebookdocument.h"
#include "core/ssh/sshlink.h"

#include <QDirIterator>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

#include <sys/mount.h>

using namespace farcell;
using test::Sshd;
using State = SshLink::State;

namespace {

constexpr int patienceMs = 120000;

template <typename T>
Result<T> await(QFuture<Result<T>> future)
{
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, patienceMs) || !future.isValid())
        return fail(ErrorCode::Timeout, QStringLiteral("the future did not finish"));
    return future.result();
}

// One that has ended and waits to be collected does not count.
bool isRunning(qint64 pid)
{
    QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
    if (pid <= 0 || !stat.open(QIODevice::ReadOnly))
        return false;
    const QByteArray text = stat.readAll();
    return text.mid(text.lastIndexOf(')') + 2, 1) != "Z";
}

} // namespace

// Hosts over SSH, against a real sshd with real keys; farcelld is really copied and started.
class TestSsh : public QObject
{
    Q_OBJECT

public:
    // Empty: as we ourselves.
    explicit TestSsh(QString user)
        : m_user(std::move(user))
    {}

private slots:
    void initTestCase();
    void init();
    void cleanup();
    void asksAboutTheHostKeyAndCopiesTheServer();
    void refusingTheHostKeyEnds();
    void runsACellInACleanEnvironment();
    void findsTheRunningServer();
    void twoAtOnceShareOneServer();
    void asksForThePassphrase();
    void wrongKeyIsRefused();
    void changedHostKeyIsLoud();
    void unreachableHostsAreExplained();
    void comesBackAndMissesNothing();
    void saysThatItIsDown();
    void startsAnEndedServerAgain();
    void copyingGoesOnWhereItWasCut();
    void damagedCopyIsSentAgain();
    void fullDiskIsSaid();
    void noShellIsSaid();
    void forbiddenForwardingIsSaid();
    void passwordIsAsked();
    void forgettingRemovesEverything();
    void strangersCannotAsk();

private:
    void makeHost(const QByteArray &config = {});
    std::unique_ptr<SshLink> makeLink(const QString &name = QStringLiteral("box"));
    static bool waitReady(SshLink &link)
    {
        const bool ended = QTest::qWaitFor(
            [&] { return link.state() == State::Ready || link.state() == State::Closed; },
            patienceMs);
        if (link.state() != State::Ready)
            qWarning() << "state" << int(link.state()) << link.error().message
                       << link.error().detail;
        return ended && link.state() == State::Ready;
    }
    // What open() comes to when it does not come to a connection.
    static Error failure(SshLink &link)
    {
        Error error;
        QObject::connect(&link, &SshLink::failed, &link, [&](const Error &e) { error = e; });
        link.open();
        const bool ended = QTest::qWaitFor(
            [&] { return link.state() == State::Ready || link.state() == State::Closed; },
            patienceMs);
        link.disconnect();
        if (!ended || link.state() == State::Ready)
            error.message = QStringLiteral("(no failure)");
        return error;
    }
    bool waitQuestion(SshLink &link)
    {
        return QTest::qWaitFor([&] { return link.question() || link.state() == State::Closed; },
                               patienceMs);
    }
    [[nodiscard]] QString serverField(const QString &name) const
    {
        for (const QString &state : QDir(m_host->home() + QStringLiteral("/.local/state/farcell"))
                                        .entryList({QStringLiteral("ssh-*")}, QDir::Dirs)) {
            QFile file(m_host->home() + QStringLiteral("/.local/state/farcell/") + state +
                       QStringLiteral("/server"));
            if (!file.open(QIODevice::ReadOnly))
                continue;
            for (const QString &line : QString::fromUtf8(file.readAll()).split(u'\n')) {
                if (line.startsWith(name + u' '))
                    return line.mid(name.size() + 1);
            }
        }
        return {};
    }
    [[nodiscard]] qint64 serverPid() const
    {
        return serverField(QStringLiteral("pid")).toLongLong();
    }
    [[nodiscard]] QString dataFolder() const
    {
        return m_host->home() + QStringLiteral("/.local/share/farcell/server");
    }
    bool forget(SshLink &link)
    {
        bool done = false;
        bool isOk = false;
        link.lookForForgetting([&](const Result<QStringList> &kernels) {
            if (!kernels) {
                qWarning() << kernels.error().message;
                done = true;
                return;
            }
            link.forget([&](const Result<> &forgotten) {
                if (!forgotten)
                    qWarning() << forgotten.error().message << forgotten.error().detail;
                isOk = forgotten.has_value();
                done = true;
            });
        });
        return QTest::qWaitFor([&] { return done; }, patienceMs) && isOk;
    }

    QString m_user;
    std::unique_ptr<Sshd> m_host;
};

void TestSsh::initTestCase()
{
    if (Sshd::program().isEmpty())
        QSKIP("no sshd is installed: the whole test");
}

void TestSsh::makeHost(const QByteArray &config)
{
    m_host = std::make_unique<Sshd>(m_user, config);
    QVERIFY2(m_host->start(), m_host->log().constData());
    m_host->trustHostKey();
}

void TestSsh::init()
{
    makeHost();
}

void TestSsh::cleanup()
{
    if (QTest::currentTestFailed() && m_host)
        qWarning().noquote() << m_host->log().right(3000);
    if (const qint64 pid = m_host ? serverPid() : 0; isRunning(pid)) {
        m_host->authorize(QStringLiteral("key"));
        m_host->writeClientConfig();
        m_host->trustHostKey();
        const auto link = makeLink();
        QVERIFY(forget(*link));
        QVERIFY(!isRunning(pid));
    }
    m_host.reset();
}

std::unique_ptr<SshLink> TestSsh::makeLink(const QString &name)
{
    SshLink::Options options;
    options.ssh.configFile = m_host->clientConfig();
    options.askpass = QStringLiteral(FARCELL_BIN_DIR "/farcell-askpass");
    options.programs = QStringLiteral(FARCELL_BIN_DIR);
    options.cacheDirectory = QStringLiteral(FARCELL_BIN_DIR "/../sshcache"); // packed once
    options.usesInstalled = false;
    return std::make_unique<SshLink>(*SshTarget::parse(name), options);
}

void TestSsh::asksAboutTheHostKeyAndCopiesTheServer()
{
    QFile::remove(m_host->file(QStringLiteral("known")));
    const auto link = makeLink();
    QSignalSpy progress(link.get(), &SshLink::progressChanged);
    link->open();
    QVERIFY(waitQuestion(*link));
    QVERIFY(link->question());
    QCOMPARE(link->question()->kind, SshQuestion::Kind::HostKey);
    QProcess keygen;
    keygen.start(QStringLiteral("ssh-keygen"),
                 {QStringLiteral("-lf"), m_host->file(QStringLiteral("hostkey.pub"))});
    QVERIFY(keygen.waitForFinished());
    QVERIFY(!link->question()->fingerprint.isEmpty());
    QVERIFY(keygen.readAll().contains(link->question()->fingerprint.toLatin1()));
    // Nothing that is on a command line or in the environment of the host is a secret.
    QFile line(QStringLiteral("/proc/%1/cmdline").arg(link->sshProcessId()));
    QVERIFY(line.open(QIODevice::ReadOnly));
    QVERIFY(!line.readAll().contains("SECRET"));
    link->answer(QStringLiteral("yes"));
    QVERIFY(waitReady(*link));

    QVERIFY(QFile::exists(m_host->file(QStringLiteral("known"))));
    QVERIFY(progress.size() > 2);
    QCOMPARE(progress.first().value(0).toLongLong(), 0);
    QCOMPARE(progress.last().value(0), progress.last().value(1));
    const QString folder = dataFolder() + u'/' + serverField(QStringLiteral("id"));
    QVERIFY(QFileInfo(folder + QStringLiteral("/bin/farcell-keeper")).isExecutable());
    QVERIFY(QFile::exists(folder + QStringLiteral("/lib/farcell/libQt6Core.so.6")));
    QVERIFY(!QFile::exists(folder + QStringLiteral("/lib/farcell/libc.so.6")));
    QCOMPARE(QDir(dataFolder()).entryList({QStringLiteral("upload-*")}).size(), 0);
    // It runs with the copied libraries.
    QFile maps(QStringLiteral("/proc/%1/maps").arg(serverPid()));
    QVERIFY(maps.open(QIODevice::ReadOnly));
    const QByteArray mapped = maps.readAll();
    QVERIFY(mapped.contains("lib/farcell/libQt6Core"));
    QVERIFY(!mapped.contains("x86_64-linux-gnu/libQt6Core"));

    RuntimeClient client({link->url(), link->token()});
    const auto info = await(client.probe());
    QVERIFY2(info, qPrintable(info ? QString() : info.error().message));
    QVERIFY(info->isFarcell);
    RuntimeClient stranger({link->url(), QStringLiteral("wrong")});
    QVERIFY(!await(stranger.probe()));
}

void TestSsh::refusingTheHostKeyEnds()
{
    QFile::remove(m_host->file(QStringLiteral("known")));
    const auto link = makeLink();
    QSignalSpy failed(link.get(), &SshLink::failed);
    link->open();
    QVERIFY(waitQuestion(*link));
    link->refuse();
    QCOMPARE(link->state(), State::Closed);
    QCOMPARE(failed.size(), 1);
    QVERIFY(failed.first().first().value<Error>().message.contains(u"was not accepted"));
    QVERIFY(!QFile::exists(m_host->file(QStringLiteral("known"))));
    QVERIFY(!QFile::exists(dataFolder()));
}

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
            [&] { return connection->state() == KernelConnection::State::Connected; }, patienceMs);
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
        return QTest::qWaitFor([&] { return text(id).contains(end); }, patienceMs);
    }

    std::unique_ptr<RuntimeClient> client;
    NotebookDocument document;
    std::unique_ptr<KernelConnection> connection;
    std::unique_ptr<NotebookSession> session;
};

} // namespace

void TestSsh::runsACellInACleanEnvironment()
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
    QCOMPARE(live.text(cell), QStringLiteral("[]\nown libraries\n%1 %2 %1\nthe end\n")
                                  .arg(m_host->home(), QStringLiteral("yes")));
}

void TestSsh::findsTheRunningServer()
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

void TestSsh::twoAtOnceShareOneServer()
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

void TestSsh::asksForThePassphrase()
{
    m_host->makeKey(QStringLiteral("locked"), QStringLiteral("open sesame"));
    m_host->authorize(QStringLiteral("locked"));
    m_host->writeClientConfig(QStringLiteral("locked"));
    const auto link = makeLink();
    link->open();
    QVERIFY(waitQuestion(*link));
    QVERIFY(link->question());
    QCOMPARE(link->question()->kind, SshQuestion::Kind::Passphrase);
    QVERIFY(link->question()->subject.endsWith(u"/locked"));
    QVERIFY(!link->question()->isRepeated);
    link->answer(QStringLiteral("wrong"));
    QVERIFY(waitQuestion(*link));
    QVERIFY(link->question());
    QVERIFY(link->question()->isRepeated);
    link->answer(QStringLiteral("open sesame"));
    QVERIFY(waitReady(*link));

    // A connection that comes back does not ask again.
    QSignalSpy asked(link.get(), &SshLink::questionChanged);
    m_host->endSessions();
    QVERIFY(QTest::qWaitFor([&] { return link->state() != State::Ready; }, patienceMs));
    QVERIFY(waitReady(*link));
    QCOMPARE(asked.size(), 0);
}

void TestSsh::wrongKeyIsRefused()
{
    m_host->makeKey(QStringLiteral("other"));
    m_host->writeClientConfig(QStringLiteral("other"));
    const auto link = makeLink();
    const Error error = failure(*link);
    QCOMPARE(error.code, ErrorCode::Denied);
    QVERIFY2(error.message.contains(u"box did not let you in"), qPrintable(error.message));
    QVERIFY2(error.message.contains(u"publickey"), qPrintable(error.message));
}

void TestSsh::changedHostKeyIsLoud()
{
    m_host->stop();
    m_host->changeHostKey();
    QVERIFY(m_host->start());
    const auto link = makeLink();
    const Error error = failure(*link);
    QCOMPARE(error.code, ErrorCode::Denied);
    QVERIFY2(error.message.startsWith(u"Danger: the key of box"), qPrintable(error.message));
}

void TestSsh::unreachableHostsAreExplained()
{
    m_host->stop();
    const auto closed = makeLink();
    QVERIFY(failure(*closed).message.contains(u"box refused the connection"));
    const auto unknown = makeLink(QStringLiteral("no-such-host.invalid"));
    QVERIFY(failure(*unknown).message.contains(u"“no-such-host.invalid” cannot be found"));
    // A port that accepts and says nothing.
    QTcpServer silent;
    QVERIFY(silent.listen(QHostAddress::LocalHost));
    connect(&silent, &QTcpServer::newConnection, &silent,
            [&] { silent.nextPendingConnection()->close(); });
    const auto mute = makeLink(QStringLiteral("127.0.0.1:%1").arg(silent.serverPort()));
    QVERIFY(failure(*mute).message.contains(u"closed the connection"));
}

void TestSsh::comesBackAndMissesNothing()
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
        QVERIFY(live.waitText(cell, QLatin1String(until)));
        QSignalSpy ready(link.get(), &SshLink::ready);
        if (until[5] == '1')
            m_host->endSessions();
        else
            ::kill(static_cast<pid_t>(link->sshProcessId()), SIGKILL);
        QVERIFY(QTest::qWaitFor([&] { return link->state() != State::Ready; }, patienceMs));
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

void TestSsh::saysThatItIsDown()
{
    const auto link = makeLink();
    link->open();
    QVERIFY(waitReady(*link));
    RuntimeClient client({link->url(), link->token()});
    QVERIFY(await(client.kernels()));
    m_host->stop();
    QVERIFY(QTest::qWaitFor([&] { return link->state() == State::Waiting; }, patienceMs));
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

void TestSsh::startsAnEndedServerAgain()
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
    QVERIFY(QTest::qWaitFor([&] { return !isRunning(pid); }, patienceMs));
    RuntimeClient client({link->url(), link->token()});
    QVERIFY(QTest::qWaitFor([&] { return await(client.kernels()).has_value(); }, patienceMs));
    QVERIFY(serverPid() != pid);
    // The kernel has gone on.
    QVERIFY(QTest::qWaitFor(
        [&] { return live.connection->state() == KernelConnection::State::Connected; },
        patienceMs));
    const CellId again = live.run(QStringLiteral("print(x + 2)"));
    QVERIFY(live.waitText(again, QStringLiteral("42\n")));
}

void TestSsh::copyingGoesOnWhereItWasCut()
{
    const auto link = makeLink();
    const auto cutter =
        connect(link.get(), &SshLink::progressChanged, this, [&](qint64 done, qint64 total) {
            if (done > total / 4 && done < total)
                m_host->endSessions();
        });
    const Error error = failure(*link);
    disconnect(cutter);
    QVERIFY2(error.code == ErrorCode::Unavailable, qPrintable(error.message));
    QStringList left;
    QVERIFY(QTest::qWaitFor(
        [&] {
            left = QDir(dataFolder()).entryList({QStringLiteral("upload-*")});
            return left.size() == 1;
        },
        patienceMs));
    QVERIFY(QFileInfo(dataFolder() + u'/' + left.first()).size() > 0);
    // Until the host has noticed the end of the connection somebody owns the leftover.
    QVERIFY(QTest::qWaitFor([&] { return !isRunning(left.first().section(u'.', -1).toLongLong()); },
                            patienceMs));
    QSignalSpy progress(link.get(), &SshLink::progressChanged);
    link->open();
    QVERIFY(waitReady(*link));
    QVERIFY(progress.first().value(0).toLongLong() > 0);
    QCOMPARE(QDir(dataFolder()).entryList({QStringLiteral("upload-*")}).size(), 0);
}

void TestSsh::damagedCopyIsSentAgain()
{
    const auto link = makeLink();
    link->open();
    QVERIFY(waitReady(*link));
    const QString library = dataFolder() + u'/' + serverField(QStringLiteral("id")) +
                            QStringLiteral("/lib/farcell/libQt6Network.so.6");
    link->close();
    ::kill(static_cast<pid_t>(serverPid()), SIGKILL);
    QVERIFY(QTest::qWaitFor([&] { return !isRunning(serverPid()); }, patienceMs));
    QFile file(library);
    const qint64 size = file.size();
    QVERIFY(size > 0 && file.resize(size - 1));
    link->open();
    QVERIFY(waitReady(*link));
    QCOMPARE(QFileInfo(library).size(), size);
}

void TestSsh::fullDiskIsSaid()
{
    if (::geteuid() != 0 || ::mount("tmpfs", QFile::encodeName(m_host->home()).constData(), "tmpfs",
                                    0, "size=12m,mode=0777") != 0)
        QSKIP("a small file system can be mounted by root only");
    const auto link = makeLink();
    const Error error = failure(*link);
    ::umount2(QFile::encodeName(m_host->home()).constData(), MNT_DETACH);
    QVERIFY2(error.message.startsWith(u"The disk that holds your home folder on box is full"),
             qPrintable(error.message));
}

void TestSsh::noShellIsSaid()
{
    if (m_user.isEmpty())
        QSKIP("only a throwaway user's shell can be changed");
    QVERIFY(Sshd::run(QStringLiteral("usermod"),
                      {QStringLiteral("-s"), QStringLiteral("/usr/sbin/nologin"), m_user}));
    const auto link = makeLink();
    const Error error = failure(*link);
    Sshd::run(QStringLiteral("usermod"),
              {QStringLiteral("-s"), QStringLiteral("/bin/bash"), m_user});
    QVERIFY2(error.message.contains(u"lets you in but runs no commands"),
             qPrintable(error.message));
}

void TestSsh::forbiddenForwardingIsSaid()
{
    makeHost("AllowStreamLocalForwarding no");
    const auto link = makeLink();
    const Error error = failure(*link);
    QVERIFY2(error.message.contains(u"AllowStreamLocalForwarding"), qPrintable(error.message));
}

void TestSsh::passwordIsAsked()
{
    if (m_user.isEmpty())
        QSKIP("only a throwaway user's password is known");
    m_host->writeClientConfig(QStringLiteral("key"),
                              "PreferredAuthentications password\n  PubkeyAuthentication no");
    const auto link = makeLink();
    link->open();
    QVERIFY(waitQuestion(*link));
    QVERIFY(link->question());
    QCOMPARE(link->question()->kind, SshQuestion::Kind::Password);
    link->answer(QStringLiteral("no"));
    QVERIFY(waitQuestion(*link));
    QVERIFY(link->question() && link->question()->isRepeated);
    link->answer(QStringLiteral("pass word"));
    QVERIFY(waitReady(*link));
}

void TestSsh::forgettingRemovesEverything()
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
    QVERIFY(QTest::qWaitFor([&] { return looked; }, patienceMs));
    QCOMPARE(kernels, QStringList{id});
    QCOMPARE(link->state(), State::Ready); // the person may still say no
    QVERIFY(forget(*link));
    QCOMPARE(link->state(), State::Closed);
    QVERIFY(!isRunning(server));
    QVERIFY(!isRunning(kernel));
    for (const char *folder : {"/.local/share/farcell", "/.local/state/farcell"})
        QVERIFY(!QFile::exists(m_host->home() + QLatin1String(folder)));
}

// The socket of questions: another process of ours without the secret is not heard.
void TestSsh::strangersCannotAsk()
{
    const QTemporaryDir folder;
    AskpassServer server(folder.filePath(QStringLiteral("ask")),
                         QStringLiteral(FARCELL_BIN_DIR "/farcell-askpass"));
    QVERIFY(server.listen());
    QSignalSpy asked(&server, &AskpassServer::asked);
    QProcess helper;
    QProcessEnvironment environment = server.environment();
    environment.insert(QStringLiteral("FARCELL_ASKPASS_SECRET"), QString(64, u'0'));
    helper.setProcessEnvironment(environment);
    helper.start(QStringLiteral(FARCELL_BIN_DIR "/farcell-askpass"), {QStringLiteral("Password:")});
    QVERIFY(QTest::qWaitFor([&] { return helper.state() == QProcess::NotRunning; }, patienceMs));
    QCOMPARE(helper.exitCode(), 1);
    QCOMPARE(asked.size(), 0);

    helper.setProcessEnvironment(server.environment());
    helper.start(QStringLiteral(FARCELL_BIN_DIR "/farcell-askpass"), {QStringLiteral("Password:")});
    QVERIFY(QTest::qWaitFor([&] { return asked.size() == 1; }, patienceMs));
    server.answer(asked.first().first().value<SshQuestion>().id, QStringLiteral("päss"));
    QVERIFY(QTest::qWaitFor([&] { return helper.state() == QProcess::NotRunning; }, patienceMs));
    QCOMPARE(helper.exitCode(), 0);
    QCOMPARE(helper.readAllStandardOutput(), QByteArray("päss\n"));
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    TestSsh own{QString()};
    int failures = QTest::qExec(&own, argc, argv);
    const test::ThrowawayUser user;
    if (!user.isMade() || Sshd::program().isEmpty()) {
        qWarning("SKIP: as an ordinary user too only where the tests run as root");
        return failures;
    }
    if (!user.setPassword("pass word"))
        return failures + 1;
    TestSsh ordinary(user.name());
    failures += QTest::qExec(&ordinary, argc, argv);
    return failures;
}
#include "tst_ssh.moc"
