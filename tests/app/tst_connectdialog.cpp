#include "app/connect/connectdialog.h"
#include "app/connect/kernelchooser.h"
#include "app/connect/servercard.h"
#include "app/connect/tokenstore.h"
#include "app/theme/style.h"

#include <QCryptographicHash>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QSslKey>
#include <QSslServer>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <optional>

using namespace farcell;

namespace {

// Answers every request with what `reply` says for its path; an empty answer leaves it waiting.
class FakeServer : public QTcpServer
{
public:
    explicit FakeServer(std::function<QByteArray(const QByteArray &path)> reply)
        : m_reply(std::move(reply))
    {
        listen(QHostAddress::LocalHost);
        connect(this, &QTcpServer::newConnection, this, [this] {
            QTcpSocket *const socket = nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [this, socket] {
                const QByteArray request = socket->readAll();
                requests.append(request);
                const QByteArray answer = m_reply(request.split(' ').value(1));
                if (!answer.isEmpty())
                    socket->write(answer);
            });
        });
    }

    [[nodiscard]] QString url() const
    {
        return QStringLiteral("http://127.0.0.1:%1/").arg(serverPort());
    }
    static QByteArray answer(const char *status, const char *type, const QByteArray &body)
    {
        return "HTTP/1.1 " + QByteArray(status) + "\r\nContent-Type: " + type +
               "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body;
    }
    static QByteArray json(const QByteArray &body, const char *status = "200 OK")
    {
        return answer(status, "application/json", body);
    }

    QList<QByteArray> requests;

private:
    std::function<QByteArray(const QByteArray &)> m_reply;
};

// A Jupyter server with two kernels installed and two running.
QByteArray jupyterAnswer(const QByteArray &path)
{
    static const QHash<QByteArray, QByteArray> bodies{
        {"/api", R"({"version": "2.14.2"})"},
        {"/api/status", R"({"kernels": 2})"},
        {"/api/kernelspecs", R"json({"default": "python3", "kernelspecs": {
            "python3": {"spec": {"display_name": "Python 3 (ipykernel)", "language": "python"}},
            "ir": {"spec": {"display_name": "R", "language": "R"}},
            "julia-1.10": {"spec": {"display_name": "Julia 1.10", "language": "julia"}}}})json"},
        {"/api/kernels", R"([
            {"id": "k1", "name": "python3", "execution_state": "idle", "last_activity": "NOW"},
            {"id": "k2", "name": "ir", "execution_state": "busy",
             "last_activity": "2026-01-01T10:00:00.0Z"}])"},
        {"/api/sessions", R"([{"id": "s1", "path": "work/training run.ipynb", "name": "",
            "type": "notebook", "kernel": {"id": "k1", "name": "python3"}}])"}};
    if (!bodies.contains(path))
        return FakeServer::json(R"({"message": "No such thing"})", "404 Not Found");
    QByteArray body = bodies.value(path);
    body.replace("NOW", QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs).toLatin1());
    return FakeServer::json(body);
}

} // namespace

// The Connect dialog: what it says for each kind of trouble, and what it hands back.
class TestConnectDialog : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void tellsWhatIsWrong_data();
    void tellsWhatIsWrong();
    void tellsWhereATlsServerIs();
    void tellsAboutASelfSignedCertificate();
    void choosesAKernelOfAServer();
    void attachesToARunningKernel();
    void takesAPastedTokenOutOfSight();
    void connectChecksFirst();
    void remembersServersAndTokens();
    void thisComputerMayFail();
    void kernelChooserListsKernels();
    void pictures();

private:
    ConnectDialog::Setup setup(const Result<Endpoint> &thisComputer =
                                   fail(ErrorCode::NotFound, QStringLiteral("No farcelld")))
    {
        ConnectDialog::Setup made;
        made.thisComputer = [thisComputer](QObject *context, const ConnectDialog::Answer &answer) {
            QTimer::singleShot(0, context, [answer, thisComputer] { answer(thisComputer); });
        };
        made.recentFile = m_folder.filePath(QStringLiteral("servers.json"));
        return made;
    }
    static QString cardText(const QWidget &dialog)
    {
        const auto *const card = dialog.findChild<ServerCard *>();
        return card->isVisibleTo(&dialog) ? card->accessibleName() : QString();
    }
    // Nothing without the openssl program.
    [[nodiscard]] std::optional<QSslConfiguration> ownCertificate(const QString &name) const
    {
        const QString key = m_folder.filePath(name + QStringLiteral("-key.pem"));
        const QString certificate = m_folder.filePath(name + QStringLiteral(".pem"));
        QProcess openssl;
        openssl.start(QStringLiteral("openssl"),
                      {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"),
                       QStringLiteral("rsa:2048"), QStringLiteral("-nodes"),
                       QStringLiteral("-subj"), QStringLiteral("/CN=127.0.0.1"),
                       QStringLiteral("-addext"), QStringLiteral("subjectAltName=IP:127.0.0.1"),
                       QStringLiteral("-keyout"), key, QStringLiteral("-out"), certificate});
        QFile keyFile(key);
        if (!openssl.waitForFinished() || openssl.exitCode() != 0 ||
            !keyFile.open(QIODevice::ReadOnly))
            return {};
        QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
        configuration.setLocalCertificateChain(QSslCertificate::fromPath(certificate));
        configuration.setPrivateKey(QSslKey(&keyFile, QSsl::Rsa));
        return configuration;
    }
    static QPushButton *button(const QWidget &dialog, const QString &text)
    {
        for (QPushButton *found : dialog.findChildren<QPushButton *>()) {
            if (found->text() == text)
                return found;
        }
        return nullptr;
    }

    QTemporaryDir m_folder;
    std::unique_ptr<ThemeSource> m_theme;
    std::unique_ptr<TokenStore> m_tokens;
};

void TestConnectDialog::initTestCase()
{
    m_theme = std::make_unique<ThemeSource>();
    Style::install(*qobject_cast<QApplication *>(qApp), *m_theme);
    m_tokens = std::make_unique<TokenStore>(m_folder.filePath(QStringLiteral("tokens.json")),
                                            TokenStore::Backend::FileOnly);
}

void TestConnectDialog::tellsWhatIsWrong_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<QString>("address"); // empty: the fake server
    QTest::addColumn<QString>("said");

    QTest::newRow("nothing listens") << QByteArray() << "http://127.0.0.1:9/"
                                     << "the connection was refused";
    QTest::newRow("token refused")
        << FakeServer::json(R"({"message": "Forbidden"})", "403 Forbidden") << QString()
        << "wants a token and none was given";
    QTest::newRow("unauthorised") << FakeServer::json("{}", "401 Unauthorized") << QString()
                                  << "wants a token and none was given";
    QTest::newRow("too many attempts") << FakeServer::json("{}", "429 Too Many Requests")
                                       << QString() << "too many failed attempts";
    QTest::newRow("a web page") << FakeServer::answer("200 OK", "text/html", "<html>Hi</html>")
                                << QString() << "it is not a Jupyter server";
    QTest::newRow("404 page") << FakeServer::answer("404 Not Found", "text/html", "nope")
                              << QString() << "it is not a Jupyter server";
    QTest::newRow("login page")
        << QByteArray("HTTP/1.1 302 Found\r\nLocation: /hub/login\r\nContent-Length: 0\r\n\r\n")
        << QString() << "wants a token";
    QTest::newRow("not HTTP") << QByteArray("SSH-2.0-OpenSSH_9.2p1\r\n") << QString()
                              << "127.0.0.1";
    QTest::newRow("no such host") << QByteArray() << "http://no-such-host.invalid:8888/"
                                  << "cannot be found";
    QTest::newRow("no answer") << QByteArray() << QString() << "did not answer in time";
    QTest::newRow("no address") << QByteArray() << "ftp://host/"
                                << "must start with http";
    QTest::newRow("TLS to a plain server") << FakeServer::json("{}") << "https"
                                           << "write http://";
}

void TestConnectDialog::tellsWhatIsWrong()
{
    QFETCH(QByteArray, answer);
    QFETCH(QString, address);
    QFETCH(QString, said);
    FakeServer server([answer](const QByteArray &) { return answer; });
    if (address.isEmpty())
        address = server.url();
    else if (address == QLatin1String("https"))
        address = server.url().replace(QLatin1String("http:"), QLatin1String("https:"));
    ConnectDialog dialog(*m_theme, *m_tokens, setup());
    dialog.show();

    dialog.openAddress(address);

    QTRY_VERIFY2_WITH_TIMEOUT(cardText(dialog).contains(said), qPrintable(cardText(dialog)), 25000);
    QVERIFY(dialog.result() != QDialog::Accepted);
}

void TestConnectDialog::tellsWhereATlsServerIs()
{
    // A server that closes at once, as a TLS one does on a plain request.
    QTcpServer server;
    server.listen(QHostAddress::LocalHost);
    connect(&server, &QTcpServer::newConnection, &server, [&server] {
        QTcpSocket *const socket = server.nextPendingConnection();
        connect(socket, &QTcpSocket::readyRead, socket, [socket] { socket->close(); });
    });
    ConnectDialog dialog(*m_theme, *m_tokens, setup());
    dialog.show();

    dialog.openAddress(QStringLiteral("127.0.0.1:%1").arg(server.serverPort()));

    QTRY_VERIFY2_WITH_TIMEOUT(cardText(dialog).contains(QLatin1String("write https://")),
                              qPrintable(cardText(dialog)), 15000);
}

// A server with a certificate of its own: asked about once, then known, and loud when it changes.
void TestConnectDialog::tellsAboutASelfSignedCertificate()
{
    qputenv("XDG_STATE_HOME", m_folder.filePath(QStringLiteral("state")).toUtf8());
    const std::array certificates{ownCertificate(QStringLiteral("one")),
                                  ownCertificate(QStringLiteral("two"))};
    if (!certificates.at(0))
        QSKIP("openssl is not installed");
    QSslServer server;
    server.setSslConfiguration(*certificates.at(0));
    QVERIFY(server.listen(QHostAddress::LocalHost));
    connect(&server, &QTcpServer::pendingConnectionAvailable, &server, [&server] {
        while (QTcpSocket *const socket = server.nextPendingConnection())
            connect(socket, &QTcpSocket::readyRead, socket, [socket] {
                socket->write(jupyterAnswer(socket->readAll().split(' ').value(1)));
            });
    });
    const QString address = QStringLiteral("https://127.0.0.1:%1/").arg(server.serverPort());
    const auto fingerprint = [](const QSslConfiguration &configuration) {
        return QString::fromLatin1(configuration.localCertificate()
                                       .digest(QCryptographicHash::Sha256)
                                       .toHex(':')
                                       .toUpper());
    };
    const auto shown = [](const QWidget &dialog) {
        QString text;
        for (const QLabel *label : dialog.findChild<ServerCard *>()->findChildren<QLabel *>())
            text += label->isVisibleTo(&dialog) ? label->text().remove(u'\n') : QString();
        return text;
    };
    ConnectDialog dialog(*m_theme, *m_tokens, setup());
    dialog.show();

    dialog.openAddress(address);
    QTRY_VERIFY2_WITH_TIMEOUT(cardText(dialog).contains(QLatin1String("self-signed")),
                              qPrintable(cardText(dialog)), 15000);
    QVERIFY2(shown(dialog).contains(fingerprint(*certificates.at(0))), qPrintable(shown(dialog)));
    button(dialog, QStringLiteral("It is the same: trust it"))->click();
    QTRY_VERIFY2_WITH_TIMEOUT(cardText(dialog).contains(QLatin1String("Jupyter Server")),
                              qPrintable(cardText(dialog)), 15000);

    // Another start of the app knows it, and sees another certificate in its place.
    server.setSslConfiguration(*certificates.at(1));
    ConnectDialog later(*m_theme, *m_tokens, setup());
    later.show();
    later.openAddress(address);
    QTRY_VERIFY2_WITH_TIMEOUT(cardText(later).contains(QLatin1String("CHANGED")),
                              qPrintable(cardText(later)), 15000);
    QVERIFY(shown(later).contains(fingerprint(*certificates.at(1))));
    QVERIFY(button(later, QStringLiteral("Trust the new certificate"))->isVisibleTo(&later));
}

void TestConnectDialog::choosesAKernelOfAServer()
{
    FakeServer server(jupyterAnswer);
    auto made = setup();
    made.wantedKernel = QStringLiteral("ir");
    ConnectDialog dialog(*m_theme, *m_tokens, made);
    dialog.show();
    dialog.openAddress(server.url(), QStringLiteral("secret"));
    QTRY_COMPARE(cardText(dialog), QStringLiteral("Jupyter Server 2.14.2"));
    auto *const kernels = dialog.findChild<KernelList *>();
    QCOMPARE(kernels->choice().kernelSpec, QStringLiteral("ir"));

    QTest::keyClick(kernels, Qt::Key_Up);
    QTest::keyClick(kernels, Qt::Key_Return);

    QCOMPARE(dialog.result(), int(QDialog::Accepted));
    QVERIFY(!dialog.choice().thisComputer);
    QCOMPARE(dialog.choice().kernel.kernelSpec, QStringLiteral("python3"));
    QCOMPARE(dialog.choice().endpoint.token, QStringLiteral("secret"));
    for (const QByteArray &request : std::as_const(server.requests)) {
        QVERIFY(request.contains("Authorization: token secret"));
        QVERIFY(!request.startsWith("GET /api?"));
    }
}

void TestConnectDialog::attachesToARunningKernel()
{
    FakeServer server(jupyterAnswer);
    auto made = setup();
    made.currentKernel = KernelId(QStringLiteral("k2"));
    ConnectDialog dialog(*m_theme, *m_tokens, made);
    dialog.show();
    dialog.openAddress(server.url(), QStringLiteral("secret"));
    QTRY_VERIFY(button(dialog, QStringLiteral("Connect"))->isEnabled());
    QTRY_COMPARE(cardText(dialog), QStringLiteral("Jupyter Server 2.14.2"));

    QTest::mouseClick(button(dialog, QStringLiteral("Connect")), Qt::LeftButton);

    QCOMPARE(dialog.choice().kernel.kernel, KernelId(QStringLiteral("k2")));
    QCOMPARE(dialog.choice().kernel.kernelName, QStringLiteral("ir"));
}

void TestConnectDialog::takesAPastedTokenOutOfSight()
{
    FakeServer server(jupyterAnswer);
    ConnectDialog dialog(*m_theme, *m_tokens, setup());
    dialog.show();

    dialog.openAddress(server.url() + QStringLiteral("lab?token=from-the-address"));

    auto fields = dialog.findChildren<QLineEdit *>();
    fields.removeIf([](const QLineEdit *field) { return !field->isVisible(); });
    QCOMPARE(fields.size(), 2);
    QCOMPARE(fields.at(0)->text(), server.url());
    QCOMPARE(fields.at(1)->text(), QStringLiteral("from-the-address"));
    QCOMPARE(fields.at(1)->echoMode(), QLineEdit::Password);
}

void TestConnectDialog::connectChecksFirst()
{
    FakeServer server(jupyterAnswer);
    ConnectDialog dialog(*m_theme, *m_tokens, setup());
    dialog.show();
    dialog.openAddress(QStringLiteral("x"));
    auto *const address = dialog.findChildren<QLineEdit *>().first();
    address->clear();

    QTest::keyClicks(address, server.url());
    QTest::mouseClick(button(dialog, QStringLiteral("Connect")), Qt::LeftButton);

    QTRY_COMPARE(dialog.result(), int(QDialog::Accepted));
    QCOMPARE(dialog.choice().kernel.kernelSpec, QStringLiteral("python3"));
}

void TestConnectDialog::remembersServersAndTokens()
{
    FakeServer server(jupyterAnswer);
    {
        ConnectDialog dialog(*m_theme, *m_tokens, setup());
        dialog.show();
        dialog.openAddress(server.url(), QStringLiteral("kept"));
        QTRY_COMPARE(cardText(dialog), QStringLiteral("Jupyter Server 2.14.2"));
        QTest::mouseClick(button(dialog, QStringLiteral("Connect")), Qt::LeftButton);
    }
    auto made = setup();
    made.currentServer = QUrl(server.url());
    server.requests.clear();

    ConnectDialog dialog(*m_theme, *m_tokens, made);
    dialog.show();

    QTRY_COMPARE(cardText(dialog), QStringLiteral("Jupyter Server 2.14.2"));
    QVERIFY(server.requests.last().contains("Authorization: token kept"));
    QFile recent(made.recentFile);
    QVERIFY(recent.open(QIODevice::ReadOnly));
    QVERIFY(!recent.readAll().contains("kept"));
}

void TestConnectDialog::thisComputerMayFail()
{
    ConnectDialog dialog(*m_theme, *m_tokens, setup());

    dialog.show();

    QTRY_COMPARE(cardText(dialog), QStringLiteral("No farcelld."));
    QVERIFY(!button(dialog, QStringLiteral("Connect"))->isEnabled());
}

void TestConnectDialog::kernelChooserListsKernels()
{
    FakeServer server(jupyterAnswer);
    QWidget window;
    window.resize(600, 400);
    window.show();
    auto *const chooser = new KernelChooser(*m_theme, {QUrl(server.url()), QString()}, QString(),
                                            KernelId(QStringLiteral("k1")), &window);
    QSignalSpy chosen(chooser, &KernelChooser::chosen);
    chooser->openBelow(window);
    auto *const list = chooser->findChild<KernelList *>();
    QTRY_COMPARE(list->choice().kernel, KernelId(QStringLiteral("k1")));

    QTest::keyClick(list, Qt::Key_Return);

    QCOMPARE(chosen.size(), 1);
}

// With FARCELL_PICTURES set to a folder, what the dialog looks like.
void TestConnectDialog::pictures()
{
    const QString folder = qEnvironmentVariable("FARCELL_PICTURES");
    if (folder.isEmpty())
        QSKIP("FARCELL_PICTURES is not set");
    FakeServer server(jupyterAnswer);
    for (const bool dark : {false, true}) {
        m_theme->setChoice(dark ? ThemeSource::Choice::Dark : ThemeSource::Choice::Light);
        const auto shoot = [&](QWidget &widget, const char *name) {
            QTest::qWait(100);
            widget.grab().save(QStringLiteral("%1/connect-%2-%3.png")
                                   .arg(folder, QLatin1String(name),
                                        dark ? QStringLiteral("dark") : QStringLiteral("light")));
        };
        ConnectDialog dialog(*m_theme, *m_tokens, setup(Endpoint{QUrl(server.url()), QString()}));
        dialog.show();
        QTRY_COMPARE(cardText(dialog), QStringLiteral("Jupyter Server 2.14.2"));
        shoot(dialog, "computer");
        dialog.openAddress(server.url(), QStringLiteral("secret"));
        QTRY_COMPARE(cardText(dialog), QStringLiteral("Jupyter Server 2.14.2"));
        shoot(dialog, "server");
        dialog.openAddress(QStringLiteral("http://127.0.0.1:9/"));
        QTRY_VERIFY(cardText(dialog).contains(QLatin1String("refused")));
        shoot(dialog, "refused");
        auto *const chooser = new KernelChooser(*m_theme, {QUrl(server.url()), QString()},
                                                QString(), KernelId(QStringLiteral("k1")), &dialog);
        chooser->openBelow(dialog);
        QTRY_VERIFY(!chooser->findChild<KernelList *>()->choice().isEmpty());
        shoot(*chooser, "chooser");
        chooser->close();
    }
}

QTEST_MAIN(TestConnectDialog)
#include "tst_connectdialog.moc"
