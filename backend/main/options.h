#pragma once

#include "core/base/result.h"

#include <QString>
#include <QStringList>

namespace farcell {

// What `farcelld serve` was told.
struct ServeOptions
{
    QString listen = QStringLiteral("127.0.0.1:8888");
    QString root;
    QString stateDirectory;
    QString tokenFile; // empty: <state>/token, made if it is not there
    QStringList allowedOrigins;
    unsigned journalMegabytes = 4096; // of each kernel
    bool followSymlinks = false;
    bool prewarm = true;
    bool kernelsEndWithServer = false;
    bool exitWithStdin = false;
};

// What the command line asks for: serve, or text to print.
struct CommandLine
{
    enum class Action
    {
        Serve,
        Print
    };
    Action action = Action::Serve;
    QString text;
    ServeOptions serve;
};

// The error's message is the one sentence of a usage error.
[[nodiscard]] Result<CommandLine> parseCommandLine(const QStringList &arguments);

} // namespace farcell
