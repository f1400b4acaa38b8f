#include "backend/keeper/keeper.h"
#include "backend/keeper/kernelview.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include <fcntl.h>
#include <malloc.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr int inheritedListener = 3;
constexpr int floodBytes = 32 * 1024 * 1024;

// Signals come as bytes to read: a handler would break into ZeroMQ's calls.
int openSignals()
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, nullptr);
    for (const int number : {SIGPIPE, SIGHUP, SIGINT}) {
        signal(number, SIG_IGN);
    }
    return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Old messages are given up a segment at a time, so a small journal has small ones.
std::uint64_t segmentBytes(std::uint64_t retained)
{
    constexpr std::uint64_t least = 64UL * 1024;
    constexpr std::uint64_t most = 64UL * 1024 * 1024;
    return std::clamp(retained / 8, least, most);
}

int keep(const std::string &bundle)
{
    using namespace farcell;
    auto description = StartDescription::read(bundle + '/' + bundle::startFile);
    if (!description) {
        std::fprintf(stderr, "%s\n", description.error().c_str());
        return EXIT_FAILURE;
    }
    auto journal = JournalWriter::open({.directory = bundle + '/' + bundle::journalDirectory,
                                        .segmentBytes = segmentBytes(description->retainedBytes),
                                        .retainedBytes = description->retainedBytes});
    const int signals = openSignals();
    if (!journal || signals < 0) {
        std::fprintf(stderr, "%s\n", journal ? "no signals" : journal.error().c_str());
        return EXIT_FAILURE;
    }
    Keeper keeper(bundle, *std::move(description), *std::move(journal), inheritedListener, signals);
    return keeper.run();
}

} // namespace

// farcell-keeper BUNDLE: started by farcelld with the bundle's listening socket as descriptor 3.
int main(int argc, char **argv)
{
    if (argc > 2 && std::strcmp(argv[1], farcell::viewWord) == 0) {
        return farcell::enterView(argc, argv); // on the way to be a kernel
    }
    struct stat listener = {};
    if (argc != 2 || fstat(inheritedListener, &listener) != 0 || !S_ISSOCK(listener.st_mode)) {
        std::fprintf(stderr, "farcell-keeper is started by farcelld, not by hand\n");
        return 2;
    }
    mallopt(M_ARENA_MAX, 1); // one heap for ZeroMQ's threads and us: there is one of us per kernel
    // Under a flood the same pages serve again and again; the loop gives them back afterwards.
    mallopt(M_MMAP_THRESHOLD, floodBytes);
    mallopt(M_TRIM_THRESHOLD, floodBytes);
    fcntl(inheritedListener, F_SETFD, FD_CLOEXEC);
    fcntl(inheritedListener, F_SETFL, O_NONBLOCK);
    try {
        return keep(argv[1]);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "farcell-keeper: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
