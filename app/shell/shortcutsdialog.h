#pragma once

#include <QDialog>
#include <QKeySequence>

class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;

namespace farcell {

class CommandRegistry;
class Keymap;
class KeyRecorder;
class ThemeSource;

// All commands with their keys: search, record new keys (chords too), see conflicts, reset.
// GUI thread.
class ShortcutsDialog : public QDialog
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ShortcutsDialog)

public:
    ShortcutsDialog(CommandRegistry &commands, Keymap &keymap, ThemeSource &theme,
                    QWidget *parent = nullptr);

private:
    void build();
    void fill();
    void filter();
    void selectionChanged();
    void recorded(const QKeySequence &keys);
    [[nodiscard]] QString currentCommand() const;

    CommandRegistry &m_commands;
    Keymap &m_keymap;
    ThemeSource &m_theme;
    QLineEdit *m_search;
    QTreeWidget *m_list;
    KeyRecorder *m_recorder;
    QLabel *m_message;
    QPushButton *m_assign;
    QPushButton *m_remove;
    QPushButton *m_reset;
    QKeySequence m_keys; // recorded, not yet assigned
};

} // namespace farcell
