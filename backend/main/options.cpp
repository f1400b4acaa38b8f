#include "backend/main/options.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QDir>

#include <optional>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

QString usage()
{
    return tr("Usage: farcelld serve [options]\n"
              "\n"
              "The backend of Farcell: a Jupyter server for one person.\n"
              "\n"
              "Options:\n"
              "  --listen ADDRESS      127.0.0.1:PORT or unix:PATH; port 0 picks a free one\n"
              "                        (default 127.0.0.1:8888)\n"
              "  --root DIR            the folder to serve (default: the current one)\n"
              "  --state-dir DIR       where kernels and settings are kept\n"
              "                        (default: ~/.local/state/farcell)\n"
              "  --token-file FILE     the token, white space around it ignored\n"
              "                        (default: token in the state folder, made at first)\n"
              "  --no-prewarm          keep no kernel ready in advance\n"
              "  --allow-origin URL    let web pages of this origin in; may be repeated\n"
              "  --follow-symlinks     follow symbolic links out of the root\n"
              "  --kernels-end-with-server\n"
              "                        end all kernels when the server ends\n"
              "  --journal-limit MB    how much of each kernel's output is kept (default 4096)\n"
              "  --exit-with-stdin     end when standard input is closed\n"
              "  --version             print the version\n"
              "  --help                print this\n");
}

QString defaultStateDirectory()
{
    const QString state = qEnvironmentVariable("XDG_STATE_HOME");
    if (state.startsWith(u'/'))
        return state + QStringLiteral("/farcell");
    const QString home = qEnvironmentVariable("HOME");
    return home.isEmpty() ? QString() : QString(home + QStringLiteral("/.local/state/farcell"));
}

void addOptions(QCommandLineParser &parser)
{
    const auto value = [&](const char *name) {
        parser.addOption(
            QCommandLineOption(QString::fromLatin1(name), {}, QStringLiteral("value")));
    };
    for (const char *name : {"listen", "root", "state-dir", "token-file", "allow-origin", "journal-limit"})
        value(name);
    for (const char *name : {"no-prewarm", "follow-symlinks", "kernels-end-with-server",
                             "exit-with-stdin", "help", "version"})
        parser.addOption(QCommandLineOption(QString::fromLatin1(name)));
    parser.addOption(QCommandLineOption(QStringLiteral("h")));
}

Result<ServeOptions> readServe(const QCommandLineParser &parser)
{
    ServeOptions options;
    const auto text = [&](const char *name) -> std::optional<QString> {
        const QString key = QString::fromLatin1(name);
        return parser.isSet(key) ? std::optional(parser.value(key)) : std::nullopt;
    };
    const auto flag = [&](const char *name) { return parser.isSet(QString::fromLatin1(name)); };
    options.listen = text("listen").value_or(options.listen);
    options.root = QDir(text("root").value_or(QDir::currentPath())).absolutePath();
    options.stateDirectory = text("state-dir").value_or(defaultStateDirectory());
    options.tokenFile = text("token-file").value_or(QString());
    options.allowedOrigins = parser.values(QStringLiteral("allow-origin"));
    options.followSymlinks = flag("follow-symlinks");
    options.prewarm = !flag("no-prewarm");
    options.kernelsEndWithServer = flag("kernels-end-with-server");
    options.exitWithStdin = flag("exit-with-stdin");
    if (const auto limit = text("journal-limit")) {
        bool isNumber = false;
        options.journalMegabytes = limit->toUInt(&isNumber);
        if (!isNumber || options.journalMegabytes == 0)
            return fail(ErrorCode::InvalidData,
                        tr("--journal-limit wants a number of megabytes, 1 or more"));
    }
    if (options.stateDirectory.isEmpty())
        return fail(ErrorCode::InvalidData,
                    tr("HOME is not set: say with --state-dir where to keep the state"));
    options.stateDirectory = QDir(options.stateDirectory).absolutePath();
    return options;
}

} // namespace

Result<CommandLine> parseCommandLine(const QStringList &arguments)
{
    QCommandLineParser parser;
    addOptions(parser);
    if (!parser.parse(arguments))
        return fail(ErrorCode::InvalidData, parser.errorText());
    CommandLine line;
    line.action = CommandLine::Action::Print;
    if (parser.isSet(QStringLiteral("help")) || parser.isSet(QStringLiteral("h"))) {
        line.text = usage();
        return line;
    }
    if (parser.isSet(QStringLiteral("version"))) {
        line.text = QStringLiteral("farcelld " FARCELL_VERSION "\n");
        return line;
    }
    const QStringList words = parser.positionalArguments();
    if (words != QStringList{QStringLiteral("serve")})
        return fail(ErrorCode::InvalidData,
                    words.isEmpty()
                        ? tr("Say what to do: farcelld serve (see farcelld --help)")
                        : tr("Unknown command: %1 (see farcelld --help)").arg(words.join(u' ')));
    auto serve = readServe(parser);
    if (!serve)
        return tl::unexpected(serve.error());
    line.action = CommandLine::Action::Serve;
    line.serve = std::move(*serve);
    return line;
}

} // namespace farcell
