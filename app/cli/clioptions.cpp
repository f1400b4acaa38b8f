#include "app/cli/clioptions.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::cli", text);
}

const QString runUsage = QStringLiteral(
    "farcell run IN -o OUT [--runtime URL] [--token-file FILE] [--kernel NAME] [--allow-errors] "
    "[--timeout SECONDS]\n"
    "       farcell run IN --detach --runtime URL [--token-file FILE] [--kernel NAME]");
const QString attachUsage = QStringLiteral(
    "farcell attach URL KERNEL [--since N] [--follow] [--token-file FILE] [--fingerprint HEX]");
const QString convertUsage =
    QStringLiteral("farcell convert IN --to notebook|script|markdown|html -o OUT");

UsageError usageError(const QString &what, const QString &usage)
{
    return {QStringLiteral("farcell: %1\n%2").arg(what, tr("Usage: %1").arg(usage))};
}

QCommandLineOption valueOption(const QStringList &names, const QString &description,
                               const QString &valueName)
{
    return {names, description, valueName};
}

// Options both commands have, and what both check.
struct Parsed
{
    QCommandLineParser parser;
    QCommandLineOption help{{QStringLiteral("h"), QStringLiteral("help")}, tr("Show this help.")};
    QCommandLineOption output = valueOption({QStringLiteral("o"), QStringLiteral("output")},
                                            tr("The file to write."), QStringLiteral("OUT"));
    QString usage;

    explicit Parsed(QString usageText)
        : usage(std::move(usageText))
    {
        parser.addOption(help);
        parser.addOption(output);
    }
    bool needsOutput = true;

    // Empty if the arguments fit so far.
    QString problem(const QStringList &arguments)
    {
        if (!parser.parse(arguments))
            return parser.errorText();
        if (parser.positionalArguments().isEmpty())
            return tr("No input file was given");
        if (parser.positionalArguments().size() > 1)
            return tr("More than one input file was given");
        if (needsOutput && parser.value(output).isEmpty())
            return tr("No output file was given (-o OUT)");
        return {};
    }

    [[nodiscard]] HelpText helpText(const QString &what) const
    {
        QString text =
            tr("Usage: %1").arg(usage) + QStringLiteral("\n\n") + what + QStringLiteral("\n\n");
        // QCommandLineParser's own text begins with a usage line of its own making.
        text += parser.helpText().section(QStringLiteral("\n\n"), 1);
        return {text.trimmed()};
    }
};

QCommandLineOption fingerprintOption()
{
    return valueOption({QStringLiteral("fingerprint")},
                       tr("The server's certificate must have this SHA-256 fingerprint."),
                       QStringLiteral("HEX"));
}

CliOptions parseRun(const QStringList &arguments)
{
    Parsed parsed(runUsage);
    const QCommandLineOption runtime =
        valueOption({QStringLiteral("runtime")},
                    tr("Run on this farcelld or Jupyter server instead of this computer."),
                    QStringLiteral("URL"));
    const QCommandLineOption tokenFile =
        valueOption({QStringLiteral("token-file")}, tr("The file with the server's token."),
                    QStringLiteral("FILE"));
    const QCommandLineOption kernel =
        valueOption({QStringLiteral("kernel")}, tr("The kernel to run on; else the notebook's."),
                    QStringLiteral("NAME"));
    const QCommandLineOption allowErrors(QStringLiteral("allow-errors"),
                                         tr("Go on after a cell that fails."));
    const QCommandLineOption timeout =
        valueOption({QStringLiteral("timeout")}, tr("The longest time one cell may take."),
                    QStringLiteral("SECONDS"));
    const QCommandLineOption detach(
        QStringLiteral("detach"),
        tr("Hand the run to the runtime and leave; farcell attach shows it."));
    parsed.parser.addOptions(
        {runtime, tokenFile, fingerprintOption(), kernel, allowErrors, timeout, detach});
    parsed.needsOutput = !arguments.contains(QStringLiteral("--detach"));

    const QString problem = parsed.problem(arguments);
    if (parsed.parser.isSet(parsed.help))
        return parsed.helpText(tr("Runs all code cells of the notebook IN and writes it with its "
                                  "outputs to OUT, which may be the same file."));
    if (!problem.isEmpty())
        return usageError(problem, runUsage);

    RunOptions options;
    options.input = parsed.parser.positionalArguments().first();
    options.output = parsed.parser.value(parsed.output);
    options.runtime = parsed.parser.value(runtime);
    options.tokenFile = parsed.parser.value(tokenFile);
    options.kernel = parsed.parser.value(kernel);
    options.fingerprint = parsed.parser.value(fingerprintOption());
    options.allowErrors = parsed.parser.isSet(allowErrors);
    options.detach = parsed.parser.isSet(detach);
    if (options.detach && options.runtime.isEmpty())
        return usageError(tr("--detach needs --runtime: the runtime of this computer ends with "
                             "farcell"),
                          runUsage);
    if (options.detach && !options.output.isEmpty())
        return usageError(tr("--detach writes no file: -o does not go with it"), runUsage);
    if (!options.tokenFile.isEmpty() && options.runtime.isEmpty())
        return usageError(tr("--token-file needs --runtime"), runUsage);
    if (parsed.parser.isSet(timeout)) {
        bool isNumber = false;
        const double seconds = parsed.parser.value(timeout).toDouble(&isNumber);
        if (!isNumber || !std::isfinite(seconds) || seconds <= 0 || seconds > 30.0 * 86400)
            return usageError(tr("--timeout wants a number of seconds"), runUsage);
        options.cellTimeout =
            std::chrono::milliseconds(std::max<qint64>(1, static_cast<qint64>(seconds * 1000)));
    }
    return options;
}

CliOptions parseAttach(const QStringList &arguments)
{
    QCommandLineParser parser;
    const QCommandLineOption help({QStringLiteral("h"), QStringLiteral("help")},
                                  tr("Show this help."));
    const QCommandLineOption since =
        valueOption({QStringLiteral("since")},
                    tr("Begin after this message number; 0, the default, is all that is kept."),
                    QStringLiteral("N"));
    const QCommandLineOption tokenFile =
        valueOption({QStringLiteral("token-file")}, tr("The file with the server's token."),
                    QStringLiteral("FILE"));
    const QCommandLineOption follow(QStringLiteral("follow"),
                                    tr("Stay when nothing runs any more."));
    parser.addOptions({help, since, tokenFile, fingerprintOption(), follow});
    const bool isParsed = parser.parse(arguments);
    if (isParsed && parser.isSet(help))
        return HelpText{tr("Usage: %1").arg(attachUsage) + QStringLiteral("\n\n") +
                        tr("Shows what a kernel of a farcelld prints and printed, until nothing "
                           "runs any more. KERNEL is an id, the beginning of one, or a notebook's "
                           "path.") +
                        QStringLiteral("\n\n") +
                        parser.helpText().section(QStringLiteral("\n\n"), 1).trimmed()};
    if (!isParsed)
        return usageError(parser.errorText(), attachUsage);
    const QStringList words = parser.positionalArguments();
    if (words.size() != 2)
        return usageError(tr("Say the server's URL and the kernel"), attachUsage);
    AttachOptions options;
    options.runtime = words[0];
    options.kernel = words[1];
    options.tokenFile = parser.value(tokenFile);
    options.fingerprint = parser.value(fingerprintOption());
    options.keepFollowing = parser.isSet(follow);
    bool isNumber = true;
    if (parser.isSet(since))
        options.since = parser.value(since).toULongLong(&isNumber);
    if (!isNumber)
        return usageError(tr("--since wants a whole number"), attachUsage);
    return options;
}

CliOptions parseConvert(const QStringList &arguments)
{
    Parsed parsed(convertUsage);
    const QCommandLineOption form = valueOption(
        {QStringLiteral("to")}, tr("notebook, script, markdown or html."), QStringLiteral("FORM"));
    parsed.parser.addOption(form);

    const QString problem = parsed.problem(arguments);
    if (parsed.parser.isSet(parsed.help))
        return parsed.helpText(tr("Writes the notebook IN in another form to OUT."));
    if (!problem.isEmpty())
        return usageError(problem, convertUsage);
    const QString chosen = parsed.parser.value(form);
    static const QStringList forms{QStringLiteral("notebook"), QStringLiteral("script"),
                                   QStringLiteral("markdown"), QStringLiteral("html")};
    if (!forms.contains(chosen))
        return usageError(chosen.isEmpty() ? tr("No form was given (--to)")
                                           : tr("There is no form “%1”").arg(chosen),
                          convertUsage);
    return ConvertOptions{parsed.parser.positionalArguments().first(),
                          parsed.parser.value(parsed.output), chosen};
}

} // namespace

CliOptions parseCli(const QStringList &arguments)
{
    const QString command = arguments.value(0);
    if (command == QLatin1String("run"))
        return parseRun(arguments);
    if (command == QLatin1String("convert"))
        return parseConvert(arguments);
    if (command == QLatin1String("attach"))
        return parseAttach(arguments);
    return usageError(tr("There is no command “%1”").arg(command),
                      runUsage + QStringLiteral("\n       ") + attachUsage +
                          QStringLiteral("\n       ") + convertUsage);
}

} // namespace farcell
