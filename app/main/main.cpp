#include "app/cli/cli.h"
#include "app/main/guiapp.h"

#include <QApplication>
#include <QFileInfo>

#include <cstdio>
#include <optional>

namespace {

const char *const usage =
    "Usage: farcell [FILE…]\n"
    "       farcell run NOTEBOOK -o OUT [options]\n"
    "       farcell convert NOTEBOOK --to notebook|script|markdown|html -o OUT\n"
    "\n"
    "Opens notebooks in a window, or runs and converts them without one.\n"
    "\n"
    "  --new-window   do not hand the files to a Farcell that is already running\n"
    "  --version      print the version\n"
    "  --help         print this text; also: farcell run --help, farcell convert --help\n";

bool hasDisplay()
{
#ifdef Q_OS_LINUX
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY") ||
           qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
#else
    return true;
#endif
}

int runCommandLine(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    return farcell::runCli(*QCoreApplication::instance(), QCoreApplication::arguments().mid(1));
}

// Fills `options`; an exit code if the program is to end right away.
std::optional<int> parse(const QStringList &arguments, farcell::GuiOptions &options)
{
    for (int i = 0; i < arguments.size(); ++i) {
        const QString &argument = arguments.at(i);
        if (argument == QStringLiteral("--new-window")) {
            options.newInstance = true;
        } else if (argument == QStringLiteral("--screenshot") && i + 1 < arguments.size()) {
            options.screenshot = arguments.at(++i);
            options.newInstance = true;
        } else if (argument.startsWith(QLatin1Char('-'))) {
            std::fprintf(stderr, "farcell: unknown option %s\n%s", qPrintable(argument), usage);
            return 2;
        } else {
            options.files.append(QFileInfo(argument).absoluteFilePath());
        }
    }
    return std::nullopt;
}

} // namespace

int main(int argc, char **argv)
{
    const QString first = argc > 1 ? QString::fromLocal8Bit(argv[1]) : QString();
    if (farcell::isCliCommand(first))
        return runCommandLine(argc, argv);
    if (first == QStringLiteral("--version")) {
        std::printf("farcell %s\n", FARCELL_VERSION);
        return 0;
    }
    if (first == QStringLiteral("--help") || first == QStringLiteral("-h")) {
        std::fputs(usage, stdout);
        return 0;
    }
    if (!hasDisplay()) {
        std::fputs("farcell: there is no display; use “farcell run” or “farcell convert” without "
                   "one\n",
                   stderr);
        return 1;
    }
    QApplication::setHighDpiScaleFactorRoundingPolicy(
        Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("farcell"));
    QApplication::setApplicationDisplayName(QString());
    QApplication::setApplicationVersion(QStringLiteral(FARCELL_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("org.farcell.Farcell"));
    QApplication::setQuitOnLastWindowClosed(false);
    farcell::GuiOptions options; // after Qt took its own options
    if (const auto code = parse(QApplication::arguments().mid(1), options))
        return *code;
    return farcell::runGui(application, options);
}
