#include "app/shell/desktopnotifier.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFileInfo>
#include <QIcon>
#include <QSystemTrayIcon>
#include <QTimer>

#include <chrono>
#include <utility>

namespace farcell {

using namespace std::chrono_literals;

namespace {

const auto service = QStringLiteral("org.freedesktop.Notifications");
const auto path = QStringLiteral("/org/freedesktop/Notifications");
constexpr int answerMs = 3000;

// Without a bus libdbus would try to start one through X11, which can take seconds.
bool hasSessionBus()
{
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS") ||
           QFileInfo::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus"));
}

} // namespace

DesktopNotifier::DesktopNotifier(QObject *parent)
    : QObject(parent)
{
    if (!hasSessionBus())
        return;
    QDBusConnection bus = QDBusConnection::sessionBus();
    bus.connect(service, path, service, QStringLiteral("ActionInvoked"), this,
                SLOT(actionInvoked(uint, QString)));
    bus.connect(service, path, service, QStringLiteral("NotificationClosed"), this,
                SLOT(notificationClosed(uint, uint)));
}

DesktopNotifier::~DesktopNotifier() = default;

void DesktopNotifier::tell(const QString &title, const QString &text, bool isProblem,
                           std::function<void()> activated)
{
    if (!hasSessionBus() || !QDBusConnection::sessionBus().isConnected()) {
        tellByTray(title, text, isProblem, std::move(activated));
        return;
    }
    QDBusMessage call =
        QDBusMessage::createMethodCall(service, path, service, QStringLiteral("Notify"));
    const QVariantMap hints{
        {QStringLiteral("desktop-entry"), QStringLiteral("org.farcell.Farcell")},
        {QStringLiteral("urgency"), QVariant::fromValue<uchar>(1)},
        {QStringLiteral("category"),
         isProblem ? QStringLiteral("transfer.error") : QStringLiteral("transfer.complete")}};
    call << QStringLiteral("Farcell") << uint(0) << QStringLiteral("org.farcell.Farcell") << title
         << text.toHtmlEscaped() << QStringList{QStringLiteral("default"), tr("Show")} << hints
         << -1;
    auto *watcher =
        new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(call, answerMs), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [this, watcher, title, text, isProblem, activated = std::move(activated)]() mutable {
                const QDBusPendingReply<uint> reply = *watcher;
                watcher->deleteLater();
                if (reply.isError())
                    tellByTray(title, text, isProblem, std::move(activated));
                else
                    m_open.emplace(reply.value(), std::move(activated));
            });
}

void DesktopNotifier::actionInvoked(uint id, const QString & /*action*/)
{
    // A copy: it may tell something itself.
    if (const std::function<void()> run = m_open.take(id))
        run();
}

void DesktopNotifier::notificationClosed(uint id, uint /*reason*/)
{
    m_open.remove(id);
}

void DesktopNotifier::tellByTray(const QString &title, const QString &text, bool isProblem,
                                 std::function<void()> activated)
{
    if (!QSystemTrayIcon::isSystemTrayAvailable())
        return; // the window itself still says it
    if (!m_tray) {
        m_tray = new QSystemTrayIcon(QApplication::windowIcon(), this);
        connect(m_tray, &QSystemTrayIcon::messageClicked, this, [this] {
            if (m_trayAction)
                m_trayAction();
        });
    }
    m_trayAction = std::move(activated);
    m_tray->show();
    m_tray->showMessage(title, text,
                        isProblem ? QSystemTrayIcon::Warning : QSystemTrayIcon::Information);
    QTimer::singleShot(20s, m_tray, &QSystemTrayIcon::hide);
}

} // namespace farcell
