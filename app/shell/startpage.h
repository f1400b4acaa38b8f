#pragma once

#include <QWidget>

class QVBoxLayout;

namespace farcell {

class CommandRegistry;
class Settings;
class ThemeSource;

// What the window shows without an open file: what one can do, and the files used last.
// GUI thread; owned by the window.
class StartPage : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(StartPage)

public:
    StartPage(Settings &settings, ThemeSource &theme, QWidget *parent = nullptr);

signals:
    void commandRequested(const QString &command);
    void openRequested(const QString &path);

private:
    void rebuild();
    QWidget *actionButton(const QString &icon, const QString &title, const QString &note,
                          const QString &command);
    QWidget *recentRow(const QString &path);

    Settings &m_settings;
    ThemeSource &m_theme;
    QVBoxLayout *m_column;
};

} // namespace farcell
