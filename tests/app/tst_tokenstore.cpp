#include "app/connect/tokenstore.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace farcell;

// Where tokens are kept: the keychain, or a private file.
class TestTokenStore : public QObject
{
    Q_OBJECT

private slots:
    void tokenFileIsPrivate();
    void withoutABusTokensGoToTheFile();
    void keychainKeepsTokens();

private:
    QTemporaryDir m_folder;
};

void TestTokenStore::tokenFileIsPrivate()
{
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("sub/tokens.json"));
    TokenStore store(file, TokenStore::Backend::FileOnly);
    const QUrl one(QStringLiteral("http://a:1/"));
    const QUrl two(QStringLiteral("https://b/base/"));

    QVERIFY(store.save(one, QStringLiteral("t1")).result());
    QVERIFY(store.save(two, QStringLiteral("t2")).result());

    const auto ownerOnly =
        QFile::ReadOwner | QFile::WriteOwner | QFile::ReadUser | QFile::WriteUser;
    QCOMPARE(QFile::permissions(file), ownerOnly);
    QCOMPARE(store.load(one).result().value(), QStringLiteral("t1"));
    QFile::setPermissions(file, ownerOnly | QFile::ReadGroup | QFile::ReadOther);
    QCOMPARE(store.load(two).result().value(), QStringLiteral("t2"));
    QCOMPARE(QFile::permissions(file), ownerOnly);
    store.forget(one);
    QCOMPARE(store.load(one).result().value(), QString());
    QCOMPARE(store.load(two).result().value(), QStringLiteral("t2"));
    QCOMPARE(store.place().result(), TokenStore::Place::File);
}

void TestTokenStore::withoutABusTokensGoToTheFile()
{
    const QByteArray bus = qgetenv("DBUS_SESSION_BUS_ADDRESS");
    const QByteArray runtime = qgetenv("XDG_RUNTIME_DIR");
    qunsetenv("DBUS_SESSION_BUS_ADDRESS");
    qputenv("XDG_RUNTIME_DIR", m_folder.path().toLocal8Bit());
    TokenStore store(m_folder.filePath(QStringLiteral("nobus.json")));

    const auto saved = store.save(QUrl(QStringLiteral("http://a/")), QStringLiteral("t"));

    QVERIFY(saved.isFinished());
    QCOMPARE(saved.result().value(), TokenStore::Place::File);
    QVERIFY(QFile::exists(store.file()));
    if (!bus.isEmpty())
        qputenv("DBUS_SESSION_BUS_ADDRESS", bus);
    qputenv("XDG_RUNTIME_DIR", runtime);
}

// Only on request, so that nobody's own keychain is written to:
// dbus-run-session -- sh -c 'printf x | gnome-keyring-daemon --unlock --components=secrets;
//     FARCELL_TEST_KEYCHAIN=1 tst_tokenstore keychainKeepsTokens'
void TestTokenStore::keychainKeepsTokens()
{
    if (!qEnvironmentVariableIsSet("FARCELL_TEST_KEYCHAIN"))
        QSKIP("FARCELL_TEST_KEYCHAIN is not set");
    TokenStore store(m_folder.filePath(QStringLiteral("unused.json")));
    const QUrl server(QStringLiteral("http://kept:8888/"));

    const auto saved = store.save(server, QStringLiteral("t1"));
    QTRY_VERIFY(saved.isFinished());
    QCOMPARE(saved.result().value(), TokenStore::Place::Keychain);
    const auto loaded = store.load(server);
    QTRY_VERIFY(loaded.isFinished());
    QCOMPARE(loaded.result().value(), QStringLiteral("t1"));
    QVERIFY(!QFile::exists(store.file()));
}

QTEST_GUILESS_MAIN(TestTokenStore)
#include "tst_tokenstore.moc"
