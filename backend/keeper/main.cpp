#include "backend/keeper/keeper.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr int inheritedListener = 3;

int signalPipe = -1; // a signal handler can reach nothing else

void passSignalOn(int number)
{
    const int saved = errno;
    const char byte = static_cast<char>(number);
    [[maybe_unused]] const ssize_t written = write(signalPipe, &byte, 1);
    errno = saved;
}

int openSignalPipe()
{
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return -1;
    }
    signalPipe = ends[1];
    struct sigaction action = {};
    action.sa_handler = passSignalOn;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGCHLD, SIGTERM}) {
        sigaction(number, &action, nullptr);
    }
    for (const int number : {SIGPIPE, SIGHUP, SIGINT}) {
        signal(number, SIG_IGN);
    }
    return ends[0];
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
                                        .retainedBytes = description->retainedBytes});
    const int signals = openSignalPipe();
    if (!journal || signals < 0) {
        std::fprintf(stderr, "%s\n", journal ? "no pipe" : journal.error().c_str());
        return EXIT_FAILURE;
    }
    Keeper keeper(bundle, *std::move(description), *std::move(journal), inheritedListener, signals);
    return keeper.run();
}

} // namespace

// farcell-keeper BUNDLE: started by farcelld with the bundle's listening socket as descriptor 3.
int main(int argc, char **argv)
{
    struct stat listener = {};
    if (argc != 2 || fstat(inheritedListener, &listener) != 0 || !S_ISSOCK(listener.st_mode)) {
        std::fprintf(stderr, "farcell-keeper is started by farcelld, not by hand\n");
        return 2;
    }
    fcntl(inheritedListener, F_SETFD, FD_CLOEXEC);
    fcntl(inheritedListener, F_SETFL, O_NONBLOCK);
    try {
        return keep(argv[1]);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "farcell-keeper: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
