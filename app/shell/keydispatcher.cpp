#include "app/shell/keydispatcher.h"

#include "app/shell/commandregistry.h"

#include <QApplication>
#include <QKeyEvent>
#include <QWidget>

#include <utility>

namespace farcell {

namespace {

bool isModifier(int key)
{
    return key == Qt::Key_Control || key == Qt::Key_Shift || key == Qt::Key_Alt ||
           key == Qt::Key_Meta || key == Qt::Key_AltGr || key == 0 || key == Qt::Key_unknown ||
           (key >= Qt::Key_CapsLock && key <= Qt::Key_ScrollLock);
}

// The same stroke as key maps may write it.
QList<QKeyCombination> spellings(const QKeyEvent &event)
{
    int key = event.key();
    Qt::KeyboardModifiers modifiers = event.modifiers() & ~Qt::KeypadModifier;
    if (key == Qt::Key_Enter)
        key = Qt::Key_Return;
    if (key == Qt::Key_Backtab)
        key = Qt::Key_Tab;
    QList<QKeyCombination> list{QKeyCombination(modifiers, Qt::Key(key))};
    // "?" is Shift+/ on many keyboards; Shift is then part of the sign, not of the binding.
    const bool sign = key > Qt::Key_Space && key < 0x100 && !QChar(key).isLetter();
    if (sign && modifiers.testFlag(Qt::ShiftModifier))
        list.append(QKeyCombination(modifiers & ~Qt::ShiftModifier, Qt::Key(key)));
    return list;
}

// What a text field does itself with these keys.
bool editsText(const QKeyEvent &event)
{
    static const QList<QKeySequence::StandardKey> own{
        QKeySequence::Copy, QKeySequence::Cut,       QKeySequence::Paste,  QKeySequence::Undo,
        QKeySequence::Redo, QKeySequence::SelectAll, QKeySequence::Delete, QKeySequence::Backspace};
    for (const QKeySequence::StandardKey key : own) {
        if (event.matches(key))
            return true;
    }
    const auto modifiers = event.modifiers() & (Qt::ControlModifier | Qt::AltModifier);
    const bool function = event.key() >= Qt::Key_F1 && event.key() <= Qt::Key_F35;
    return !function && modifiers == Qt::NoModifier;
}

} // namespace

KeyDispatcher::KeyDispatcher(Keymap &keymap, CommandRegistry &commands, ContextOf contextOf,
                             QObject *parent)
    : QObject(parent)
    , m_keymap(keymap)
    , m_commands(commands)
    , m_contextOf(std::move(contextOf))
{
    qApp->installEventFilter(this);
}

bool KeyDispatcher::eventFilter(QObject *watched, QEvent *event)
{
    const QEvent::Type type = event->type();
    if (type == QEvent::MouseButtonPress && isPending())
        setPending({});
    if (type != QEvent::KeyPress && type != QEvent::ShortcutOverride)
        return false;
    // Every key goes through the QWindow first; only the delivery to the widget counts.
    if (!watched->isWidgetType() || watched != QApplication::focusWidget())
        return false;
    const std::optional<Context> context = m_contextOf(watched);
    if (!context)
        return false;

    const auto &key = static_cast<const QKeyEvent &>(*event);
    if (type == QEvent::KeyPress)
        return press(key, *context);
    if (isModifier(key.key()) || (find(key, *context).match == Match::None && !isPending()))
        return false;
    event->accept(); // ours: keep menus' mnemonics and the widget from taking it first
    return true;
}

bool KeyDispatcher::press(const QKeyEvent &event, const Context &context)
{
    if (isModifier(event.key()))
        return false;
    if (isPending() && event.key() == Qt::Key_Escape) {
        setPending({});
        return true;
    }
    const bool wasPending = isPending();
    const Found found = find(event, context);
    if (found.match == Match::Prefix) {
        setPending(found.keys);
        return true;
    }
    const QList<QKeyCombination> before = m_pending;
    setPending({});
    if (found.match == Match::Exact) {
        // Later, so that the command may delete the widget this event is for.
        QMetaObject::invokeMethod(
            this, [this, id = found.command] { m_commands.trigger(id); }, Qt::QueuedConnection);
        return true;
    }
    if (!wasPending)
        return false;
    if (!(before.first().keyboardModifiers() & (Qt::ControlModifier | Qt::AltModifier)))
        return press(event, context); // "d" then another letter: start anew with that
    emit unknownChord(Keymap::text(QKeySequence(before.first(), spellings(event).first())));
    return true;
}

KeyDispatcher::Found KeyDispatcher::find(const QKeyEvent &event, const Context &context) const
{
    if (context.textField && !isPending() && editsText(event))
        return {};
    const QList<QKeyCombination> written = spellings(event);
    for (const QKeyCombination &stroke : written) {
        QList<QKeyCombination> keys = m_pending;
        keys.append(stroke);
        Found found = lookUp(keys, context);
        if (found.match == Match::None && isPending() &&
            stroke.keyboardModifiers().testFlag(Qt::ControlModifier)) {
            keys.last() =
                QKeyCombination(stroke.keyboardModifiers() & ~Qt::ControlModifier, stroke.key());
            found = lookUp(keys, context);
        }
        if (found.match != Match::None)
            return found;
    }
    return {};
}

KeyDispatcher::Found KeyDispatcher::lookUp(const QList<QKeyCombination> &keys,
                                           const Context &context) const
{
    Found found;
    for (const KeyBinding &binding : m_keymap.bindings()) {
        const bool here =
            binding.scope == KeyScope::Always ||
            (context.notebook && (binding.scope == KeyScope::Notebook ||
                                  (binding.scope == KeyScope::Edit) == context.editing));
        if (!here || binding.keys.count() < keys.size())
            continue;
        bool same = true;
        for (int i = 0; same && i < keys.size(); ++i)
            same = binding.keys[uint(i)] == keys.at(i);
        if (!same || !m_commands.isEnabled(binding.command))
            continue;
        if (binding.keys.count() > keys.size())
            return {Match::Prefix, {}, keys};
        if (found.match == Match::None)
            found = {Match::Exact, binding.command, keys};
    }
    return found;
}

void KeyDispatcher::setPending(const QList<QKeyCombination> &keys)
{
    if (keys == m_pending)
        return;
    m_pending = keys;
    QString text;
    for (const QKeyCombination &key : keys)
        text += Keymap::text(QKeySequence(key)) + QLatin1Char(' ');
    emit pendingChanged(text.isEmpty() ? text : text + QStringLiteral("…"));
}

} // namespace farcell
