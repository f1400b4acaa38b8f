#pragma once

#include "app/theme/theme.h"
#include "core/base/result.h"
#include "core/client/runtimeclient.h"

#include <QFrame>

class QLabel;
class QProgressBar;

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
    void showServer(const ServerInfo &info, const QUrl &url); // empty: this computer
    void showError(const Error &error);

private:
    enum class Mood
    {
        Waiting,
        Good,
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
};

} // namespace farcell
