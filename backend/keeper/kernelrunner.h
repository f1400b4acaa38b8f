#pragma once

#include "backend/keeper/connection.h"
#include "backend/keeper/kernelprocess.h"
#include "backend/keeper/kernelsockets.h"
#include "backend/keeper/messagerecorder.h"
#include "backend/keeper/protocol.h"
#include "backend/keeper/startdescription.h"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farcell {

// A kernel's life: start, proof that it answers and that its broadcasts arrive, requests,
// interrupt, restart, the ladder down to SIGKILL, automatic restart after a crash, and the
// reason when it is over.
//
// Lives on the keeper's only thread; the keeper's loop calls it. Not here: farcelld, polling.
class KernelRunner
{
public:
    using Clock = std::chrono::steady_clock;
    // Outcome of a command: an empty text is success.
    using Done = std::function<void(const std::string &problem)>;

    KernelRunner(zmq::context_t &context, StartDescription description, std::string bundle,
                 JournalWriter &journal);
    ~KernelRunner();
    KernelRunner(const KernelRunner &) = delete;
    KernelRunner &operator=(const KernelRunner &) = delete;
    KernelRunner(KernelRunner &&) = delete;
    KernelRunner &operator=(KernelRunner &&) = delete;

    void launch();
    // A client's v1 frame. Held while the kernel is not ready.
    void forward(std::string_view session, std::string_view frame);
    [[nodiscard]] std::string interrupt(); // what went wrong, or empty
    void restart(Done done);
    void shutdown(Done done); // isOver() afterwards
    // Gives a kernel that was kept ready to someone: their folder and session name.
    void adopt(const std::string &workingDirectory, const std::string &sessionName, Done done);

    // The loop's part.
    [[nodiscard]] KernelSockets *sockets() { return m_sockets.get(); }
    [[nodiscard]] KernelProcess &process() { return m_process; }
    [[nodiscard]] bool receive(std::size_t atMost); // true: there may be more
    void childEnded();
    void onTime();
    [[nodiscard]] std::optional<Clock::time_point> nextTime() const;

    [[nodiscard]] bool isOver() const { return m_isOver; }
    [[nodiscard]] bool endsWithOwner() const { return m_description.endWithOwner; }
    [[nodiscard]] keeperprotocol::KernelState state() const;
    [[nodiscard]] const MessageRecorder &recorder() const { return m_recorder; }
    // JSON for farcelld; `takeChanged` is true once after each change.
    [[nodiscard]] std::string stateJson() const;
    [[nodiscard]] bool takeChanged();

private:
    enum class Phase
    {
        Starting,
        Running,
        Ending,
        Draining,
        Dead
    };
    enum class Goal
    {
        Run,
        Restart,
        Shutdown
    };

    [[nodiscard]] std::string prepareConnection();
    [[nodiscard]] std::vector<std::string> commandLine() const;
    [[nodiscard]] std::map<std::string, std::string> environment() const;
    void nudge();
    void answered(const OwnMessage &message);
    void becomeReady();
    void warmUp();
    void end(Goal goal, Done done);
    void afterEnd();
    void afterCrash();
    void die(const std::string &reason);
    void finish(std::vector<Done> &waiting, const std::string &problem);
    std::string sendOwn(Channel channel, std::string_view type, const std::string &content);
    void sendMessage(Channel channel, const wire::MessageView &message);
    void forwardNow(const std::string &session, const std::string &frame);
    void publishStatus(std::string_view executionState, const std::string &reason);
    [[nodiscard]] std::string explain(const KernelProcess::Exit &exit) const;

    zmq::context_t &m_context;
    StartDescription m_description;
    std::string m_bundle;
    std::string m_session; // of the keeper's own messages, and its ZeroMQ identity
    Connection m_connection;
    std::string m_socketDirectory; // if not the bundle: to remove
    MessageRecorder m_recorder;
    KernelProcess m_process;
    std::unique_ptr<KernelSockets> m_sockets;

    struct Held
    {
        std::string session, frame;
    };
    std::deque<Held> m_held;
    std::size_t m_heldBytes = 0;
    struct OwnRequest
    {
        std::string id;
        Done done;
    };
    std::vector<OwnRequest> m_ownRequests;
    std::vector<Done> m_restartWaiters, m_shutdownWaiters;

    Phase m_phase = Phase::Starting;
    Goal m_goal = Goal::Run;
    std::optional<KernelProcess::Exit> m_exit;
    std::string m_reason;
    std::vector<std::string> m_nudges;
    bool m_hasAnswered = false; // to a nudge, since the last launch
    bool m_isIopubProven = false;
    bool m_wasReady = false; // ever
    bool m_isOver = false;
    bool m_isChanged = true;
    int m_restartsInARow = 0;
    int m_failedStarts = 0;
    std::optional<Clock::time_point> m_nudgeAt, m_termAt, m_killAt, m_drainedAt, m_stableAt;
    Clock::time_point m_drainLimit;
};

} // namespace farcell
