#pragma once

#include <QFrame>
#include <QPointer>

class QLineEdit;
class QListView;
class QStandardItemModel;

namespace farcell {

class CommandRegistry;
class Keymap;
class ThemeSource;

// The command palette: type a few letters, press Enter. Shows every command that can be used now,
// with its keys; what was used last stands first. A child of the window, over its content.
// GUI thread.
class CommandPalette : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CommandPalette)

public:
    CommandPalette(CommandRegistry &commands, Keymap &keymap, ThemeSource &theme, QWidget *window);

    void open();
    [[nodiscard]] QStringList shownCommands() const;
    void setFilter(const QString &text);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    void fill(const QString &pattern);
    void accept();
    void dismiss();
    void place();

    CommandRegistry &m_commands;
    Keymap &m_keymap;
    ThemeSource &m_theme;
    QLineEdit *m_input;
    QListView *m_list;
    QStandardItemModel *m_model;
    QStringList m_recent;
    QPointer<QWidget> m_focusBefore;
};

} // namespace farcell
