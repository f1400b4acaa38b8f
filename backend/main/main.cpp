#include "backend/gpucheck/gpucheck.h"
#include "backend/main/daemon.h"
#include "backend/main/gpuscommand.h"
#include "backend/main/options.h"
#include "backend/main/tokencommand.h"
#include "backend/main/unixsignals.h"
#include "core/api/farcellapi.h"

#include <QCoreApplication>
#include <QSocketNotifier>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace farcell;

constexpr int exitUsage = 2;
constexpr int exitFailed = 1;
constexpr int floodBytes = 32 * 1024 * 1024; // the most that malloc takes

void print(FILE *stream, const QString &text)
{
    std::fputs(text.toLocal8Bit().constData(), stream);
    std::fflush(stream);
}

int complain(const Error &error)
{
    QString text = error.message;
    if (!error.detail.isEmpty())
        text = text + QStringLiteral(": ") + error.detail;
    print(stderr, QStringLiteral("farcelld: ") + text + u'\n');
    return error.code == ErrorCode::InvalidData ? exitUsage : exitFailed;
}

// Each connection and kernel takes some; the usual 1024 is soon reached.
void raiseFileLimit()
{
    constexpr rlim_t wanted = 16384;
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = std::min(limit.rlim_max, wanted);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The program that started us holds the other end of our standard input.
void stopWithStdin(Daemon &daemon)
{
    auto *notifier = new QSocketNotifier(STDIN_FILENO, QSocketNotifier::Read, &daemon);
    QObject::connect(notifier, &QSocketNotifier::activated, &daemon, [notifier, &daemon] {
        std::array<char, 4096> ignored{};
        if (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0)
            return;
        notifier->setEnabled(false);
        daemon.stop();
    });
}

int runGpuCheck(const GpuCheckOptions &options)
{
    const auto outcome = checkGpus(options);
    if (!outcome) {
        complain(outcome.error());
        return exitUsage;
    }
    print(stdout, options.json ? QString::fromStdString(toJson(*outcome).dump(2)) + u'\n'
                               : describe(*outcome));
    return int(outcome->status);
}

int serve(QCoreApplication &application, const ServeOptions &options)
{
    auto daemon = Daemon::create(options);
    if (!daemon)
        return complain(daemon.error());
    const UnixSignals unixSignals;
    QObject::connect(&unixSignals, &UnixSignals::terminationAsked, daemon->get(), &Daemon::stop);
    QObject::connect(daemon->get(), &Daemon::stopped, &application, &QCoreApplication::quit,
                     Qt::QueuedConnection);
    const auto address = (*daemon)->listen();
    if (!address)
        return complain(address.error());
    if (options.exitWithStdin)
        stopWithStdin(**daemon);
    for (const QString &line : (*daemon)->notices())
        print(stderr, QStringLiteral("farcelld: ") + line + u'\n');
    print(stdout, api::readyLine + *address + u'\n');
    return QCoreApplication::exec();
}

} // namespace

int main(int argc, char **argv)
{
    std::signal(SIGPIPE, SIG_IGN);
    // Large messages use the same pages again and again; KernelService gives them back afterwards.
    mallopt(M_MMAP_THRESHOLD, floodBytes);
    mallopt(M_TRIM_THRESHOLD, 2 * floodBytes);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("farcelld"));
    raiseFileLimit();
    const auto line = parseCommandLine(QCoreApplication::arguments());
    if (!line)
        return complain(line.error());
    if (line->action == CommandLine::Action::Print) {
        print(stdout, line->text);
        return 0;
    }
    if (line->action == CommandLine::Action::Token) {
        const auto text = describeAccess(line->serve);
        if (!text)
            return complain(text.error());
        print(stdout, *text);
        return 0;
    }
    if (line->action == CommandLine::Action::Gpus) {
        print(stdout, describeGpus(line->serve.nvmlLibrary));
        return 0;
    }
    if (line->action == CommandLine::Action::GpuCheck)
        return runGpuCheck(line->check);
    return serve(application, line->serve);
}
