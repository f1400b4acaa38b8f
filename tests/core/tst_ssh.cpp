#include "tests/support/sshfixture.h"

#include <QProcess>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

#include <utility>

#include <sys/mount.h>

using namespace farcell;
using test::await;
using test::isRunning;
using test::Sshd;
using test::sshPatienceMs;

// Getting to hosts over SSH, against a real sshd with real keys; farcelld is really copied. What it
// does there: tst_sshserver.
class TestSsh : public QObject, protected test::SshFixture
{
    Q_OBJECT

public:
    explicit TestSsh(QString user)
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
    void asksAboutTheHostKeyAndCopiesTheServer();
    void refusingTheHostKeyEnds();
    void asksForThePassphrase();
    void wrongKeyIsRefused();
    void changedHostKeyIsLoud();
    void unreachableHostsAreExplained();
    void copyingGoesOnWhereItWasCut();
    void damagedCopyIsSentAgain();
    void fullDiskIsSaid();
    void noShellIsSaid();
    void forbiddenForwardingIsSaid();
    void passwordIsAsked();
    void strangersCannotAsk();
};

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
    QVERIFY(QTest::qWaitFor([&] { return link->state() != State::Ready; }, sshPatienceMs));
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
        sshPatienceMs));
    QVERIFY(QFileInfo(dataFolder() + u'/' + left.first()).size() > 0);
    // Until the host has noticed the end of the connection somebody owns the leftover.
    QVERIFY(QTest::qWaitFor([&] { return !isRunning(left.first().section(u'.', -1).toLongLong()); },
                            sshPatienceMs));
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
    QVERIFY(QTest::qWaitFor([&] { return !isRunning(serverPid()); }, sshPatienceMs));
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
    QVERIFY(QTest::qWaitFor([&] { return helper.state() == QProcess::NotRunning; }, sshPatienceMs));
    QCOMPARE(helper.exitCode(), 1);
    QCOMPARE(asked.size(), 0);

    helper.setProcessEnvironment(server.environment());
    helper.start(QStringLiteral(FARCELL_BIN_DIR "/farcell-askpass"), {QStringLiteral("Password:")});
    QVERIFY(QTest::qWaitFor([&] { return asked.size() == 1; }, sshPatienceMs));
    server.answer(asked.first().first().value<SshQuestion>().id, QStringLiteral("päss"));
    QVERIFY(QTest::qWaitFor([&] { return helper.state() == QProcess::NotRunning; }, sshPatienceMs));
    QCOMPARE(helper.exitCode(), 0);
    QCOMPARE(helper.readAllStandardOutput(), QByteArray("päss\n"));
}

int main(int argc, char **argv)
{
    return test::runForUsers<TestSsh>(argc, argv);
}

#include "tst_ssh.moc"
