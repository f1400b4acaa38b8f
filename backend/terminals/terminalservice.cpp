#include "backend/terminals/terminalservice.h"

#include <QRegularExpression>

#include <utility>

namespace farcell {

TerminalService::TerminalService(QString rootDirectory, QObject *parent)
    : QObject(parent)
    , m_rootDirectory(std::move(rootDirectory))
{}

TerminalService::~TerminalService() = default;

std::vector<Terminal *> TerminalService::terminals() const
{
    std::vector<Terminal *> all;
    for (const auto &[name, terminal] : m_terminals)
        all.push_back(terminal.get());
    return all;
}

Terminal *TerminalService::find(const QString &name) const
{
    const auto it = m_terminals.find(name);
    return it == m_terminals.end() ? nullptr : it->second.get();
}

QString TerminalService::nextName() const
{
    int number = 1;
    while (find(QString::number(number)))
        ++number;
    return QString::number(number);
}

Result<Terminal *> TerminalService::create(const QString &name, const QString &directory)
{
    static const QRegularExpression allowed(QStringLiteral("^\\w{1,64}$"));
    if (m_terminals.size() >= maxTerminals)
        return fail(ErrorCode::Unavailable, tr("There are too many terminals"));
    if (!name.isEmpty() && !allowed.match(name).hasMatch())
        return fail(ErrorCode::InvalidData,
                    tr("A terminal's name may have letters, digits and underscores only"));
    const QString chosen = name.isEmpty() ? nextName() : name;
    if (find(chosen))
        return fail(ErrorCode::Exists, tr("There is already a terminal named %1").arg(chosen));

    auto terminal = Terminal::start(chosen, directory.isEmpty() ? m_rootDirectory : directory);
    if (!terminal)
        return tl::unexpected(terminal.error());
    Terminal *started = terminal->get();
    // Queued: the terminal is still at work when it says so.
    connect(
        started, &Terminal::ended, this, [this, chosen] { forget(chosen); }, Qt::QueuedConnection);
    m_terminals[chosen] = std::move(*terminal);
    return started;
}

Result<> TerminalService::remove(const QString &name)
{
    if (!find(name))
        return fail(ErrorCode::NotFound, tr("Terminal not found: %1").arg(name));
    forget(name);
    return {};
}

void TerminalService::forget(const QString &name)
{
    const auto it = m_terminals.find(name);
    if (it == m_terminals.end())
        return;
    const std::unique_ptr<Terminal> terminal = std::move(it->second);
    m_terminals.erase(it);
    terminal->disconnect(this);
    emit terminal->ended(); // readers hear of it before it is gone
}

} // namespace farcell
