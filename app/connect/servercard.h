#pragma once

#include "app/theme/theme.h"
#include "core/base/result.h"
#include "core/client/runtimeclient.h"

#include <QFrame>

class QLabel;
class QProgressBar;
class QPushButton;

namespace farcell {

// One line about a server: being asked, what it is, or what is wrong and what to do about it.
class ServerCard : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ServerCard)

public:
    explicit ServerCard(ThemeSource &theme, QWidget *parent = nullptr);

    void showNothing();
    void showWaiting(const QString &text);
    void showProgress(const QString &text, qint64 done, qint64 total); // total 0: not known
    void showServer(const ServerInfo &info, const QUrl &url);          // empty: this computer
    void showServer(const ServerInfo &info, const QString &where);
    void showDone(const QString &text);
    void showError(const Error &error);
    // A certificate nobody vouches for: shows its fingerprint (error.detail) and asks. `changed`:
    // it is not the one that was trusted before.
    void showUntrusted(const Error &error, bool changed);

signals:
    void trustRequested(const QString &fingerprint);

private:
    enum class Mood
    {
        Waiting,
        Good,
        Doubtful,
        Bad
    };
    void show(Mood mood, const QString &title, const QString &note);
    void applyTheme();

    ThemeSource &m_theme;
    Mood m_mood = Mood::Waiting;
    QLabel *m_icon;
    QLabel *m_title;
    QLabel *m_note;
    QProgressBar *m_progress;
    QLabel *m_fingerprint;
    QPushButton *m_trust;
};

} // namespace farcell
