#include "app/shell/keyrecorder.h"

#include "app/shell/keymap.h"

#include <QKeyEvent>

#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

KeyRecorder::KeyRecorder(QWidget *parent)
    : QLineEdit(parent)
{
    setReadOnly(true);
    setPlaceholderText(tr("Press the new keys"));
    m_pause.setSingleShot(true);
    m_pause.setInterval(1200ms);
    connect(&m_pause, &QTimer::timeout, this, [this] { m_strokes.clear(); });
}

void KeyRecorder::reset()
{
    m_strokes.clear();
    clear();
}

bool KeyRecorder::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    // Tab too is a key one may want; Shift+Tab still leaves the field.
    if (event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        if (key->key() == Qt::Key_Tab && key->modifiers() != Qt::NoModifier) {
            keyPressEvent(key);
            return true;
        }
    }
    return QLineEdit::event(event);
}

void KeyRecorder::keyPressEvent(QKeyEvent *event)
{
    const int key = event->key();
    if (key == Qt::Key_Control || key == Qt::Key_Shift || key == Qt::Key_Alt ||
        key == Qt::Key_Meta || key == Qt::Key_AltGr || key == Qt::Key_unknown || key == 0)
        return;
    if (key == Qt::Key_Escape && event->modifiers() == Qt::NoModifier) {
        event->ignore(); // closes the dialog
        return;
    }
    if (m_strokes.size() >= 2)
        m_strokes.clear();
    m_strokes.append(QKeyCombination(event->modifiers() & ~Qt::KeypadModifier,
                                     key == Qt::Key_Enter ? Qt::Key_Return : Qt::Key(key)));
    m_pause.start();
    const QKeySequence keys = m_strokes.size() == 1
                                  ? QKeySequence(m_strokes.first())
                                  : QKeySequence(m_strokes.first(), m_strokes.last());
    setText(Keymap::text(keys));
    emit recorded(keys);
}

} // namespace farcell
