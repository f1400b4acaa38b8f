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
    "[--timeout SECONDS]");
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

    // Empty if the arguments fit so far.
    QString problem(const QStringList &arguments)
    {
        if (!parser.parse(arguments))
            return parser.errorText();
        if (parser.positionalArguments().isEmpty())
            return tr("No input file was given");
        if (parser.positionalArguments().size() > 1)
            return tr("More than one input file was given");
        if (parser.value(output).isEmpty())
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
    parsed.parser.addOptions({runtime, tokenFile, kernel, allowErrors, timeout});

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
    options.allowErrors = parsed.parser.isSet(allowErrors);
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
    return usageError(tr("There is no command “%1”").arg(command),
                      runUsage + QStringLiteral("\n       ") + convertUsage);
}

} // namespace farcell
