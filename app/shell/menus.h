#pragma once

#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>

class QAction;
class QMenu;
class QMenuBar;

namespace farcell {

class CommandRegistry;
class Keymap;
class ThemeSource;

// Menus made of commands: an entry shows the command's title, keys and state, and runs it. The
// keys stand beside the title only: the KeyDispatcher handles them. GUI thread.
class Menus : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Menus)

public:
    Menus(CommandRegistry &commands, Keymap &keymap, ThemeSource &theme, QObject *parent = nullptr);

    void buildMenuBar(QMenuBar &bar);
    // Fills a menu; "-" is a separator, unknown commands are left out.
    void fill(QMenu &menu, const QStringList &commands);
    [[nodiscard]] QAction *action(const QString &command, QObject *parent);

private:
    void refresh(const QMenu &menu) const;

    CommandRegistry &m_commands;
    Keymap &m_keymap;
    ThemeSource &m_theme;
};

} // namespace farcell
