#include "app/shell/keymap.h"

#include "core/base/jsonmembers.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace farcell {

using nlohmann::json;

namespace {

const auto defaultPreset = QStringLiteral("colab");

KeyScope scopeNamed(const QString &name)
{
    if (name == QStringLiteral("always"))
        return KeyScope::Always;
    if (name == QStringLiteral("command"))
        return KeyScope::Command;
    return name == QStringLiteral("edit") ? KeyScope::Edit : KeyScope::Notebook;
}

bool overlap(KeyScope a, KeyScope b)
{
    if (a == KeyScope::Command && b == KeyScope::Edit)
        return false;
    return !(a == KeyScope::Edit && b == KeyScope::Command);
}

bool startsWith(const QKeySequence &keys, const QKeySequence &head)
{
    if (head.count() > keys.count())
        return false;
    for (int i = 0; i < head.count(); ++i) {
        if (keys[uint(i)] != head[uint(i)])
            return false;
    }
    return true;
}

bool isPlain(const QKeyCombination &key)
{
    const bool function = key.key() >= Qt::Key_F1 && key.key() <= Qt::Key_F35;
    return !function &&
           !(key.keyboardModifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier));
}

} // namespace

Keymap::Keymap(QString userFile, QObject *parent)
    : QObject(parent)
    , m_userFile(std::move(userFile))
    , m_preset(defaultPreset)
{
    load();
    rebuild();
}

QStringList Keymap::presets()
{
    return {QStringLiteral("colab"), QStringLiteral("jupyter")};
}

QString Keymap::presetTitle(const QString &preset)
{
    return preset == QStringLiteral("jupyter") ? tr("Jupyter") : tr("Colab");
}

void Keymap::setPreset(const QString &preset)
{
    if (preset == m_preset || !presets().contains(preset))
        return;
    m_preset = preset;
    save();
    rebuild();
}

Result<QList<KeyBinding>> Keymap::parse(const QByteArray &text)
{
    const json root = json::parse(text.begin(), text.end(), nullptr, false);
    const auto list = root.is_object() ? root.find("bindings") : root.end();
    if (!root.is_object() || list == root.end() || !list->is_array())
        return fail(ErrorCode::InvalidData, tr("The key map has no list of bindings"));

    QList<KeyBinding> bindings;
    for (const json &entry : *list) {
        const QString command = textAt(entry, "command");
        const QKeySequence keys(textAt(entry, "keys"), QKeySequence::PortableText);
        if (command.isEmpty() || keys.isEmpty())
            return fail(ErrorCode::InvalidData, tr("A key binding needs a command and keys"),
                        QString::fromStdString(entry.dump()));
        bindings.append({command, keys, scopeNamed(textAt(entry, "when"))});
    }
    return bindings;
}

void Keymap::load()
{
    QFile file(m_userFile);
    if (m_userFile.isEmpty() || !file.open(QIODevice::ReadOnly))
        return;
    const QByteArray text = file.readAll();
    const json root = json::parse(text.begin(), text.end(), nullptr, false);
    if (!root.is_object())
        return;
    if (const QString preset = textAt(root, "preset"); presets().contains(preset))
        m_preset = preset;
    const auto custom = root.find("custom");
    if (custom == root.end() || !custom->is_object())
        return;
    for (const auto &[command, keys] : custom->items()) {
        QStringList texts;
        for (const json &key : keys) {
            if (key.is_string())
                texts.append(QString::fromStdString(key.get_ref<const std::string &>()));
        }
        m_custom.insert(QString::fromStdString(command), texts);
    }
}

void Keymap::save() const
{
    if (m_userFile.isEmpty())
        return;
    nlohmann::ordered_json custom = nlohmann::ordered_json::object();
    for (auto it = m_custom.cbegin(); it != m_custom.cend(); ++it) {
        auto keys = nlohmann::ordered_json::array();
        for (const QString &text : it.value())
            keys.push_back(text.toStdString());
        custom[it.key().toStdString()] = keys;
    }
    nlohmann::ordered_json root;
    root["preset"] = m_preset.toStdString();
    root["custom"] = custom;
    QDir().mkpath(QFileInfo(m_userFile).path());
    QSaveFile file(m_userFile);
    if (file.open(QIODevice::WriteOnly)) {
        file.write(QByteArray::fromStdString(root.dump(2)) + '\n');
        file.commit();
    }
}

void Keymap::rebuild()
{
    QFile file(QStringLiteral(":/farcell/keymaps/%1.json").arg(m_preset));
    m_defaults.clear();
    if (file.open(QIODevice::ReadOnly))
        m_defaults = parse(file.readAll()).value_or(QList<KeyBinding>());

    m_effective.clear();
    for (const KeyBinding &binding : std::as_const(m_defaults)) {
        if (!m_custom.contains(binding.command))
            m_effective.append(binding);
    }
    for (auto it = m_custom.cbegin(); it != m_custom.cend(); ++it) {
        for (const QString &text : it.value()) {
            const QKeySequence keys(text, QKeySequence::PortableText);
            if (!keys.isEmpty())
                m_effective.append({it.key(), keys, scopeOf(it.key(), keys)});
        }
    }
    emit changed();
}

KeyScope Keymap::scopeOf(const QString &command, const QKeySequence &keys) const
{
    if (isPlain(keys[0])) // a bare letter must not fire while typing
        return KeyScope::Command;
    for (const KeyBinding &binding : m_defaults) {
        if (binding.command == command && binding.scope != KeyScope::Command)
            return binding.scope;
    }
    const QString group = command.section(QLatin1Char('.'), 0, 0);
    static const QStringList inNotebook{QStringLiteral("cell"), QStringLiteral("insert"),
                                        QStringLiteral("run")};
    return inNotebook.contains(group) ? KeyScope::Notebook : KeyScope::Always;
}

QList<QKeySequence> Keymap::keysFor(const QString &command) const
{
    QList<QKeySequence> keys;
    for (const KeyBinding &binding : m_effective) {
        if (binding.command == command)
            keys.append(binding.keys);
    }
    return keys;
}

QKeySequence Keymap::shownKeys(const QString &command) const
{
    const QList<QKeySequence> keys = keysFor(command);
    for (const bool single : {true, false}) { // one stroke rather than a chord
        for (const QKeySequence &sequence : keys) {
            if (!isPlain(sequence[0]) && (sequence.count() == 1 || !single))
                return sequence;
        }
    }
    return keys.isEmpty() ? QKeySequence() : keys.first();
}

QString Keymap::text(const QKeySequence &keys)
{
    // Qt says Return for the key that people call Enter.
    return keys.toString(QKeySequence::NativeText)
        .replace(QStringLiteral(", "), QStringLiteral(" "))
        .replace(QStringLiteral("Return"), QStringLiteral("Enter"));
}

void Keymap::setKeys(const QString &command, const QList<QKeySequence> &keys)
{
    QStringList texts;
    for (const QKeySequence &sequence : keys)
        texts.append(sequence.toString(QKeySequence::PortableText));
    m_custom.insert(command, texts);
    save();
    rebuild();
}

void Keymap::reset(const QString &command)
{
    if (m_custom.remove(command) == 0)
        return;
    save();
    rebuild();
}

void Keymap::resetAll()
{
    m_custom.clear();
    save();
    rebuild();
}

bool Keymap::isCustom(const QString &command) const
{
    return m_custom.contains(command);
}

QStringList Keymap::conflicts(const QString &command, const QKeySequence &keys) const
{
    QStringList found;
    const KeyScope scope = scopeOf(command, keys);
    for (const KeyBinding &binding : m_effective) {
        const bool same = startsWith(binding.keys, keys) || startsWith(keys, binding.keys);
        if (binding.command != command && same && overlap(scope, binding.scope) &&
            !found.contains(binding.command))
            found.append(binding.command);
    }
    return found;
}

} // namespace farcell
