#pragma once

#include "backend/keeper/cellledger.h"
#include "backend/keeper/connection.h"
#include "backend/keeper/deathreport.h"
#include "backend/keeper/durationhistory.h"
#include "backend/keeper/executionqueue.h"
#include "backend/keeper/kernelprocess.h"
#include "backend/keeper/kernelsockets.h"
#include "backend/keeper/messagerecorder.h"
#include "backend/keeper/processtree.h"
#include "backend/keeper/protocol.h"
#include "backend/keeper/startdescription.h"
#include "core/jupyter/zmqframes.h"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace farcell {

// A kernel's life: start, proof that it answers, broadcasts and can ask, requests and their queue,
// interrupt, restart, the ladder down to SIGKILL, automatic restart after a crash, and the
// reason when it is over. Every execute_request it takes gets a reply, if need be "aborted".
//
// Lives on the keeper's only thread; the keeper's loop calls it. Not here: farcelld, polling.
// In kernelrunner.cpp: start, time, state; kernelrequests.cpp: messages; kernelend.cpp: the end;
// kernelusage.cpp: what executions cost.
class KernelRunner
{
public:
    using Clock = std::chrono::steady_clock;
    // Outcome of a command: an empty text is success.
    using Done = std::function<void(const std::string &problem)>;
    // The same with what was asked for.
    using Answer = std::function<void(const std::string &problem, const nlohmann::json &data)>;
    enum class Interrupt
    {
        Kernel,    // SIGINT or an interrupt_request, as Jupyter does
        Group,     // SIGINT to the process groups of all it started
        Terminate, // SIGTERM to all of them; the kernel is started again
        Kill       // SIGKILL
    };

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
    [[nodiscard]] std::string interrupt(Interrupt step); // what went wrong, or empty
    void restart(Done done);
    void shutdown(Done done); // isOver() afterwards
    // Gives a kernel that was kept ready to someone: their folder and session name.
    void adopt(const std::string &workingDirectory, const std::string &sessionName, Done done);

    [[nodiscard]] ExecutionQueue &queue() { return m_queue; }
    [[nodiscard]] std::string cancel(const std::string &messageId); // what went wrong, or empty
    void resumeQueue();
    [[nodiscard]] const CellLedger &ledger() const { return m_ledger; }
    void addGpuSample(nlohmann::json gpus); // as GpuUsage takes them
    // What its processes are doing: needs two looks.
    void describeProcesses(Answer answer);
    // The latest farcell_death; null if it never died.
    [[nodiscard]] const nlohmann::json &death() const { return m_death; }

    // The loop's part.
    [[nodiscard]] KernelSockets *sockets() { return m_sockets.get(); }
    [[nodiscard]] KernelProcess &process() { return m_process; }
    struct Received
    {
        bool hasMore = false;       // perhaps
        bool isOnlyPrinted = false; // text came and nothing else
    };
    [[nodiscard]] Received receive(std::size_t atMost);
    void childEnded();
    void onTime();
    [[nodiscard]] std::optional<Clock::time_point> nextTime() const;

    [[nodiscard]] bool isOver() const { return m_isOver; }
    [[nodiscard]] bool endsWithOwner() const { return m_description.endWithOwner; }
    [[nodiscard]] bool endsWithServer() const { return m_description.endWithServer; }
    [[nodiscard]] keeperprotocol::KernelState state() const;
    [[nodiscard]] const MessageRecorder &recorder() const { return m_recorder; }
    void tellLostOutput() { m_recorder.tellLost(); }
    // What does not work though the kernel runs, one sentence; empty: all does.
    void setProblem(const std::string &problem);
    // JSON for farcelld; `takeChanged` is true once after each change.
    [[nodiscard]] std::string stateJson() const;
    [[nodiscard]] bool takeChanged();

private:
    static constexpr std::string_view abortedReply = R"({"status":"aborted"})";
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
    void publishDeath(const KernelProcess::Exit &exit, bool hasStarted, bool isRestarted);
    void die(const std::string &reason);
    void finish(std::vector<Done> &waiting, const std::string &problem);
    std::string sendOwn(Channel channel, std::string_view type, const std::string &content);
    void sendMessage(Channel channel, const wire::MessageView &message);
    struct Request
    {
        Channel channel;
        std::string id, type;
        wire::MessageView message;
    };
    void forwardNow(const std::string &session, const Request &request);
    [[nodiscard]] static std::optional<Request> readRequest(std::string_view frame);
    void enqueue(std::string_view session, const Request &request, std::string_view frame);
    void dispatch();
    void executionEnded(MessageRecorder::Ended how);
    void publishUsage(std::string_view status, const std::string &parentHeader);
    void noteShortage(std::string parentHeader);
    void publishShortage();
    void abortExecutions(const std::vector<Execution> &executions,
                         std::string_view reply = abortedReply);
    void abortHeld();
    void abortRequest(const std::string &session, const Request &request);
    void abortEverything();
    void endRunning();
    void takeSecondLook();
    void sampleMemory();
    void publishStatus(std::string_view executionState, const std::string &reason,
                       std::string_view parentHeader = "{}");
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
    std::deque<Held> m_held; // what is no execution, while the kernel is not ready
    std::size_t m_heldBytes = 0;
    ExecutionQueue m_queue;
    DurationHistory m_durations;
    CellLedger m_ledger;
    struct Shortage
    {
        std::string parentHeader;
        Clock::time_point until;
    };
    std::optional<Shortage> m_shortage; // not told yet
    wire::ReplayGuard m_once;           // requests that say they may have been sent before
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
    std::string m_reason, m_problem;
    std::vector<std::string> m_nudges;
    bool m_hasAnswered = false; // to a nudge, since the last launch
    bool m_isIopubProven = false;
    bool m_wasReady = false; // ever
    bool m_isOver = false;
    bool m_isChanged = true;
    int m_restartsInARow = 0;
    int m_failedStarts = 0;
    std::optional<Clock::time_point> m_nudgeAt, m_termAt, m_killAt, m_drainedAt, m_stableAt,
        m_lookAt, m_sampleAt, m_replyLateAt;
    std::optional<Clock::time_point> m_stdinLimit; // once all else is proven
    Clock::time_point m_drainLimit;

    MemoryCurve m_memory;
    nlohmann::json m_death;
    pid_t m_lastPid = -1;
    int m_askedSignal = 0; // of the ladder
    TreeSample m_firstLook;
    std::vector<Answer> m_processWaiters;
};

} // namespace farcell
