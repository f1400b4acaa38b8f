#include "app/cli/cli.h"

#include "app/cli/attachcommand.h"
#include "app/cli/clioptions.h"
#include "app/cli/convertcommand.h"
#include "app/cli/runcommand.h"

#include <QCoreApplication>
#include <QTimer>

#include <cstdio>
#include <variant>

namespace farcell {

namespace {

int toInt(ExitCode code)
{
    return static_cast<int>(code);
}

void print(std::FILE *stream, const QString &text)
{
    const QByteArray bytes = text.toLocal8Bit() + '\n';
    std::fwrite(bytes.constData(), 1, static_cast<size_t>(bytes.size()), stream);
    std::fflush(stream);
}

template <typename Command, typename Options>
int execute(QCoreApplication &application, const Options &options)
{
    Command command(options);
    QObject::connect(
        &command, &Command::finished, &application,
        [&application](ExitCode code) { application.exit(toInt(code)); }, Qt::QueuedConnection);
    QTimer::singleShot(0, &command, &Command::start);
    return QCoreApplication::exec();
}

} // namespace

bool isCliCommand(const QString &word)
{
    return word == QLatin1String("run") || word == QLatin1String("attach") ||
           word == QLatin1String("convert");
}

int runCli(QCoreApplication &application, const QStringList &arguments)
{
    const CliOptions options = parseCli(arguments);
    if (const auto *const text = std::get_if<HelpText>(&options)) {
        print(stdout, text->text);
        return toInt(ExitCode::Done);
    }
    if (const auto *const error = std::get_if<UsageError>(&options)) {
        print(stderr, error->text);
        return toInt(ExitCode::Usage);
    }
    if (const auto *const convert = std::get_if<ConvertOptions>(&options))
        return toInt(runConvert(*convert));
    if (const auto *const attach = std::get_if<AttachOptions>(&options))
        return execute<AttachCommand>(application, *attach);
    return execute<RunCommand>(application, std::get<RunOptions>(options));
}

} // namespace farcell
