#pragma once

#include "backend/gpucheck/gpucheck.h"
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
    int journalMegabytes = 4096;    // of each kernel
    QStringList allowedHosts;       // names clients may call this machine by
    bool tls = false;               // also on loopback
    bool insecure = false;          // no TLS, even beyond this computer
    QString tlsCertificate, tlsKey; // the person's own, PEM; empty: ours
    QString nvmlLibrary;            // empty: the system's
    QString nvidiaSmi;              // for kernels; empty: the one on PATH
    int cullIdleSeconds = 0;        // end kernels that nobody used for so long; 0: never
    bool followSymlinks = false;
    bool trash = true; // deleted files go there
    bool prewarm = true;
    bool kernelsEndWithServer = false;
    bool exitWithStdin = false;
    bool noNamespace = false; // kernels see the machine as it is
};

// What the command line asks for: serve, tell who may come in, list or check the GPUs, or text to
// print.
struct CommandLine
{
    enum class Action
    {
        Serve,
        Token,
        Gpus,
        GpuCheck,
        Print
    };
    Action action = Action::Serve;
    QString text;
    ServeOptions serve;
    GpuCheckOptions check;
};

// A program of ours: beside us, in a build folder as well as when installed; or where Debian puts
// helpers. Where it would be, if it is nowhere.
[[nodiscard]] QString programBeside(const QString &name);

// The error's message is the one sentence of a usage error.
[[nodiscard]] Result<CommandLine> parseCommandLine(const QStringList &arguments);

} // namespace farcell
