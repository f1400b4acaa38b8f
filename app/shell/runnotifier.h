#pragma once

#include <QElapsedTimer>
#include <QHash>
#include <QObject>

namespace farcell {

class DesktopNotifier;
class NotebookView;
class Settings;

// Notices when a long run ends or fails while the window is not in front, and has it told outside.
// A run is everything from the first cell that starts until nothing is left. GUI thread; owned by
// the window.
class RunNotifier : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RunNotifier)

public:
    RunNotifier(Settings &settings, DesktopNotifier &notifier, QObject *parent = nullptr);

    void watch(NotebookView *notebook);

signals:
    void showRequested(farcell::NotebookView *notebook); // the notification was clicked

private:
    void ended(NotebookView *notebook, bool ok);
    void tell(NotebookView *notebook, bool ok, const QString &what);

    Settings &m_settings;
    DesktopNotifier &m_notifier;
    QHash<NotebookView *, QElapsedTimer> m_running;
};

} // namespace farcell
