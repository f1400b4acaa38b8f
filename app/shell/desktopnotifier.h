#pragma once

#include <QHash>
#include <QObject>
#include <QString>

#include <functional>

class QSystemTrayIcon;

namespace farcell {

// Tells something outside the window: over the desktop's notification service, or by a tray icon
// where there is no such service. Nothing waits. GUI thread.
class DesktopNotifier : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DesktopNotifier)

public:
    explicit DesktopNotifier(QObject *parent = nullptr);
    ~DesktopNotifier() override;

    // `activated` runs when the person clicks it.
    void tell(const QString &title, const QString &text, bool isProblem,
              std::function<void()> activated);

private slots:
    void actionInvoked(uint id, const QString &action);
    void notificationClosed(uint id, uint reason);

private:
    void tellByTray(const QString &title, const QString &text, bool isProblem,
                    std::function<void()> activated);

    QHash<uint, std::function<void()>> m_open; // by the service's number
    QSystemTrayIcon *m_tray = nullptr;
    std::function<void()> m_trayAction;
};

} // namespace farcell
