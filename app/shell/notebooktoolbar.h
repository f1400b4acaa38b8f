#pragma once

#include <QPointer>
#include <QWidget>

class QMenu;
class QToolButton;

namespace farcell {

class CommandRegistry;
class ConnectButton;
class Keymap;
class Menus;
class MeterBar;
class NotebookView;
class ResourceMonitor;
class ThemeSource;
struct LinkState;

// The row above a notebook: + Code, + Text, Run all, and at the right the runtime's meters
// and the Connect button. GUI thread; owned by the window.
class NotebookToolBar : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NotebookToolBar)

public:
    NotebookToolBar(CommandRegistry &commands, Keymap &keymap, Menus &menus, ThemeSource &theme,
                    ResourceMonitor &monitor, QWidget *parent = nullptr);

    void setNotebook(NotebookView *notebook);
    void refresh();
    [[nodiscard]] const QWidget &connectButton() const;

private:
    QToolButton *button(const QString &command, const QString &text, const QString &icon);
    void updateToolTips();
    void refreshConnection();
    bool showLink(const LinkState &link, const QString &where);
    void refreshMeter();

    CommandRegistry &m_commands;
    Keymap &m_keymap;
    ThemeSource &m_theme;
    ResourceMonitor &m_monitor;
    QPointer<NotebookView> m_notebook;
    QList<QToolButton *> m_buttons;
    QToolButton *m_stop;
    MeterBar *m_meter;
    ConnectButton *m_connect;
};

} // namespace farcell
