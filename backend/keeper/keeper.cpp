#include "backend/keeper/keeper.h"

#include "backend/keeper/kernelrunnerparts.h"
#include "backend/keeper/programpages.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include <malloc.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace farcell {

using namespace keeperprotocol;
using nlohmann::json;

namespace {

constexpr std::size_t messagesPerRound = 512;
constexpr auto journalRetry = std::chrono::milliseconds(200);
constexpr long lookForBundleMs = 10000;
constexpr auto queueInterval = std::chrono::milliseconds(50); // a thousand cells are one message
constexpr auto serverMayReturn = std::chrono::seconds(30);
constexpr auto tidyAfter = std::chrono::seconds(2);
constexpr auto gatherTime = std::chrono::milliseconds(1);

} // namespace

Keeper::Keeper(std::string bundle, StartDescription description,
               std::unique_ptr<JournalWriter> journal, int listener, int signals)
    : m_bundle(std::move(bundle))
    , m_journal(std::move(journal))
    , m_runner(m_context, std::move(description), m_bundle, *m_journal)
    , m_owners(listener)
    , m_signals(signals)
{}

int Keeper::run()
{
    m_runner.launch();
    while (!m_runner.isOver()) {
        round();
        rememberProcesses();
    }
    m_journal->flush();
    m_owners.write(progress());
    return 0;
}

long Keeper::timeout(bool hasMore) const
{
    if (hasMore) {
        return 0;
    }
    long wait = m_owners.isAnyone() ? -1 : lookForBundleMs;
    for (const auto &next :
         {m_runner.nextTime(), m_tidyAt, m_queueAt, m_writeAgainAt, m_listenAt}) {
        if (next) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(*next - KernelRunner::Clock::now());
            const long most = std::max<long>(0, left.count());
            wait = wait < 0 ? most : std::min(wait, most);
        }
    }
    return wait;
}

// Once nothing has come for a while. There is one keeper per kernel, and most of them rest.
void Keeper::giveMemoryBack(bool isBusy)
{
    const auto now = KernelRunner::Clock::now();
    if (isBusy) {
        m_tidyAt = now + tidyAfter;
    } else if (m_tidyAt && *m_tidyAt <= now) {
        m_tidyAt.reset();
        malloc_trim(0);
        forgetProgramPages();
    }
}

void Keeper::round()
{
    std::vector<zmq::pollitem_t> items = {{nullptr, m_signals, ZMQ_POLLIN, 0}};
    const int output = m_runner.process().outputDescriptor();
    if (output >= 0) {
        items.push_back({nullptr, output, ZMQ_POLLIN, 0});
    }
    const std::size_t ownersAt = items.size();
    m_owners.addPollItems(items);
    const std::size_t socketsAt = items.size();
    if (KernelSockets *sockets = m_runner.sockets(); sockets != nullptr) {
        for (const Channel channel : allChannels) {
            if (channel == Channel::Iopub && m_listenAt) {
                continue;
            }
            items.push_back({sockets->socket(channel).handle(), 0, ZMQ_POLLIN, 0});
        }
    }
    zmq::poll(items, std::chrono::milliseconds(timeout(m_hasMore)));
    m_owners.serve(std::span(items).subspan(ownersAt, socketsAt - ownersAt),
                   [this](auto &peer, const auto &frame) { takeFrame(peer, frame); });
    gather(m_runner.receive(messagesPerRound));
    if (ownersAt > 1 && items[1].revents != 0) {
        m_runner.process().readOutput();
    }
    takeSignals();
    m_runner.onTime();
    publishProgress();
    endIfAlone();
}

// A kernel that flushes each line sends thousands of small messages a second. To be woken for each
// one takes the processor from the kernel: what is printed close together is taken together.
void Keeper::gather(const KernelRunner::Received &received)
{
    m_hasMore = received.hasMore;
    m_listenAt.reset();
    if (!received.isOnlyPrinted) {
        return;
    }
    const auto now = KernelRunner::Clock::now();
    if (!m_hasMore && now - m_printedAt < 3 * gatherTime) {
        m_listenAt = now + gatherTime;
    }
    m_printedAt = now;
}

void Keeper::endIfAlone()
{
    if (m_owners.isAnyone()) {
        m_hadOwner = true;
        m_aloneSince.reset();
        return;
    }
    const auto now = KernelRunner::Clock::now();
    m_aloneSince = m_aloneSince.value_or(now);
    const bool isUnwanted =
        m_hadOwner && (m_runner.endsWithOwner() ||
                       (m_runner.endsWithServer() && now - *m_aloneSince > serverMayReturn));
    if (isUnwanted || isLost()) {
        m_runner.shutdown([](const std::string &) {});
    }
}

// Somebody deleted the bundle: no farcelld can ever find this kernel again.
bool Keeper::isLost() const
{
    return access((m_bundle + '/' + bundle::socketFile).c_str(), F_OK) != 0;
}

void Keeper::takeSignals()
{
    signalfd_siginfo signal = {};
    while (read(m_signals, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
        if (signal.ssi_signo == SIGTERM) {
            m_runner.shutdown([](const std::string &) {});
        } else {
            m_runner.childEnded();
        }
    }
}

void Keeper::publishQueue()
{
    const auto now = KernelRunner::Clock::now();
    if (m_runner.queue().takeChanged() && !m_queueAt) {
        m_queueAt = std::max(now, m_queueToldAt + queueInterval);
    }
    if (m_queueAt && *m_queueAt <= now) {
        m_queueAt.reset();
        m_queueToldAt = now;
        m_owners.tellQueue(dumpJson(m_runner.queue().toJson()));
    }
}

// A full disk stops neither the kernel nor us. It is tried again a few times a second, not with
// each message: each try gives up old messages for room.
void Keeper::tryToWrite()
{
    const auto now = KernelRunner::Clock::now();
    if (m_writeAgainAt && now < *m_writeAgainAt) {
        return;
    }
    m_writeAgainAt.reset();
    if (m_journal->flush()) {
        m_runner.tellLostOutput();
        m_runner.setProblem({});
        return;
    }
    m_writeAgainAt = now + journalRetry;
    m_runner.setProblem("Output cannot be stored: " + m_journal->lastError());
}

void Keeper::publishProgress()
{
    publishQueue();
    tryToWrite();
    const Progress now = progress();
    const bool isChanged = m_runner.takeChanged();
    if (isChanged) {
        m_owners.tellAll(FrameType::State, m_runner.stateJson());
    }
    giveMemoryBack(isChanged || now.position.nextSequence != m_told.position.nextSequence);
    if (now.position.nextSequence != m_told.position.nextSequence || now.state != m_told.state ||
        now.pendingInput != m_told.pendingInput) {
        m_told = now;
        m_owners.tellProgress(now);
    } else {
        m_owners.write(now);
    }
}

Progress Keeper::progress() const
{
    return {m_journal->committed(), m_runner.recorder().pendingInput(), m_runner.state()};
}

void Keeper::takeFrame(OwnerConnections::Peer &peer, const FrameReader::Frame &frame)
{
    if (frame.type == FrameType::Hello) {
        greet(peer, frame.payload);
        return;
    }
    if (!peer.isGreeted) {
        peer.isGone = true;
        return;
    }
    if (frame.type == FrameType::Send) {
        if (const auto named = decodeNamed(frame.payload)) {
            m_runner.forward(named->name, named->rest);
        }
    } else if (frame.type == FrameType::Command) {
        command(frame.payload);
    }
}

void Keeper::greet(OwnerConnections::Peer &peer, std::string_view payload)
{
    const json hello = json::parse(payload, nullptr, false);
    if (!hello.is_object() || hello.value("protocol", json(0)) != version) {
        peer.isGone = true;
        return;
    }
    const json features = hello.value("features", json::array());
    peer.isGreeted = true;
    peer.wantsProgress = true;
    peer.canQueue = std::find(features.begin(), features.end(), queueFeature) != features.end();
    const json answer = {
        {"protocol", version},
        {"keeper_pid", getpid()},
        {"features", {queueFeature, ladderFeature, processFeature, deathFeature, usageFeature}}};
    OwnerConnections::tell(peer, FrameType::Hello, answer.dump());
    OwnerConnections::tell(peer, FrameType::State, m_runner.stateJson());
    m_queueAt = KernelRunner::Clock::now();
}

// For a farcelld that finds this bundle and nobody answering in it.
void Keeper::rememberProcesses()
{
    const pid_t kernel = m_runner.process().pid();
    if (kernel == m_rememberedPid) {
        return;
    }
    m_rememberedPid = kernel;
    const json processes = {{"keeper_pid", getpid()},
                            {"keeper_start", processStartTime(getpid())},
                            {"kernel_pid", kernel},
                            {"kernel_start", kernel > 0 ? processStartTime(kernel) : 0}};
    const auto written = writePrivateFile(m_bundle + '/' + bundle::processFile, processes.dump());
    if (!written) {
        std::fprintf(stderr, "%s\n", written.error().c_str());
    }
}

} // namespace farcell
