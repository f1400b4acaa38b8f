#include "core/client/kernelconnection.h"
#include "core/client/pinstore.h"
#include "core/client/runtimeclient.h"
#include "tests/support/farcelld.h"
#include "tests/support/fastkernelspec.h"

#include <QFileInfo>
#include <QSignalSpy>
#include <QSslSocket>
#include <QTest>

#include <memory>

using namespace farcell;
using farcell::test::Farcelld;

namespace {

constexpr int patienceMs = 180'000; // the thread sanitizer is slow

template <typename T>
Result<T> wait(QFuture<Result<T>> future)
{
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, patienceMs))
        return fail(ErrorCode::Timeout, QStringLiteral("no answer"));
    return future.result();
}

Endpoint endpointOf(const Farcelld &server, const char *scheme = "https")
{
    return {QUrl(QStringLiteral("%1://127.0.0.1:%2/")
                     .arg(QString::fromLatin1(scheme))
                     .arg(server.port())),
            QStringLiteral("test-token"),
            {}};
}

Result<ServerInfo> probe(const Endpoint &endpoint)
{
    RuntimeClient client(endpoint);
    return wait(client.probe());
}

// The fingerprint of a certificate that is refused; empty if it is not.
QByteArray shownBy(const Endpoint &endpoint)
{
    const auto info = probe(endpoint);
    return info || info.error().code != ErrorCode::Untrusted ? QByteArray()
                                                             : info.error().detail.toLatin1();
}

} // namespace

// A real farcelld with TLS, and the app's client, which has to be told whom to trust.
class TestTls : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void trustsWhatWasPinned();
    void changedCertificateIsLoud();
    void kernelsOverTls();
    void ownCertificate();
    void beyondLoopback();
    void insecureWhenToldSo();
    void tokenTells();
    void pinsAreKept();

private:
    [[nodiscard]] static QString printedBy(Farcelld &server, const QStringList &arguments);

    const QStringList m_tls{QStringLiteral("--no-prewarm"), QStringLiteral("--tls")};
};

void TestTls::initTestCase()
{
    if (!QSslSocket::supportsSsl())
        QSKIP("Qt has no TLS here: the whole test");
}

QString TestTls::printedBy(Farcelld &server, const QStringList &arguments)
{
    QProcess process;
    process.start(QStringLiteral(FARCELL_BIN_DIR "/farcelld"),
                  arguments + QStringList{QStringLiteral("--state-dir"), server.state(),
                                          QStringLiteral("--token-file"),
                                          server.root() + QStringLiteral("/../token")});
    return process.waitForFinished(patienceMs) ? QString::fromUtf8(process.readAllStandardOutput())
                                               : QString();
}

void TestTls::trustsWhatWasPinned()
{
    Farcelld server;
    QVERIFY(server.start(m_tls));
    QVERIFY(server.readyLine().contains("https://127.0.0.1:"));
    Endpoint endpoint = endpointOf(server);

    const auto refused = probe(endpoint);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::Untrusted);
    const QString shown = refused.error().detail;
    QVERIFY2(printedBy(server, {QStringLiteral("token")}).contains(shown), qPrintable(shown));
    QCOMPARE(shown.size(), 32 * 3 - 1);

    endpoint.fingerprint = shown.toLatin1();
    const auto info = probe(endpoint);
    QVERIFY2(info, info ? "" : qPrintable(info.error().message));
    QVERIFY(info->isFarcell);
    QVERIFY(!probe(endpointOf(server, "http"))); // nothing without TLS on this port

    const QFileInfo key(server.state() + QStringLiteral("/tls.key"));
    QCOMPARE(key.permissions() &
                 (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther),
             QFile::Permissions());
    QVERIFY(key.isFile());
    // The same certificate after a restart.
    QCOMPARE(server.stop(), 0);
    QVERIFY(server.start(m_tls, server.port()));
    QVERIFY(probe(endpoint));
}

void TestTls::changedCertificateIsLoud()
{
    Farcelld server;
    QVERIFY(server.start(m_tls));
    Endpoint endpoint = endpointOf(server);
    endpoint.fingerprint = shownBy(endpoint);
    QVERIFY(probe(endpoint));
    QCOMPARE(server.stop(), 0);
    QVERIFY(QFile::remove(server.state() + QStringLiteral("/tls.crt")));
    QVERIFY(server.start(m_tls, server.port()));

    const auto refused = probe(endpoint);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::Untrusted);
    QVERIFY(refused.error().message.contains(QStringLiteral("CHANGED")));
    QVERIFY(refused.error().detail.toLatin1() != endpoint.fingerprint);
}

void TestTls::kernelsOverTls()
{
    const test::FastKernelSpec specs{QStringLiteral(FASTKERNEL)};
    Farcelld server;
    QVERIFY(server.start(m_tls));
    Endpoint endpoint = endpointOf(server);
    endpoint.fingerprint = shownBy(endpoint);
    RuntimeClient client(endpoint);
    const auto session = wait(client.startSession(QStringLiteral("a.ipynb"), QStringLiteral("a"),
                                                  QStringLiteral("fast")));
    QVERIFY2(session, session ? "" : qPrintable(session.error().message));
    const std::unique_ptr<KernelConnection> connection(
        client.connectKernel(session->kernel.id, session->kernel.name));
    int lines = 0;
    connect(connection.get(), &KernelConnection::messageReceived, this,
            [&](const KernelMessage &message) {
                lines += message.type() == QLatin1String("stream") ? 1 : 0;
            });

    connection->execute(QStringLiteral("burst 5000 2000"), {});
    QTRY_COMPARE_WITH_TIMEOUT(lines, 5000, patienceMs);

    // The line is taken up again, over TLS too.
    server.kill();
    QVERIFY(server.start(m_tls, server.port()));
    connection->reconnectNow();
    connection->execute(QStringLiteral("echo again"), {});
    QTRY_COMPARE_WITH_TIMEOUT(lines, 5001, patienceMs);
}

void TestTls::ownCertificate()
{
    Farcelld server;
    const QString folder = server.root();
    const auto file = [&](const char *name) -> QString {
        return folder + u'/' + QString::fromLatin1(name);
    };
    QProcess openssl;
    openssl.start(QStringLiteral("openssl"),
                  {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"),
                   QStringLiteral("rsa:2048"), QStringLiteral("-nodes"), QStringLiteral("-subj"),
                   QStringLiteral("/CN=mine"), QStringLiteral("-keyout"), file("k.pem"),
                   QStringLiteral("-out"), file("c.pem")});
    if (!openssl.waitForFinished(patienceMs) || openssl.exitCode() != 0)
        QSKIP("openssl is not installed");
    QVERIFY(QFile::setPermissions(file("k.pem"), QFile::ReadOwner | QFile::WriteOwner));
    const QStringList own{QStringLiteral("--tls-cert"), file("c.pem"), QStringLiteral("--tls-key"),
                          file("k.pem")};
    QVERIFY(server.start(own));
    QVERIFY(!shownBy(endpointOf(server)).isEmpty());
    QCOMPARE(server.stop(), 0);
    // A key that others may read is refused.
    QVERIFY(QFile::setPermissions(file("k.pem"), QFile::ReadOwner | QFile::ReadOther));
    QVERIFY(!server.start(own));
    QTRY_COMPARE_WITH_TIMEOUT(server.process().state(), QProcess::NotRunning, patienceMs);
    QCOMPARE(server.process().exitCode(), 1);
    QVERIFY(server.process().readAllStandardError().contains("chmod 600"));
}

void TestTls::beyondLoopback()
{
    Farcelld server;
    QVERIFY(server.start({QStringLiteral("--listen"), QStringLiteral("0.0.0.0:0")}));
    QVERIFY(server.readyLine().contains("https://0.0.0.0:"));
    Endpoint endpoint = endpointOf(server);
    endpoint.fingerprint = shownBy(endpoint);
    QVERIFY(probe(endpoint));
    QVERIFY(!probe(endpointOf(server, "http")));
}

void TestTls::insecureWhenToldSo()
{
    Farcelld server;
    QVERIFY(server.start(
        {QStringLiteral("--listen"), QStringLiteral("0.0.0.0:0"), QStringLiteral("--insecure")}));
    QVERIFY(server.readyLine().contains("http://0.0.0.0:"));
    QVERIFY(probe(endpointOf(server, "http")));
    QByteArray said;
    const auto warns = [&] {
        said += server.process().readAllStandardError();
        return said.contains("without TLS");
    };
    QTRY_VERIFY2(warns(), said.constData());
}

void TestTls::tokenTells()
{
    Farcelld server;
    QVERIFY(server.start(m_tls));
    const QString running = printedBy(server, {QStringLiteral("token")});
    QVERIFY2(running.contains(QStringLiteral("https://127.0.0.1:%1/").arg(server.port())),
             qPrintable(running));
    QVERIFY(running.contains(QStringLiteral("test-token")));
    QVERIFY(running.contains(QStringLiteral("SHA-256")));
    QCOMPARE(server.stop(), 0);
    QVERIFY(printedBy(server, {QStringLiteral("token")}).contains(QStringLiteral("not running")));
}

void TestTls::pinsAreKept()
{
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("a/pins.json"));
    const QUrl url(QStringLiteral("https://Box.example/x"));
    const QString hex = QString(32, u'a') + QString(32, u'9');
    PinStore store(file);
    QVERIFY(store.find(url).isEmpty());
    QCOMPARE(store.pin(url, QStringLiteral("aa:bb")).error().code, ErrorCode::InvalidData);
    QVERIFY(store.pin(url, shownFingerprint(hex)).has_value());

    QCOMPARE(PinStore(file).find(QUrl(QStringLiteral("wss://box.example:443/"))), hex.toLatin1());
    QVERIFY(PinStore(file).find(QUrl(QStringLiteral("https://box.example:444/"))).isEmpty());
    QCOMPARE(QFileInfo(file).permissions() & (QFile::ReadGroup | QFile::ReadOther),
             QFile::Permissions());
    QVERIFY(store.remove(url).has_value());
    QVERIFY(PinStore(file).find(url).isEmpty());
}

QTEST_GUILESS_MAIN(TestTls)
#include "tst_tls.moc"
