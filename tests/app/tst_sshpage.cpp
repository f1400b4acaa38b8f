#include "tests/support/sshd.h"

#include "app/connect/connectdialog.h"
#include "app/connect/recentservers.h"
#include "app/connect/servercard.h"
#include "app/connect/sshpage.h"
#include "app/connect/sshquestionbox.h"
#include "app/connect/tokenstore.h"
#include "app/theme/style.h"
#include "core/ssh/sshlink.h"

#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

#include <map>

using namespace farcell;
using test::Sshd;

namespace {

constexpr int patienceMs = 120000;

} // namespace

// The Connect dialog's page for a host over SSH, against a real sshd.
class TestSshPage : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init();
    void cleanup();
    void asksCopiesAndConnects();
    void sayingNoConnectsNobody();
    void badNamesAreSaid();
    void leavingClosesTheLink();
    void asksInAWindowOfItsOwn();
    void forgets();
    void pictures();

private:
    std::unique_ptr<ConnectDialog> makeDialog(const QUrl &current = {});
    SshLink *link(const SshTarget &target)
    {
        auto &known = m_links[target.text()];
        if (!known) {
            SshLink::Options options;
            options.ssh.configFile = m_host->clientConfig();
            options.askpass = QStringLiteral(FARCELL_BIN_DIR "/farcell-askpass");
            options.programs = QStringLiteral(FARCELL_BIN_DIR);
            options.cacheDirectory = QStringLiteral(FARCELL_BIN_DIR "/../sshcache");
            options.usesInstalled = false;
            known = std::make_unique<SshLink>(target, options);
        }
        return known.get();
    }
    SshLink *box() { return link(*SshTarget::parse(QStringLiteral("box"))); }
    static QString cardText(const QWidget &dialog)
    {
        const auto *const card = dialog.findChild<ServerCard *>();
        return card->isVisibleTo(&dialog) ? card->accessibleName() : QString();
    }
    static QPushButton *button(const QWidget &dialog, const QString &text)
    {
        for (QPushButton *found : dialog.findChildren<QPushButton *>()) {
            if (found->text() == text && found->isVisibleTo(&dialog))
                return found;
        }
        return nullptr;
    }
    static SshQuestionBox *question(const QWidget &dialog)
    {
        auto *const box = dialog.findChild<SshQuestionBox *>();
        return box != nullptr && box->isVisibleTo(&dialog) ? box : nullptr;
    }
    [[nodiscard]] QString recentFile() const
    {
        return m_folder.filePath(QStringLiteral("servers.json"));
    }

    QTemporaryDir m_folder;
    std::unique_ptr<Sshd> m_host;
    std::map<QString, std::unique_ptr<SshLink>> m_links;
    std::unique_ptr<ThemeSource> m_theme;
    std::unique_ptr<TokenStore> m_tokens;
};

void TestSshPage::initTestCase()
{
    if (Sshd::program().isEmpty())
        QSKIP("no sshd is installed: the whole test");
    m_theme = std::make_unique<ThemeSource>();
    Style::install(*qApp, *m_theme);
    m_tokens = std::make_unique<TokenStore>(m_folder.filePath(QStringLiteral("tokens.json")),
                                            TokenStore::Backend::FileOnly);
}

void TestSshPage::init()
{
    m_host = std::make_unique<Sshd>();
    QVERIFY2(m_host->start(), m_host->log().constData());
    m_host->trustHostKey();
}

void TestSshPage::cleanup()
{
    if (!m_host)
        return;
    bool done = false;
    box()->lookForForgetting([&](const Result<QStringList> &) {
        box()->forget([&](const Result<> &) { done = true; });
    });
    QVERIFY(QTest::qWaitFor([&] { return done; }, patienceMs));
    m_links.clear();
    m_host.reset();
    QFile::remove(recentFile());
}

std::unique_ptr<ConnectDialog> TestSshPage::makeDialog(const QUrl &current)
{
    ConnectDialog::Setup setup;
    setup.thisComputer = [](QObject *, const ConnectDialog::Answer &answer) {
        answer(fail(ErrorCode::NotFound, QStringLiteral("No farcelld")));
    };
    setup.sshLink = [this](const SshTarget &target) { return link(target); };
    setup.sshConfig = m_host->clientConfig();
    setup.recentFile = recentFile();
    setup.currentServer = current;
    auto dialog = std::make_unique<ConnectDialog>(*m_theme, *m_tokens, setup);
    dialog->show();
    return dialog;
}

void TestSshPage::asksCopiesAndConnects()
{
    QFile::remove(m_host->file(QStringLiteral("known")));
    const auto dialog = makeDialog();
    QStringList said;
    connect(dialog->findChild<SshPage *>(), &SshPage::waiting, this,
            [&](const QString &text) { said << text; });
    dialog->openSsh(QStringLiteral("box"));
    QCOMPARE(dialog->findChild<QComboBox *>(QStringLiteral("sshHost"))->itemText(0),
             QStringLiteral("box"));
    QVERIFY(QTest::qWaitFor([&] { return question(*dialog) != nullptr; }, patienceMs));
    QCOMPARE(question(*dialog)->accessibleName(), QStringLiteral("Is this really box?"));
    QStringList labels;
    for (const QLabel *label : question(*dialog)->findChildren<QLabel *>())
        labels << label->text();
    QVERIFY(labels.contains(box()->question()->fingerprint));
    QCOMPARE(cardText(*dialog), QString());
    // Return on what has the focus must not accept the key.
    QVERIFY(dialog->focusWidget() == button(*dialog, QStringLiteral("No")));
    button(*dialog, QStringLiteral("Yes, connect"))->click();
    QVERIFY(QTest::qWaitFor([&] { return cardText(*dialog).startsWith(u"Farcell"); }, patienceMs));
    QVERIFY(question(*dialog) == nullptr);
    QVERIFY(said.filter(QStringLiteral("Copying the server to box: ")).size() > 1);
    QVERIFY(said.contains(QStringLiteral("Starting the server on box…")));
    button(*dialog, QStringLiteral("Connect"))->click();
    QCOMPARE(dialog->result(), int(QDialog::Accepted));
    QCOMPARE(dialog->choice().ssh, QStringLiteral("box"));
    QVERIFY(!dialog->choice().thisComputer);
    QCOMPARE(dialog->choice().endpoint.url, box()->url());
    QVERIFY(!dialog->choice().kernel.kernelSpec.isEmpty());
    // Only the name is remembered.
    const RecentServers recent(recentFile());
    QCOMPARE(recent.servers().size(), 1);
    QCOMPARE(recent.servers().first().url, QUrl(QStringLiteral("ssh:box")));
    QVERIFY(!QFile::exists(m_tokens->file()));
    QCOMPARE(box()->state(), SshLink::State::Ready);

    // The next dialog finds it there without asking.
    const auto again = makeDialog(QUrl(QStringLiteral("ssh:box")));
    QVERIFY(QTest::qWaitFor([&] { return cardText(*again).startsWith(u"Farcell"); }, patienceMs));
}

void TestSshPage::sayingNoConnectsNobody()
{
    QFile::remove(m_host->file(QStringLiteral("known")));
    const auto dialog = makeDialog();
    dialog->openSsh(QStringLiteral("box"));
    QVERIFY(QTest::qWaitFor([&] { return question(*dialog) != nullptr; }, patienceMs));
    button(*dialog, QStringLiteral("No"))->click();
    QCOMPARE(cardText(*dialog), QStringLiteral("The key of box was not accepted."));
    QVERIFY(question(*dialog) == nullptr);
    QVERIFY(!QFile::exists(m_host->file(QStringLiteral("known"))));
    m_host->trustHostKey(); // for cleanup()
}

void TestSshPage::badNamesAreSaid()
{
    const auto dialog = makeDialog();
    dialog->openSsh(QStringLiteral("-oProxyCommand=x"));
    QVERIFY(cardText(*dialog).contains(u"is not a host"));
    m_host->stop();
    dialog->openSsh(QStringLiteral("box"));
    QVERIFY(QTest::qWaitFor([&] { return cardText(*dialog).contains(u"refused"); }, patienceMs));
    QVERIFY(m_host->start());
}

void TestSshPage::leavingClosesTheLink()
{
    {
        const auto dialog = makeDialog();
        dialog->openSsh(QStringLiteral("box"));
        QVERIFY(
            QTest::qWaitFor([&] { return cardText(*dialog).startsWith(u"Farcell"); }, patienceMs));
        QCOMPARE(box()->state(), SshLink::State::Ready);
        dialog->reject();
    }
    QCOMPARE(box()->state(), SshLink::State::Closed);
}

void TestSshPage::asksInAWindowOfItsOwn()
{
    m_host->makeKey(QStringLiteral("locked"), QStringLiteral("open sesame"));
    m_host->authorize(QStringLiteral("locked"));
    m_host->writeClientConfig(QStringLiteral("locked"));
    box()->open();
    QVERIFY(QTest::qWaitFor([&] { return box()->question().has_value(); }, patienceMs));
    QPointer<SshQuestionDialog> dialog = new SshQuestionDialog(*m_theme, *box());
    dialog->open();
    auto *const field = dialog->findChild<QLineEdit *>();
    QVERIFY(field->isVisible());
    QCOMPARE(field->echoMode(), QLineEdit::Password);
    QTest::keyClicks(field, QStringLiteral("wrong"));
    QTest::keyClick(field, Qt::Key_Return);
    QVERIFY(QTest::qWaitFor(
        [&] { return !dialog || (box()->question() && box()->question()->isRepeated); },
        patienceMs));
    QVERIFY(dialog && field->isVisible());
    QTest::keyClicks(field, QStringLiteral("open sesame"));
    QTest::keyClick(field, Qt::Key_Return);
    QVERIFY(QTest::qWaitFor([&] { return box()->state() == SshLink::State::Ready; }, patienceMs));
    QVERIFY(QTest::qWaitFor([&] { return dialog == nullptr; }, patienceMs));
}

void TestSshPage::forgets()
{
    const auto dialog = makeDialog();
    dialog->openSsh(QStringLiteral("box"));
    QVERIFY(QTest::qWaitFor([&] { return cardText(*dialog).startsWith(u"Farcell"); }, patienceMs));
    const QString state = m_host->home() + QStringLiteral("/.local/state/farcell");
    QVERIFY(QFile::exists(state));
    const auto ask = [&] {
        button(*dialog, QStringLiteral("Forget this host…"))->click();
        return QTest::qWaitFor([&] { return question(*dialog) != nullptr; }, patienceMs);
    };
    QVERIFY(ask());
    button(*dialog, QStringLiteral("Cancel"))->click();
    QVERIFY(question(*dialog) == nullptr);
    QVERIFY(QFile::exists(state));
    QVERIFY(QTest::qWaitFor(
        [&] { return button(*dialog, QStringLiteral("Forget this host…")) != nullptr; },
        patienceMs));
    QVERIFY(ask());
    button(*dialog, QStringLiteral("Forget"))->click();
    QVERIFY(QTest::qWaitFor([&] { return cardText(*dialog) == u"box is as it was before."; },
                            patienceMs));
    QVERIFY(!QFile::exists(state));
    QVERIFY(!QFile::exists(m_host->home() + QStringLiteral("/.local/share/farcell")));
}

void TestSshPage::pictures()
{
    const QString folder = qEnvironmentVariable("FARCELL_PICTURES");
    if (folder.isEmpty())
        QSKIP("FARCELL_PICTURES is not set");
    QFile config(m_host->clientConfig());
    QVERIFY(config.open(QIODevice::ReadOnly));
    QByteArray text = config.readAll();
    config.close();
    text = text.replace("Host box", "Host gpu-server lab-a100 box");
    QVERIFY(config.open(QIODevice::WriteOnly));
    config.write(text);
    config.close();
    for (const bool dark : {false, true}) {
        m_theme->setChoice(dark ? ThemeSource::Choice::Dark : ThemeSource::Choice::Light);
        const auto shoot = [&](QWidget &widget, const char *name) {
            QTest::qWait(100);
            widget.grab().save(QStringLiteral("%1/ssh-%2-%3.png")
                                   .arg(folder, QLatin1String(name),
                                        dark ? QStringLiteral("dark") : QStringLiteral("light")));
        };
        QFile::remove(m_host->file(QStringLiteral("known")));
        const auto dialog = makeDialog();
        bool isCopying = false;
        connect(dialog->findChild<SshPage *>(), &SshPage::waiting, this,
                [&](const QString &, qint64 done, qint64 total) {
                    if (!std::exchange(isCopying, isCopying || done > total / 3) && isCopying)
                        shoot(*dialog, "copying");
                });
        dialog->openSsh(QStringLiteral("gpu-server"));
        QVERIFY(QTest::qWaitFor([&] { return question(*dialog) != nullptr; }, patienceMs));
        shoot(*dialog, "question");
        button(*dialog, QStringLiteral("Yes, connect"))->click();
        QVERIFY(
            QTest::qWaitFor([&] { return cardText(*dialog).startsWith(u"Farcell"); }, patienceMs));
        shoot(*dialog, "connected");
        button(*dialog, QStringLiteral("Forget this host…"))->click();
        QVERIFY(QTest::qWaitFor([&] { return question(*dialog) != nullptr; }, patienceMs));
        shoot(*dialog, "forget");
        button(*dialog, QStringLiteral("Forget"))->click();
        QVERIFY(
            QTest::qWaitFor([&] { return cardText(*dialog).contains(u"as it was"); }, patienceMs));
    }
    m_host->writeClientConfig();
    m_host->trustHostKey();
}

QTEST_MAIN(TestSshPage)
#include "tst_sshpage.moc"
