#include "backend/keeper/kernelrunner.h"

#include "core/jupyter/jsonscan.h"
#include "core/jupyter/messages.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace farcell {

using keeperprotocol::KernelState;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto nudgeInterval = 500ms;
constexpr auto iopubPatience = 20ms; // between the reply and a broadcast that is late
constexpr auto termAfter = 2500ms;   // of asking it to shut down
constexpr auto killAfter = 5000ms;
constexpr auto killUnreadyAfter = 1000ms;
constexpr auto drainQuiet = 30ms; // what a dead kernel sent is still on its way to us
constexpr auto drainMost = 5000ms;
constexpr auto stableAfter = 10s;
constexpr int maxStartTries = 3; // another program may have taken the ports
constexpr std::size_t maxHeldBytes = 256UL * 1024 * 1024;

std::string dump(const json &value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Leaves no name behind. The socket belongs to ipykernel's own thread, so the change is made there.
constexpr const char *keepAllOutput = R"(exec("""
try:
    thread = shell.kernel.iopub_thread
    thread.schedule(lambda: setattr(thread.socket, 'sndhwm', 0))
except Exception:
    pass
""", {'shell': get_ipython()}))";

std::string silentExecution(const std::string &code)
{
    return dump({{"code", code},
                 {"silent", true},
                 {"store_history", false},
                 {"user_expressions", json::object()},
                 {"allow_stdin", false},
                 {"stop_on_error", false}});
}

// Comm messages and input replies are answered by nobody.
bool hasReply(std::string_view type)
{
    return type.rfind("comm_", 0) != 0 || type == "comm_info_request";
}

std::optional<Channel> channelNamed(std::string_view name)
{
    for (const Channel channel : allChannels) {
        if (channelName(channel) == name && channel != Channel::Iopub) {
            return channel;
        }
    }
    return std::nullopt;
}

void replaceAll(std::string &text, std::string_view what, const std::string &by)
{
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

} // namespace

KernelRunner::KernelRunner(zmq::context_t &context, StartDescription description,
                           std::string bundle, JournalWriter &journal)
    : m_context(context)
    , m_description(std::move(description))
    , m_bundle(std::move(bundle))
    , m_session(wire::newUuid())
    , m_recorder(journal, m_session)
    , m_process(m_bundle + '/' + bundle::outputFile)
{}

KernelRunner::~KernelRunner()
{
    m_sockets.reset();
    m_connection.removeSocketFiles();
    if (!m_socketDirectory.empty()) {
        rmdir(m_socketDirectory.c_str());
    }
}

// --- start

std::string KernelRunner::prepareConnection()
{
    const bool isFirst = m_connection.transport.empty();
    if (isFirst || (!m_wasReady && m_connection.transport == "tcp")) {
        auto connection = m_description.useIpc ? Connection::overIpc(m_bundle, m_socketDirectory)
                                               : Connection::overTcp();
        if (!connection) {
            return connection.error();
        }
        m_connection = *std::move(connection);
    }
    m_connection.removeSocketFiles();
    const auto written =
        writePrivateFile(m_bundle + '/' + bundle::connectionFile,
                         m_connection.toJson(m_description.kernelName, m_description.sessionName));
    return written ? std::string() : written.error();
}

std::vector<std::string> KernelRunner::commandLine() const
{
    std::vector<std::string> argv = m_description.argv;
    for (std::string &argument : argv) {
        replaceAll(argument, "{connection_file}", m_bundle + '/' + bundle::connectionFile);
        replaceAll(argument, "{resource_dir}", m_description.resourceDirectory);
    }
    return argv;
}

std::map<std::string, std::string> KernelRunner::environment() const
{
    std::map<std::string, std::string> variables = m_description.environment;
    variables["JPY_PARENT_PID"] = std::to_string(getpid());
    if (!m_description.sessionName.empty()) {
        variables["JPY_SESSION_NAME"] = m_description.sessionName;
    }
    return variables;
}

void KernelRunner::launch()
{
    m_hasAnswered = m_isIopubProven = false;
    m_nudges.clear();
    m_exit.reset();
    m_goal = Goal::Run;
    m_phase = Phase::Starting;
    m_isChanged = true;
    std::string problem = prepareConnection();
    if (problem.empty()) {
        m_recorder.reset(m_connection.key);
        try {
            m_sockets = std::make_unique<KernelSockets>(m_context, m_connection, m_session);
        } catch (const zmq::error_t &error) {
            problem = error.what();
        }
    }
    if (problem.empty()) {
        const auto started =
            m_process.start(commandLine(), environment(), m_description.workingDirectory);
        problem = started ? std::string() : started.error();
    }
    if (!problem.empty()) {
        die("The kernel cannot be started: " + problem);
        return;
    }
    nudge();
}

void KernelRunner::nudge()
{
    m_nudges.push_back(sendOwn(Channel::Shell, "kernel_info_request", "{}"));
    m_nudgeAt = Clock::now() + nudgeInterval;
}

void KernelRunner::answered(const OwnMessage &message)
{
    const bool isNudge =
        std::find(m_nudges.begin(), m_nudges.end(), message.parentId) != m_nudges.end();
    if (isNudge && message.channel == Channel::Iopub) {
        m_isIopubProven = true;
    } else if (isNudge && !m_hasAnswered) {
        m_hasAnswered = true;
        m_nudgeAt = Clock::now() + iopubPatience;
    }
    if (m_phase == Phase::Starting && m_hasAnswered && m_isIopubProven) {
        becomeReady();
    }
    if (message.channel == Channel::Iopub) {
        return;
    }
    const auto it = std::find_if(m_ownRequests.begin(), m_ownRequests.end(),
                                 [&](const OwnRequest &own) { return own.id == message.parentId; });
    if (it != m_ownRequests.end()) {
        const Done done = std::move(it->done);
        m_ownRequests.erase(it);
        const bool isOk = wire::jsonString(message.content, "status") == "ok";
        done(isOk ? std::string() : "the kernel answered with an error");
    }
}

void KernelRunner::becomeReady()
{
    m_phase = Phase::Running;
    m_wasReady = true;
    m_failedStarts = 0;
    m_reason.clear();
    m_nudgeAt.reset();
    m_stableAt = Clock::now() + stableAfter;
    m_isChanged = true;
    warmUp();
    for (const Held &held : std::exchange(m_held, {})) {
        forwardNow(held.session, held.frame);
    }
    m_heldBytes = 0;
    finish(m_restartWaiters, {});
}

// ipykernel drops what it cannot send at once beyond 1000 messages, and never says so: told to
// keep them instead. It is also the kernel's first execution, which loads a good deal.
void KernelRunner::warmUp()
{
    if (m_description.language == "python") {
        sendOwn(Channel::Shell, "execute_request", silentExecution(keepAllOutput));
    }
}

void KernelRunner::adopt(const std::string &workingDirectory, const std::string &sessionName,
                         Done done)
{
    if (!m_description.endWithOwner || m_phase != Phase::Running) {
        done("the kernel is not one kept ready");
        return;
    }
    const bool isElsewhere = workingDirectory != m_description.workingDirectory;
    m_description.workingDirectory = workingDirectory;
    m_description.sessionName = sessionName;
    m_description.endWithOwner = false;
    const auto written = m_description.write(m_bundle + '/' + bundle::startFile);
    if (!written) {
        std::fprintf(stderr, "%s\n", written.error().c_str());
    }
    if (m_description.language != "python" || (!isElsewhere && sessionName.empty())) {
        done({});
        return;
    }
    // JSON texts of these are Python literals as well. No name is left behind in the kernel.
    std::string code = "__import__('os').chdir(" + dump(workingDirectory) + ")\n";
    if (!sessionName.empty()) {
        code += "__import__('os').environ['JPY_SESSION_NAME'] = " + dump(sessionName) + "\n";
    }
    m_ownRequests.push_back(
        {sendOwn(Channel::Shell, "execute_request", silentExecution(code)), std::move(done)});
}

// --- messages

bool KernelRunner::receive(std::size_t atMost)
{
    if (!m_sockets) {
        return false;
    }
    std::size_t taken = 0;
    for (const Channel channel : allChannels) {
        while (taken < atMost && m_sockets) {
            const auto frames = m_sockets->receive(channel);
            if (frames.empty()) {
                break;
            }
            ++taken;
            if (const auto own = m_recorder.record(channel, frames)) {
                answered(*own);
            }
        }
    }
    if (taken > 0 && m_phase == Phase::Draining) {
        m_drainedAt = std::min(Clock::now() + drainQuiet, m_drainLimit);
    }
    return taken >= atMost;
}

void KernelRunner::forward(std::string_view session, std::string_view frame)
{
    if (m_phase == Phase::Running) {
        forwardNow(std::string(session), std::string(frame));
    } else if (m_phase != Phase::Dead && m_heldBytes + frame.size() <= maxHeldBytes) {
        m_held.push_back({std::string(session), std::string(frame)});
        m_heldBytes += frame.size();
    } else {
        std::fprintf(stderr, "dropped a request: the kernel does not run\n");
    }
}

void KernelRunner::forwardNow(const std::string &session, const std::string &frame)
{
    const auto message = wire::decodeV1(frame);
    const auto channel = message ? channelNamed(message->channel) : std::nullopt;
    const auto id = message ? wire::jsonString(message->header, "msg_id") : std::nullopt;
    const auto type = message ? wire::jsonString(message->header, "msg_type") : std::nullopt;
    if (!channel || !id || !type) {
        std::fprintf(stderr, "dropped a request that is no message\n");
        return;
    }
    if (*channel == Channel::Stdin) {
        m_recorder.inputAnswered();
    } else if (hasReply(*type)) {
        m_recorder.expectReply(*id, session);
    }
    sendMessage(*channel, *message);
}

void KernelRunner::sendMessage(Channel channel, const wire::MessageView &message)
{
    const std::string signature = m_recorder.sign(message);
    std::vector<std::string_view> frames = {wire::zmqDelimiter, signature,
                                            message.header,     message.parentHeader,
                                            message.metadata,   message.content};
    frames.insert(frames.end(), message.buffers.begin(), message.buffers.end());
    if (m_sockets && !m_sockets->send(channel, frames)) {
        std::fprintf(stderr, "a request could not be sent to the kernel\n");
    }
}

std::string KernelRunner::sendOwn(Channel channel, std::string_view type,
                                  const std::string &content)
{
    std::string id = wire::newUuid();
    const std::string header = wire::makeHeader(type, m_session, id);
    sendMessage(channel, {channelName(channel), header, "{}", "{}", content, {}});
    return id;
}

void KernelRunner::publishStatus(std::string_view executionState, const std::string &reason)
{
    m_recorder.publish("status", dump({{"execution_state", executionState}}),
                       reason.empty() ? "{}" : dump({{"farcell_reason", reason}}));
}

// --- interrupt and end

std::string KernelRunner::interrupt()
{
    if (!m_process.isRunning()) {
        return "the kernel does not run";
    }
    if (m_description.interruptByMessage) {
        sendOwn(Channel::Control, "interrupt_request", "{}");
    } else {
        m_process.signal(SIGINT);
    }
    return {};
}

void KernelRunner::restart(Done done)
{
    m_restartsInARow = 0;
    m_failedStarts = 0;
    if (m_phase == Phase::Dead) {
        m_restartWaiters.push_back(std::move(done));
        launch();
        return;
    }
    end(Goal::Restart, std::move(done));
}

void KernelRunner::shutdown(Done done)
{
    if (m_phase == Phase::Dead) {
        m_isOver = true;
        done({});
        return;
    }
    end(Goal::Shutdown, std::move(done));
}

void KernelRunner::end(Goal goal, Done done)
{
    (goal == Goal::Restart ? m_restartWaiters : m_shutdownWaiters).push_back(std::move(done));
    m_isChanged = true;
    if (m_phase == Phase::Ending || m_phase == Phase::Draining) {
        m_goal = m_goal == Goal::Shutdown ? Goal::Shutdown : goal;
        return;
    }
    m_goal = goal;
    const auto now = Clock::now();
    const bool wasReady = m_phase == Phase::Running;
    m_phase = Phase::Ending;
    m_nudgeAt.reset();
    m_held.clear();
    m_heldBytes = 0;
    if (!wasReady) {
        m_process.signal(SIGTERM);
        m_killAt = now + killUnreadyAfter;
        return;
    }
    if (m_recorder.isBusy()) {
        static_cast<void>(interrupt());
    }
    sendOwn(Channel::Control, "shutdown_request", dump({{"restart", goal == Goal::Restart}}));
    m_termAt = now + termAfter;
    m_killAt = now + killAfter;
}

void KernelRunner::childEnded()
{
    auto exit = m_process.reap();
    if (!exit) {
        return;
    }
    m_exit = exit;
    if (m_phase != Phase::Ending) {
        m_held.clear(); // they were meant for the kernel that is gone
        m_heldBytes = 0;
    }
    m_phase = Phase::Draining;
    m_termAt.reset();
    m_killAt.reset();
    m_nudgeAt.reset();
    m_stableAt.reset();
    m_drainLimit = Clock::now() + drainMost;
    m_drainedAt = Clock::now() + drainQuiet;
    m_isChanged = true;
}

void KernelRunner::afterEnd()
{
    m_sockets.reset();
    for (const OwnRequest &own : std::exchange(m_ownRequests, {})) {
        own.done("the kernel ended");
    }
    switch (m_goal) {
    case Goal::Shutdown:
        m_isOver = true;
        finish(m_restartWaiters, "the kernel was shut down");
        finish(m_shutdownWaiters, {});
        break;
    case Goal::Restart:
        launch();
        break;
    case Goal::Run:
        afterCrash();
        break;
    }
}

void KernelRunner::afterCrash()
{
    const std::string reason = explain(*m_exit);
    std::fprintf(stderr, "%s\n", reason.c_str());
    const bool hasStarted = m_hasAnswered && m_isIopubProven;
    const bool mayTryAgain =
        hasStarted ? m_restartsInARow++ < m_description.maxRestarts
                   : m_connection.transport == "tcp" && ++m_failedStarts < maxStartTries;
    if (!mayTryAgain || m_description.endWithOwner) {
        die(reason);
        return;
    }
    m_reason = reason;
    if (hasStarted) {
        publishStatus("restarting", reason);
    }
    launch();
}

void KernelRunner::die(const std::string &reason)
{
    m_phase = Phase::Dead;
    m_reason = reason;
    m_sockets.reset();
    m_held.clear();
    m_heldBytes = 0;
    m_nudgeAt.reset();
    m_isChanged = true;
    publishStatus("dead", reason);
    finish(m_restartWaiters, reason);
    if (m_goal == Goal::Shutdown) {
        finish(m_shutdownWaiters, {});
    }
    m_isOver = m_isOver || m_goal == Goal::Shutdown;
}

void KernelRunner::finish(std::vector<Done> &waiting, const std::string &problem)
{
    for (const Done &done : std::exchange(waiting, {})) {
        done(problem);
    }
}

std::string KernelRunner::explain(const KernelProcess::Exit &exit) const
{
    std::string reason = describeExit(exit);
    const std::string last = m_process.lastOutputLine();
    if (!last.empty()) {
        reason += ": " + last;
    }
    return reason;
}

// --- time and state

void KernelRunner::onTime()
{
    const auto now = Clock::now();
    const auto isDue = [&](std::optional<Clock::time_point> &at) {
        const bool due = at && *at <= now;
        if (due) {
            at.reset();
        }
        return due;
    };
    if (isDue(m_nudgeAt)) {
        nudge();
    }
    if (isDue(m_termAt)) {
        m_process.signal(SIGTERM);
    }
    if (isDue(m_killAt)) {
        m_process.signal(SIGKILL);
    }
    if (isDue(m_stableAt)) {
        m_restartsInARow = 0;
    }
    if (isDue(m_drainedAt)) {
        afterEnd();
    }
}

std::optional<KernelRunner::Clock::time_point> KernelRunner::nextTime() const
{
    std::optional<Clock::time_point> next;
    for (const auto &at : {m_nudgeAt, m_termAt, m_killAt, m_drainedAt, m_stableAt}) {
        if (at && (!next || *at < *next)) {
            next = at;
        }
    }
    return next;
}

KernelState KernelRunner::state() const
{
    switch (m_phase) {
    case Phase::Starting:
        return m_wasReady ? KernelState::Restarting : KernelState::Starting;
    case Phase::Running:
        return m_recorder.isBusy() ? KernelState::Busy : KernelState::Idle;
    case Phase::Ending:
    case Phase::Draining:
        return m_goal == Goal::Shutdown ? KernelState::Dead : KernelState::Restarting;
    case Phase::Dead:
        return KernelState::Dead;
    }
    return KernelState::Dead;
}

std::string KernelRunner::stateJson() const
{
    return dump({{"state", keeperprotocol::stateName(state())},
                 {"ready", m_phase == Phase::Running},
                 {"reason", m_reason},
                 {"output", m_phase == Phase::Dead ? m_process.outputTail() : std::string()},
                 {"kernel_pid", m_process.pid()},
                 {"restarts", m_restartsInARow}});
}

bool KernelRunner::takeChanged()
{
    return std::exchange(m_isChanged, false);
}

} // namespace farcell
