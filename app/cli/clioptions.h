#pragma once

#include <QString>
#include <QStringList>

#include <chrono>
#include <variant>

namespace farcell {

struct RunOptions
{
    QString input, output;
    QString runtime;   // URL; empty: the embedded runtime
    QString tokenFile; // empty: none
    QString kernel;    // empty: the notebook's
    bool allowErrors = false;
    std::chrono::milliseconds cellTimeout{0}; // 0: none
};

struct ConvertOptions
{
    QString input, output;
    QString form; // notebook, script, markdown, html
};

struct HelpText
{
    QString text;
};

struct UsageError
{
    QString text; // what is wrong, then how it should be
};

using CliOptions = std::variant<RunOptions, ConvertOptions, HelpText, UsageError>;

// `arguments` without the program's name; the first one is the command.
[[nodiscard]] CliOptions parseCli(const QStringList &arguments);

} // namespace farcell
