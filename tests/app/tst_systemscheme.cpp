#include "app/theme/systemscheme.h"
#include "app/theme/theme.h"
#include "tests/support/sessionbus.h"

#include <QDBusContext>
#include <QDBusError>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QSignalSpy>
#include <QTest>

namespace farcell {

// What xdg-desktop-portal answers, as far as one setting goes.
class PortalDouble : public QObject, protected QDBusContext
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")

public:
    uint scheme = 0;
    int reads = 0;

public slots:
    // NOLINTNEXTLINE(readability-identifier-naming): as D-Bus names it
    QDBusVariant Read(const QString &group, const QString &key)
    {
        ++reads;
        if (group != QStringLiteral("org.freedesktop.appearance") ||
            key != QStringLiteral("color-scheme")) {
            sendErrorReply(QDBusError::InvalidArgs, QStringLiteral("no such setting"));
            return {};
        }
        // The real portal wraps the value twice.
        return QDBusVariant(QVariant::fromValue(QDBusVariant(QVariant(scheme))));
    }
};

// Dark windows by the desktop's wish, over a real bus.
class TestSystemScheme : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void startsDark();
    void followsTheDesktop();
    void themeFollowsUnlessChosen();
    void otherSettingsDoNotMatter();

private:
    void change(uint scheme, const QString &key = QStringLiteral("color-scheme"));

    test::SessionBus m_bus;
    std::unique_ptr<QDBusConnection> m_desktop;
    PortalDouble m_portal;
};

void TestSystemScheme::initTestCase()
{
    if (!m_bus.start())
        QSKIP("no dbus-daemon: whole test");
    m_desktop = std::make_unique<QDBusConnection>(m_bus.connection(QStringLiteral("desktop")));
    QVERIFY(m_desktop->registerService(QStringLiteral("org.freedesktop.portal.Desktop")));
    QVERIFY(m_desktop->registerObject(QStringLiteral("/org/freedesktop/portal/desktop"), &m_portal,
                                      QDBusConnection::ExportAllSlots));
}

void TestSystemScheme::change(uint scheme, const QString &key)
{
    QDBusMessage signal = QDBusMessage::createSignal(
        QStringLiteral("/org/freedesktop/portal/desktop"),
        QStringLiteral("org.freedesktop.portal.Settings"), QStringLiteral("SettingChanged"));
    signal << QStringLiteral("org.freedesktop.appearance") << key
           << QVariant::fromValue(QDBusVariant(QVariant(scheme)));
    QVERIFY(m_desktop->send(signal));
}

void TestSystemScheme::startsDark()
{
    m_portal.scheme = 1;
    const SystemScheme scheme;

    QTRY_VERIFY(scheme.isDark());
}

void TestSystemScheme::followsTheDesktop()
{
    m_portal.scheme = 2;
    const int before = m_portal.reads;
    const SystemScheme scheme;
    QSignalSpy changed(&scheme, &SystemScheme::changed);
    QTRY_COMPARE(m_portal.reads, before + 1);
    QVERIFY(!scheme.isDark());

    change(1);
    QTRY_COMPARE(changed.count(), 1);
    QVERIFY(scheme.isDark());

    change(0); // no preference: the offscreen palette is light
    QTRY_COMPARE(changed.count(), 2);
    QVERIFY(!scheme.isDark());
}

void TestSystemScheme::themeFollowsUnlessChosen()
{
    m_portal.scheme = 1;
    ThemeSource theme;
    QTRY_VERIFY(theme.theme().dark);

    theme.setChoice(ThemeSource::Choice::Light);
    QVERIFY(!theme.theme().dark);
    theme.setChoice(ThemeSource::Choice::System);
    QVERIFY(theme.theme().dark);

    change(2);
    QTRY_VERIFY(!theme.theme().dark);
}

void TestSystemScheme::otherSettingsDoNotMatter()
{
    m_portal.scheme = 2;
    const int before = m_portal.reads;
    const SystemScheme scheme;
    const QSignalSpy changed(&scheme, &SystemScheme::changed);
    QTRY_COMPARE(m_portal.reads, before + 1);

    change(1, QStringLiteral("contrast"));
    change(1);

    QTRY_VERIFY(scheme.isDark());
    QCOMPARE(changed.count(), 1);
}

} // namespace farcell

QTEST_MAIN(farcell::TestSystemScheme)
#include "tst_systemscheme.moc"
