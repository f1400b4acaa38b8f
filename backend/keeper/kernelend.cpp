#include "backend/keeper/kernelrunner.h"
#include "backend/keeper/kernelrunnerparts.h"

#include <csignal>
#include <cstdio>
#include <utility>

// KernelRunner's part about interrupts, restarts and ends, asked for or not.
namespace farcell {

using namespace std::chrono_literals;

namespace {

constexpr auto termAfter = 2500ms; // of asking it to shut down
constexpr auto killAfter = 5000ms;
constexpr auto killUnreadyAfter = 1000ms;
constexpr auto drainQuiet = 30ms; // what a dead kernel sent is still on its way to us
constexpr auto drainMost = 5000ms;
constexpr int maxStartTries = 3; // another program may have taken the ports

} // namespace

std::string KernelRunner::interrupt(Interrupt step)
{
    if (!m_process.isRunning()) {
        return "the kernel does not run";
    }
    const bool bySignal = !m_description.interruptByMessage;
    switch (step) {
    case Interrupt::Kernel:
    case Interrupt::Group:
        if (!bySignal) {
            sendOwn(Channel::Control, "interrupt_request", "{}");
        }
        if (step == Interrupt::Group) {
            signalTree(m_process.pid(), SIGINT, bySignal);
        } else if (bySignal) {
            m_process.signal(SIGINT);
        }
        break;
    case Interrupt::Terminate:
    case Interrupt::Kill:
        m_askedSignal = step == Interrupt::Kill ? SIGKILL : SIGTERM;
        signalTree(m_process.pid(), m_askedSignal, true);
        break;
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
    m_queue.reset();
    abortExecutions(m_queue.takeWaiting()); // what comes from here on is meant for the next kernel
    abortHeld();
    if (!wasReady) {
        m_process.signal(SIGTERM);
        m_killAt = now + killUnreadyAfter;
        return;
    }
    if (m_recorder.isBusy()) {
        static_cast<void>(interrupt(Interrupt::Kernel));
    }
    sendOwn(Channel::Control, "shutdown_request", dumpJson({{"restart", goal == Goal::Restart}}));
    m_termAt = now + termAfter;
    m_killAt = now + killAfter;
}

void KernelRunner::childEnded()
{
    m_ledger.lookNow(); // before nothing is left to look at
    auto exit = m_process.reap();
    if (!exit) {
        return;
    }
    m_exit = exit;
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
        abortEverything();
        finish(m_restartWaiters, "the kernel was shut down");
        finish(m_shutdownWaiters, {});
        break;
    case Goal::Restart:
        endRunning();
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
    const bool wasAsked = m_askedSignal != 0 && m_exit->signal == m_askedSignal;
    const bool mayTryAgain =
        hasStarted ? wasAsked || m_restartsInARow++ < m_description.maxRestarts
                   : m_connection.transport == "tcp" && ++m_failedStarts < maxStartTries;
    const bool isRestarted = mayTryAgain && !m_description.endWithOwner;
    if (hasStarted || !isRestarted) {
        publishDeath(*m_exit, hasStarted, isRestarted);
    }
    endRunning(); // only now: who is told that an execution was lost may ask why
    if (!isRestarted) {
        die(reason);
        return;
    }
    m_reason = reason;
    if (hasStarted) {
        m_queue.reset();
        abortEverything(); // its variables are gone: nothing that waited may run without them
        publishStatus("restarting", reason);
    }
    launch();
}

void KernelRunner::publishDeath(const KernelProcess::Exit &exit, bool hasStarted, bool isRestarted)
{
    m_death = describeDeath({.pid = m_lastPid,
                             .exit = exit,
                             .askedSignal = m_askedSignal,
                             .hasStarted = hasStarted,
                             .wasRestarted = isRestarted,
                             .time = unixNow(),
                             .xid = m_ledger.xid(),
                             .output = m_process.outputTail()},
                            m_memory);
    m_recorder.publish("farcell_death", dumpJson(m_death), "{}");
}

void KernelRunner::die(const std::string &reason)
{
    m_phase = Phase::Dead;
    m_reason = reason;
    m_sockets.reset();
    m_nudgeAt.reset();
    m_isChanged = true;
    m_queue.reset();
    abortEverything();
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

} // namespace farcell
