#include "backend/keeper/kernelrunner.h"

#include "backend/keeper/kernelrunnerparts.h"
#include "backend/keeper/processtree.h"
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
constexpr auto stdinPatience = 2s;   // some kernel may have no such socket
constexpr auto stableAfter = 10s;
constexpr auto lookInterval = 200ms; // between two looks at its processes
constexpr auto sampleBusy = 1s;      // of its memory
constexpr auto sampleIdle = 10s;

// Leaves no name behind. The socket belongs to ipykernel's own thread, so the change is made there.
// ipykernel reads its own stderr, so a crash must write to the one it had before.
constexpr const char *prepareIpykernel = R"(exec("""
try:
    thread = shell.kernel.iopub_thread
    thread.schedule(lambda: setattr(thread.socket, 'sndhwm', 0))
except Exception:
    pass
try:
    import faulthandler, sys
    faulthandler.enable(sys.stderr._original_stdstream_copy)
except Exception:
    pass
""", {'shell': get_ipython()}))";

std::string silentExecution(const std::string &code)
{
    return dumpJson({{"code", code},
                     {"silent", true},
                     {"store_history", false},
                     {"user_expressions", json::object()},
                     {"allow_stdin", false},
                     {"stop_on_error", false}});
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
    , m_durations(m_bundle + bundle::durationsFile)
    , m_ledger(m_description.kernelId)
{
    m_process.setLimits(m_description.limits, "farcell-" + m_description.kernelId);
    if (m_description.ownView) {
        m_process.setView({m_description.nvidiaSmi, hiddenDevices(m_description.gpus)});
    }
}

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
    if (m_description.language == "python") {
        variables.try_emplace("PYTHONFAULTHANDLER", "1"); // where it was, when it crashes
        variables.try_emplace("PYDEVD_DISABLE_FILE_VALIDATION", "1"); // else four lines of noise
    }
    // Known to all it starts, however they leave it (processtree.h).
    variables[std::string(kernelVariable)] = m_bundle.substr(m_bundle.rfind('/') + 1);
    if (!m_description.sessionName.empty()) {
        variables["JPY_SESSION_NAME"] = m_description.sessionName;
    }
    return variables;
}

void KernelRunner::launch()
{
    m_hasAnswered = m_isIopubProven = false;
    m_askedSignal = 0;
    m_memory.clear();
    m_nudges.clear();
    m_exit.reset();
    m_stdinLimit.reset();
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
        const std::string reason = "The kernel cannot be started: " + problem;
        m_death = describeFailedStart(reason, unixNow());
        m_recorder.publish("farcell_death", dumpJson(m_death), "{}");
        die(reason);
        return;
    }
    m_lastPid = m_process.pid();
    m_sampleAt = Clock::now() + sampleBusy;
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
        m_stdinLimit = m_stdinLimit.value_or(Clock::now() + stdinPatience);
        if (m_sockets->canBeAsked() || Clock::now() >= *m_stdinLimit) {
            becomeReady();
        } else {
            m_nudgeAt = Clock::now() + iopubPatience;
        }
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
        if (const auto request = readRequest(held.frame)) {
            forwardNow(held.session, *request);
        }
    }
    m_heldBytes = 0;
    dispatch();
    finish(m_restartWaiters, {});
}

// ipykernel drops what it cannot send at once beyond 1000 messages, and never says so: told to
// keep them instead. It is also the kernel's first execution, which loads a good deal.
void KernelRunner::warmUp()
{
    if (m_description.language == "python") {
        sendOwn(Channel::Shell, "execute_request", silentExecution(prepareIpykernel));
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
    std::string code = "__import__('os').chdir(" + dumpJson(workingDirectory) + ")\n";
    if (!sessionName.empty()) {
        code += "__import__('os').environ['JPY_SESSION_NAME'] = " + dumpJson(sessionName) + "\n";
    }
    m_ownRequests.push_back(
        {sendOwn(Channel::Shell, "execute_request", silentExecution(code)), std::move(done)});
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
    if (isDue(m_lookAt)) {
        takeSecondLook();
    }
    if (isDue(m_sampleAt)) {
        sampleMemory();
    }
    if (isDue(m_replyLateAt)) {
        std::fprintf(stderr, "the kernel gave no reply to an execute_request\n");
        executionEnded(MessageRecorder::Ended::Ok);
    }
    m_ledger.onTime();
    if (isDue(m_drainedAt)) {
        afterEnd();
    }
}

void KernelRunner::sampleMemory()
{
    m_sampleAt.reset();
    if (m_process.isRunning()) {
        m_memory.sample(unixNow(), residentBytes(m_process.pid()));
        m_process.noteOomKills();
        // An execution that was just sent has not yet made the kernel say that it is busy.
        const bool isBusy = m_recorder.isBusy() || m_queue.running() != nullptr;
        m_sampleAt = Clock::now() + (isBusy ? sampleBusy : sampleIdle);
    }
}

void KernelRunner::describeProcesses(Answer answer)
{
    if (!m_process.isRunning()) {
        answer("the kernel does not run", {});
        return;
    }
    m_processWaiters.push_back(std::move(answer));
    if (!m_lookAt) {
        m_firstLook = sampleTree(m_process.pid());
        m_lookAt = Clock::now() + lookInterval;
    }
}

void KernelRunner::takeSecondLook()
{
    const bool isThere = m_process.isRunning();
    const json found =
        isThere ? describeTree(m_firstLook, sampleTree(m_process.pid()), m_recorder.isBusy())
                : json();
    for (const Answer &answer : std::exchange(m_processWaiters, {})) {
        answer(isThere ? std::string() : "the kernel ended", found);
    }
}

std::optional<KernelRunner::Clock::time_point> KernelRunner::nextTime() const
{
    std::optional<Clock::time_point> next;
    for (const auto &at : {m_nudgeAt, m_termAt, m_killAt, m_drainedAt, m_stableAt, m_lookAt,
                           m_sampleAt, m_replyLateAt, m_ledger.nextTime()}) {
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
    return dumpJson({{"state", keeperprotocol::stateName(state())},
                     {"ready", m_phase == Phase::Running},
                     {"reason", m_reason},
                     {"problem", m_problem},
                     {"limits_refused", m_process.limitsRefused()},
                     {"output", m_phase == Phase::Dead ? m_process.outputTail() : std::string()},
                     {"kernel_pid", m_process.pid()},
                     {"restarts", m_restartsInARow}});
}

void KernelRunner::setProblem(const std::string &problem)
{
    if (problem != m_problem) {
        std::fprintf(stderr, "%s\n", problem.empty() ? "all is stored again" : problem.c_str());
        m_problem = problem;
        m_isChanged = true;
    }
}

bool KernelRunner::takeChanged()
{
    return std::exchange(m_isChanged, false);
}

} // namespace farcell
