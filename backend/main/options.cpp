#include "backend/main/options.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

#include <optional>
#include <utility>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

QString usage()
{
    return tr("Usage: farcelld serve [options]\n"
              "       farcelld token [--state-dir DIR] [--token-file FILE]\n"
              "       farcelld gpus [--nvml FILE]\n"
              "       farcelld gpu-check [--gpu INDEX|UUID]... [--memory PERCENT] [--anyway]\n"
              "                          [--json] [--nvml FILE]\n"
              "\n"
              "The backend of Farcell: a Jupyter server for one person. `token` prints the\n"
              "address, the token and the fingerprint of the TLS certificate; `gpus` lists the\n"
              "GPUs of this machine, or says why there is none; `gpu-check` tests their memory,\n"
              "arithmetic and speed (exit status 0: sound, 1: a fault was found, 3: they cannot\n"
              "be checked).\n"
              "\n"
              "Options:\n"
              "  --listen ADDRESS      HOST:PORT or unix:PATH; port 0 picks a free one; beyond\n"
              "                        this computer it is always with TLS\n"
              "                        (default 127.0.0.1:8888)\n"
              "  --root DIR            the folder to serve (default: the current one)\n"
              "  --state-dir DIR       where kernels and settings are kept\n"
              "                        (default: ~/.local/state/farcell)\n"
              "  --token-file FILE     the token, white space around it ignored\n"
              "                        (default: token in the state folder, made at first)\n"
              "  --tls                 TLS on this computer's own addresses as well\n"
              "  --tls-cert FILE --tls-key FILE\n"
              "                        your own certificate and key (default: one that is made\n"
              "                        at first, in the state folder)\n"
              "  --insecure            no TLS: everybody on the way can read along and take over\n"
              "  --allow-host NAME     a name clients call this machine by; may be repeated\n"
              "  --cull-idle SECONDS   end kernels nobody used for so long (default: never)\n"
              "  --no-prewarm          keep no kernel ready in advance\n"
              "  --allow-origin URL    let web pages of this origin in; may be repeated\n"
              "  --follow-symlinks     follow symbolic links out of the root\n"
              "  --no-trash            delete files for good (default: to the trash)\n"
              "  --kernels-end-with-server\n"
              "                        end all kernels when the server ends\n"
              "  --journal-limit MB    how much of each kernel's output is kept (default 4096)\n"
              "  --nvml FILE           another NVML library than the system's\n"
              "  --nvidia-smi FILE     another nvidia-smi than the one on PATH; it is kernels'\n"
              "                        /opt/bin/nvidia-smi\n"
              "  --no-namespace        kernels see the machine as it is: /opt/bin/nvidia-smi is\n"
              "                        not added, and sudo works in them\n"
              "  --exit-with-stdin     end when standard input is closed\n"
              "  --gpu INDEX|UUID      check only this one; may be repeated\n"
              "  --memory PERCENT      how much of its memory to test with patterns (default 50)\n"
              "  --anyway              check it although somebody computes on it\n"
              "  --json                print the result as JSON\n"
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
    for (const char *name :
         {"listen", "root", "state-dir", "token-file", "allow-origin", "journal-limit",
          "allow-host", "tls-cert", "tls-key", "cull-idle", "nvml", "nvidia-smi", "gpu", "memory"})
        value(name);
    for (const char *name :
         {"no-prewarm", "follow-symlinks", "kernels-end-with-server", "exit-with-stdin",
          "no-namespace", "anyway", "json", "no-trash", "tls", "insecure", "help", "version"})
        parser.addOption(QCommandLineOption(QString::fromLatin1(name)));
    parser.addOption(QCommandLineOption(QStringLiteral("h")));
}

// What is wrong with one of them, or nothing.
std::optional<QString> readNumbers(const QCommandLineParser &parser, ServeOptions &options)
{
    const auto number = [&](const char *name, auto &value) {
        const QString key = QString::fromLatin1(name);
        bool isNumber = true;
        if (parser.isSet(key))
            value = parser.value(key).toInt(&isNumber);
        return isNumber && (!parser.isSet(key) || value > 0);
    };
    if (!number("journal-limit", options.journalMegabytes))
        return tr("--journal-limit wants a number of megabytes, 1 or more");
    if (!number("cull-idle", options.cullIdleSeconds))
        return tr("--cull-idle wants a number of seconds, 1 or more");
    return std::nullopt;
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
    options.trash = !flag("no-trash");
    options.prewarm = !flag("no-prewarm");
    options.kernelsEndWithServer = flag("kernels-end-with-server");
    options.exitWithStdin = flag("exit-with-stdin");
    options.allowedHosts = parser.values(QStringLiteral("allow-host"));
    options.tls = flag("tls");
    options.insecure = flag("insecure");
    options.tlsCertificate = text("tls-cert").value_or(QString());
    options.tlsKey = text("tls-key").value_or(QString());
    options.nvmlLibrary = text("nvml").value_or(QString());
    options.nvidiaSmi = text("nvidia-smi").value_or(QString());
    options.noNamespace = flag("no-namespace");
    if (options.tlsCertificate.isEmpty() != options.tlsKey.isEmpty())
        return fail(ErrorCode::InvalidData, tr("--tls-cert and --tls-key go together"));
    if (options.insecure && (options.tls || !options.tlsKey.isEmpty()))
        return fail(ErrorCode::InvalidData, tr("--insecure and TLS exclude each other"));
    if (const auto problem = readNumbers(parser, options))
        return fail(ErrorCode::InvalidData, *problem);
    if (options.stateDirectory.isEmpty())
        return fail(ErrorCode::InvalidData,
                    tr("HOME is not set: say with --state-dir where to keep the state"));
    options.stateDirectory = QDir(options.stateDirectory).absolutePath();
    return options;
}

Result<GpuCheckOptions> readCheck(const QCommandLineParser &parser)
{
    constexpr int all = 100;
    GpuCheckOptions options;
    options.gpus = parser.values(QStringLiteral("gpu"));
    options.anyway = parser.isSet(QStringLiteral("anyway"));
    options.json = parser.isSet(QStringLiteral("json"));
    options.nvmlLibrary = parser.value(QStringLiteral("nvml"));
    options.program = programBeside(QStringLiteral("farcell-gpu-check"));
    if (const QString memory = QStringLiteral("memory"); parser.isSet(memory)) {
        options.memoryPercent = parser.value(memory).toInt();
        if (options.memoryPercent < 1 || options.memoryPercent > all)
            return fail(ErrorCode::InvalidData, tr("--memory wants a percentage, 1 to 100"));
    }
    return options;
}

} // namespace

QString programBeside(const QString &name)
{
    const QDir here(QCoreApplication::applicationDirPath());
    for (const char *place : {"", "../libexec/farcell/", "../lib/farcell/"}) {
        const QString path = here.absoluteFilePath(QLatin1String(place) + name);
        if (QFileInfo(path).isExecutable())
            return QDir::cleanPath(path);
    }
    return here.absoluteFilePath(name);
}

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
    const bool isToken = words == QStringList{QStringLiteral("token")};
    const bool isGpus = words == QStringList{QStringLiteral("gpus")};
    if (words == QStringList{QStringLiteral("gpu-check")}) {
        auto check = readCheck(parser);
        if (!check)
            return tl::unexpected(check.error());
        line.action = CommandLine::Action::GpuCheck;
        line.check = std::move(*check);
        return line;
    }
    if (words != QStringList{QStringLiteral("serve")} && !isToken && !isGpus)
        return fail(ErrorCode::InvalidData,
                    words.isEmpty()
                        ? tr("Say what to do: farcelld serve (see farcelld --help)")
                        : tr("Unknown command: %1 (see farcelld --help)").arg(words.join(u' ')));
    auto serve = readServe(parser);
    if (!serve)
        return tl::unexpected(serve.error());
    line.action = isToken  ? CommandLine::Action::Token
                  : isGpus ? CommandLine::Action::Gpus
                           : CommandLine::Action::Serve;
    line.serve = std::move(*serve);
    return line;
}

} // namespace farcell
