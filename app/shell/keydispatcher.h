#pragma once

#include "app/shell/keymap.h"

#include <QObject>

#include <functional>
#include <optional>

class QKeyEvent;
class QWidget;

namespace farcell {

class CommandRegistry;

// Turns key strokes into commands for one window, chords included ("Ctrl+M, B"; the later strokes
// also count with Ctrl held). It filters the application's events, so it sees the keys before an
// editor does. GUI thread.
class KeyDispatcher : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KeyDispatcher)

public:
    // Tells for the widget with the focus what bindings count there; nothing: leave its keys alone.
    struct Context
    {
        bool notebook = false;  // in the cell list
        bool editing = false;   // a cell's editor has the caret
        bool textField = false; // another text field: keys that edit text are its own
    };
    using ContextOf = std::function<std::optional<Context>(const QObject *target)>;

    KeyDispatcher(Keymap &keymap, CommandRegistry &commands, ContextOf contextOf,
                  QObject *parent = nullptr);

    [[nodiscard]] bool isPending() const { return !m_pending.isEmpty(); }

signals:
    void pendingChanged(const QString &text); // "Ctrl+M …", or empty
    void unknownChord(const QString &text);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    enum class Match
    {
        None,
        Prefix,
        Exact
    };
    struct Found
    {
        Match match = Match::None;
        QString command;
        QList<QKeyCombination> keys;
    };

    [[nodiscard]] Found find(const QKeyEvent &event, const Context &context) const;
    [[nodiscard]] Found lookUp(const QList<QKeyCombination> &keys, const Context &context) const;
    bool press(const QKeyEvent &event, const Context &context);
    void setPending(const QList<QKeyCombination> &keys);

    Keymap &m_keymap;
    CommandRegistry &m_commands;
    ContextOf m_contextOf;
    QList<QKeyCombination> m_pending;
};

} // namespace farcell
