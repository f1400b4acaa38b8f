#include "core/ssh/askpassserver.h"
#include "core/ssh/sshfailure.h"
#include "core/ssh/sshtarget.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace farcell;

// What needs no host: names, the configuration's hosts, questions and failures of ssh in words.
class TestSshTarget : public QObject
{
    Q_OBJECT

private slots:
    void parses_data();
    void parses();
    void refuses_data();
    void refuses();
    void listsTheHostsOfAConfiguration();
    void readsQuestions();
    void explainsFailures_data();
    void explainsFailures();
    void explainsProgramsThatDoNotRun();
    void comparesGlibc();
};

void TestSshTarget::parses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("normal");
    QTest::addColumn<QString>("arguments");
    const auto row = [](const char *text, const char *normal, const char *arguments) {
        QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(normal)
                            << QString::fromUtf8(arguments);
    };
    row("box", "box", "-- box");
    row(" me@box ", "me@box", "-l me -- box");
    row("me@box:2222", "me@box:2222", "-p 2222 -l me -- box");
    row("ssh://me@box:2222/", "me@box:2222", "-p 2222 -l me -- box");
    row("ssh me@box", "me@box", "-l me -- box");
    row("[::1]:22", "[::1]:22", "-p 22 -- ::1");
    row("fe80::1%eth0", "[fe80::1%eth0]", "-- fe80::1%eth0");
    row("me@corp.example@gate", "me@corp.example@gate", "-l me@corp.example -- gate");
    row("GPU_box", "GPU_box", "-- GPU_box");
}

void TestSshTarget::parses()
{
    QFETCH(QString, text);
    QFETCH(QString, normal);
    QFETCH(QString, arguments);
    const auto target = SshTarget::parse(text);
    QVERIFY2(target, qPrintable(target ? QString() : target.error().message));
    QCOMPARE(target->text(), normal);
    QCOMPARE(target->arguments().join(u' '), arguments);
    QCOMPARE(*SshTarget::parse(normal), *target);
}

void TestSshTarget::refuses_data()
{
    QTest::addColumn<QString>("text");
    for (const char *text : {"", "  ", "-oProxyCommand=touch /tmp/x", "me@-oX", "-me@box", "box:0",
                             "box:70000", "box:ssh", "box:", "me@", "@box", "a b", "box;id",
                             "box`id`", "$(id)@box", "[::1", "bo*x", "me@bo'x", "[::1]22"})
        QTest::newRow(text) << QString::fromUtf8(text);
}

void TestSshTarget::refuses()
{
    QFETCH(QString, text);
    const auto target = SshTarget::parse(text);
    QVERIFY(!target);
    QVERIFY(!target.error().message.isEmpty());
}

void TestSshTarget::listsTheHostsOfAConfiguration()
{
    const QTemporaryDir folder;
    const auto write = [&](const char *name, const QByteArray &text) {
        const QString path = folder.filePath(QLatin1String(name));
        QDir().mkpath(QFileInfo(path).path());
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    };
    write("config", "Include conf.d/*.conf\n"
                    "# Host commented\n"
                    "Host alpha beta *.example.com !gamma\n  HostName a.example.com\n"
                    "host=delta\n"
                    "Host \"epsilon\" zet?\n"
                    "Match host theta\n  User x\n"
                    "HOST alpha GPU-Box # not-this\n"
                    "Include missing.conf config\n"
                    "Host *\n  User me\n");
    write("conf.d/one.conf", "Host first\n");
    write("conf.d/two.conf", "Host second\nInclude conf.d/one.conf\n");
    const QString expected = QStringLiteral("first second alpha beta delta epsilon GPU-Box");
    QCOMPARE(sshConfigHosts(folder.filePath(QStringLiteral("config"))).join(u' '), expected);
    QCOMPARE(sshConfigHosts(folder.filePath(QStringLiteral("none"))), QStringList());
}

void TestSshTarget::readsQuestions()
{
    const auto host = readSshQuestion(
        {}, QStringLiteral("The authenticity of host '[127.0.0.1]:2222 ([127.0.0.1]:2222)' can't "
                           "be established.\nED25519 key fingerprint is SHA256:abc/def+1.\nThis "
                           "key is not known by any other names.\nAre you sure you want to "
                           "continue connecting (yes/no/[fingerprint])? "));
    QCOMPARE(host.kind, SshQuestion::Kind::HostKey);
    QCOMPARE(host.subject, QStringLiteral("[127.0.0.1]:2222 ([127.0.0.1]:2222)"));
    QCOMPARE(host.keyType, QStringLiteral("ED25519"));
    QCOMPARE(host.fingerprint, QStringLiteral("SHA256:abc/def+1"));
    const auto key =
        readSshQuestion({}, QStringLiteral("Enter passphrase for key '/home/me/.ssh/id': "));
    QCOMPARE(key.kind, SshQuestion::Kind::Passphrase);
    QCOMPARE(key.subject, QStringLiteral("/home/me/.ssh/id"));
    const auto password = readSshQuestion({}, QStringLiteral("me@box's password: "));
    QCOMPARE(password.kind, SshQuestion::Kind::Password);
    QCOMPARE(password.subject, QStringLiteral("me@box"));
    QCOMPARE(readSshQuestion({}, QStringLiteral("(me@box) Verification code: ")).kind,
             SshQuestion::Kind::Text);
    QCOMPARE(readSshQuestion(QStringLiteral("confirm"), QStringLiteral("Allow use?")).kind,
             SshQuestion::Kind::Confirm);
    QCOMPARE(readSshQuestion(QStringLiteral("none"), QStringLiteral("Touch it")).kind,
             SshQuestion::Kind::Notice);
}

void TestSshTarget::explainsFailures_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("part");
    const auto row = [](const char *text, ErrorCode code, const char *part) {
        QTest::newRow(part) << QString::fromUtf8(text) << static_cast<int>(code)
                            << QString::fromUtf8(part);
    };
    row("ssh: connect to host box port 22: No route to host", ErrorCode::Unavailable,
        "There is no way to");
    row("ssh: connect to host box port 22: Connection timed out", ErrorCode::Timeout,
        "did not answer in time");
    row("Timeout, server box not responding.", ErrorCode::Timeout, "switched on");
    row("Permissions 0644 for '/k' are too open.\nWARNING: UNPROTECTED PRIVATE KEY FILE!\n"
        "me@box: Permission denied (publickey).",
        ErrorCode::Denied, "chmod 600");
    row("Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. Their offer: "
        "ssh-rsa",
        ErrorCode::Denied, "no common way to talk");
    row("/home/me/.ssh/config: line 3: Bad configuration option: foo\n"
        "/home/me/.ssh/config: terminating, 1 bad configuration options",
        ErrorCode::InvalidData, "configuration of ssh has an error");
    row("kex_exchange_identification: Connection closed by remote host", ErrorCode::Unavailable,
        "closed the connection");
    row("something nobody foresaw.", ErrorCode::Unavailable, "something nobody foresaw");
}

void TestSshTarget::explainsFailures()
{
    QFETCH(QString, text);
    QFETCH(int, code);
    QFETCH(QString, part);
    const Error error = sshError(*SshTarget::parse(QStringLiteral("me@box")), text);
    QCOMPARE(static_cast<int>(error.code), code);
    QVERIFY2(error.message.contains(part), qPrintable(error.message));
    QVERIFY(!error.message.contains(u'\n'));
}

void TestSshTarget::explainsProgramsThatDoNotRun()
{
    const SshTarget target = *SshTarget::parse(QStringLiteral("box"));
    const auto say = [&](const char *detail) {
        return remoteError(target, QStringLiteral("does-not-run"), QString::fromUtf8(detail))
            .message;
    };
    QVERIFY(say("/x/farcelld: /lib/libc.so.6: version `GLIBC_2.36' not found (required by /x)")
                .contains(u"lacks GLIBC_2.36"));
    QVERIFY(say("/x/farcelld: error while loading shared libraries: libfoo.so.1: cannot open "
                "shared object file")
                .contains(u"the library libfoo.so.1 is missing"));
    QVERIFY(say("sh: 1: /x/farcelld: Permission denied").contains(u"does not let programs run"));
    QVERIFY(remoteError(target, QStringLiteral("write"),
                        QStringLiteral("cat: write error: No space left on device"))
                .message.contains(u"is full"));
}

void TestSshTarget::comparesGlibc()
{
    const SshTarget target = *SshTarget::parse(QStringLiteral("box"));
    QVERIFY(checkGlibc(target, QStringLiteral("glibc 2.36"), QStringLiteral("2.36")));
    QVERIFY(checkGlibc(target, QStringLiteral("glibc 2.41"), QStringLiteral("2.9")));
    const auto old = checkGlibc(target, QStringLiteral("glibc 2.9"), QStringLiteral("2.36"));
    QVERIFY(!old);
    QVERIFY(old.error().message.contains(u"it has glibc 2.9, and 2.36 is needed"));
    QVERIFY(!checkGlibc(target, QString(), QStringLiteral("2.36")));
}

QTEST_GUILESS_MAIN(TestSshTarget)
#include "tst_sshtarget.moc"
