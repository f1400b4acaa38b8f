#pragma once

#include <QString>
#include <QStringList>

#include <chrono>
#include <variant>

namespace farcell {

struct RunOptions
{
    QString input, output;
    QString runtime;     // URL; empty: the embedded runtime
    QString tokenFile;   // empty: none
    QString fingerprint; // of the server's certificate; empty: as pinned, or as trusted here
    QString kernel;      // empty: the notebook's
    bool detach = false; // leave the run to the runtime
    bool allowErrors = false;
    std::chrono::milliseconds cellTimeout{0}; // 0: none
};

struct ConvertOptions
{
    QString input, output;
    QString form; // notebook, script, markdown, html
};

struct AttachOptions
{
    QString runtime, kernel; // URL; id, the beginning of one, or a notebook's path
    QString tokenFile, fingerprint;
    quint64 since = 0;
    bool keepFollowing = false; // also when nothing runs any more
};

struct HelpText
{
    QString text;
};

struct UsageError
{
    QString text; // what is wrong, then how it should be
};

using CliOptions = std::variant<RunOptions, AttachOptions, ConvertOptions, HelpText, UsageError>;

// `arguments` without the program's name; the first one is the command.
[[nodiscard]] CliOptions parseCli(const QStringList &arguments);

} // namespace farcell
