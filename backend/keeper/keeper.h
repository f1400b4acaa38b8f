#pragma once

#include "backend/keeper/kernelrunner.h"
#include "backend/keeper/ownerconnections.h"

#include <memory>
#include <optional>
#include <string>

namespace farcell {

// The keeper: one loop over the kernel's sockets, its output, its end, and farcelld's
// connection. Everything taken from the kernel in one round goes to the journal in one write;
// only then farcelld is told.
//
// In keepercommands.cpp: what farcelld may ask for.
// Not here: the kernel's life (KernelRunner), messages (MessageRecorder).
class Keeper
{
public:
    // `listener` is the bundle's socket, already listening; `signals` a
    // signalfd of SIGCHLD and SIGTERM.
    Keeper(std::string bundle, StartDescription description, std::unique_ptr<JournalWriter> journal,
           int listener, int signals);

    int run();

private:
    void round();
    [[nodiscard]] long timeout(bool hasMore) const;
    [[nodiscard]] bool isLost() const;
    void takeSignals();
    void endIfAlone();
    void takeFrame(OwnerConnections::Peer &peer, const keeperprotocol::FrameReader::Frame &frame);
    void greet(OwnerConnections::Peer &peer, std::string_view payload);
    void command(std::string_view payload);
    [[nodiscard]] std::string queueCommand(const std::string &name, const nlohmann::json &request);
    void publishQueue();
    void publishProgress();
    void tryToWrite();
    [[nodiscard]] keeperprotocol::Progress progress() const;
    void rememberProcesses();
    void giveMemoryBack(bool isBusy);
    void gather(const KernelRunner::Received &received);

    std::string m_bundle;
    std::unique_ptr<JournalWriter> m_journal;
    zmq::context_t m_context;
    KernelRunner m_runner;
    OwnerConnections m_owners;
    int m_signals;
    bool m_hasMore = false;
    bool m_hadOwner = false;
    pid_t m_rememberedPid = -1;
    std::optional<KernelRunner::Clock::time_point> m_tidyAt, m_queueAt, m_aloneSince,
        m_writeAgainAt, m_listenAt;
    KernelRunner::Clock::time_point m_queueToldAt, m_printedAt;
    keeperprotocol::Progress m_told;
};

} // namespace farcell
