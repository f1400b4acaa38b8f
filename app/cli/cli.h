#pragma once

#include <QStringList>

class QCoreApplication;

namespace farcell {

// Exit codes of the command line; scripts rely on them.
enum class ExitCode
{
    Done = 0,
    Failed = 1,   // a cell failed, or the input is bad
    Usage = 2,    // wrong arguments
    NoRuntime = 3 // the runtime cannot be reached or refuses; nothing was written
};

// True for the words runCli() understands as its first argument.
[[nodiscard]] bool isCliCommand(const QString &word);

// `farcell run …` and `farcell convert …`: `arguments` without the program's name. Needs no
// display. Returns the exit code.
int runCli(QCoreApplication &application, const QStringList &arguments);

} // namespace farcell
