#pragma once

#include "core/base/result.h"

#include <QKeySequence>
#include <QList>
#include <QMap>
#include <QObject>
#include <QString>

namespace farcell {

// Where the keyboard focus must be for a binding to count.
enum class KeyScope
{
    Always,   // anywhere in the window
    Notebook, // in the cell list, whatever the mode
    Command,  // in the cell list, no editor open
    Edit      // in a cell's editor
};

struct KeyBinding
{
    QString command;
    QKeySequence keys; // one to four strokes; "Ctrl+M, B"
    KeyScope scope = KeyScope::Notebook;
};

// Which keys run which command: a preset from resources/keymaps (Colab or Jupyter) and the
// person's own changes on top, kept as JSON in the configuration folder. GUI thread.
// Not here: watching the keyboard (KeyDispatcher).
class Keymap : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Keymap)

public:
    // `userFile` may not exist yet; empty: changes are not kept.
    explicit Keymap(QString userFile, QObject *parent = nullptr);

    [[nodiscard]] static QStringList presets(); // names
    [[nodiscard]] static QString presetTitle(const QString &preset);
    [[nodiscard]] QString preset() const { return m_preset; }
    void setPreset(const QString &preset);

    [[nodiscard]] const QList<KeyBinding> &bindings() const { return m_effective; }
    [[nodiscard]] QList<QKeySequence> keysFor(const QString &command) const;
    // The one to show in menus: the first with a modifier, else the first; may be empty.
    [[nodiscard]] QKeySequence shownKeys(const QString &command) const;
    [[nodiscard]] static QString text(const QKeySequence &keys); // "Ctrl+M B"

    void setKeys(const QString &command, const QList<QKeySequence> &keys);
    void reset(const QString &command);
    void resetAll();
    [[nodiscard]] bool isCustom(const QString &command) const;
    // Other commands that `keys` would run, or that start with them, in an overlapping scope.
    [[nodiscard]] QStringList conflicts(const QString &command, const QKeySequence &keys) const;

    [[nodiscard]] static Result<QList<KeyBinding>> parse(const QByteArray &json);

signals:
    void changed();

private:
    void load();
    void save() const;
    void rebuild();
    [[nodiscard]] KeyScope scopeOf(const QString &command, const QKeySequence &keys) const;

    QString m_userFile;
    QString m_preset;
    QList<KeyBinding> m_defaults;
    QMap<QString, QStringList> m_custom; // command -> portable key texts
    QList<KeyBinding> m_effective;
};

} // namespace farcell
