#pragma once

#include "backend/terminals/terminal.h"
#include "core/base/result.h"

#include <QObject>
#include <QString>

#include <map>
#include <memory>
#include <vector>

namespace farcell {

// The terminals of this server, named "1", "2", … as Jupyter does. A terminal whose shell has
// ended is forgotten. Lives on the server's thread.
class TerminalService : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TerminalService)

public:
    explicit TerminalService(QString rootDirectory, QObject *parent = nullptr);
    ~TerminalService() override;

    [[nodiscard]] std::vector<Terminal *> terminals() const;
    [[nodiscard]] Terminal *find(const QString &name) const; // null if there is none
    // Empty name: the next free number. Exists: that name is taken. Unavailable: too many.
    Result<Terminal *> create(const QString &name, const QString &directory);
    Result<> remove(const QString &name); // NotFound

    static constexpr size_t maxTerminals = 64;

private:
    void forget(const QString &name);
    [[nodiscard]] QString nextName() const;

    QString m_rootDirectory;
    std::map<QString, std::unique_ptr<Terminal>> m_terminals;
};

} // namespace farcell
