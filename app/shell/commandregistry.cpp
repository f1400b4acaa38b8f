#include "app/shell/commandregistry.h"

#include <algorithm>
#include <utility>

namespace farcell {

void CommandRegistry::add(Command command)
{
    Q_ASSERT(!find(command.id));
    m_commands.push_back(std::move(command));
}

const Command *CommandRegistry::find(const QString &id) const
{
    const auto it = std::find_if(m_commands.begin(), m_commands.end(),
                                 [&id](const Command &command) { return command.id == id; });
    return it == m_commands.end() ? nullptr : &*it;
}

bool CommandRegistry::isEnabled(const QString &id) const
{
    const Command *command = find(id);
    return command && (!command->enabled || command->enabled());
}

bool CommandRegistry::trigger(const QString &id)
{
    if (!isEnabled(id))
        return false;
    const auto run = find(id)->run; // a copy: the command may add commands
    run();
    emit triggered(id);
    return true;
}

} // namespace farcell
