#pragma once

#include "core/base/result.h"

#include <QString>
#include <QStringList>

namespace farcell {

// A host as a person names it to ssh: an alias of the configuration or an address, with the user
// and the port where they were given.
struct SshTarget
{
    QString user; // empty: as ssh decides
    QString host;
    int port = 0; // 0: as ssh decides

    // "host", "user@host", "user@host:22", "user@[::1]:22", "ssh://user@host:22".
    static Result<SshTarget> parse(const QString &text);

    [[nodiscard]] QString text() const;          // what parse() reads
    [[nodiscard]] QStringList arguments() const; // for the ssh program; never taken for an option
    bool operator==(const SshTarget &) const = default;
};

// The names a person gave to hosts in an OpenSSH client configuration, in its order, each once.
// Includes are followed; patterns and Match blocks are left out. `file` need not exist.
[[nodiscard]] QStringList sshConfigHosts(const QString &file);
[[nodiscard]] QString userSshConfig(); // ~/.ssh/config

} // namespace farcell
