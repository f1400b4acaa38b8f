#pragma once

#include <QList>
#include <QObject>
#include <QString>

#include <functional>
#include <vector>

namespace farcell {

// One thing a person can do, by name; menus, tool bar, palette and keys all go through it.
struct Command
{
    QString id;    // "run.cell"; stable, stands in key map files
    QString title; // translated, as in a menu: "Run focused cell"
    QString group; // translated menu name: "Runtime"
    QString icon;  // resources/icons, may be empty
    std::function<void()> run;
    std::function<bool()> enabled = nullptr; // none: always
    std::function<bool()> checked = nullptr; // none: not checkable
};

// All commands of the window. GUI thread.
// Not here: which keys they have (Keymap).
class CommandRegistry : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CommandRegistry)

public:
    using QObject::QObject;

    void add(Command command); // the id must be new
    [[nodiscard]] const Command *find(const QString &id) const;
    [[nodiscard]] const std::vector<Command> &all() const { return m_commands; }
    [[nodiscard]] bool isEnabled(const QString &id) const; // false for an unknown id
    bool trigger(const QString &id);                       // false if unknown or not enabled

signals:
    void triggered(const QString &id);

private:
    std::vector<Command> m_commands;
};

} // namespace farcell
