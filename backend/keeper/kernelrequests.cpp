#include "backend/keeper/kernelrunner.h"
#include "backend/keeper/kernelrunnerparts.h"
#include "core/jupyter/jsonscan.h"
#include "core/jupyter/messages.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <utility>

// KernelRunner's part that passes messages on, and holds what the kernel is to execute.
namespace farcell {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto drainQuiet = 30ms;   // what a dead kernel sent is still on its way to us
constexpr auto replyPatience = 10s; // after the kernel said that it is idle
constexpr std::size_t maxHeldBytes = 256UL * 1024 * 1024;
constexpr std::size_t shownCode = 200; // characters
// Then commands have their turn: an interrupt does not wait for all of a flood.
constexpr std::size_t bytesPerRound = 16UL * 1024 * 1024;
constexpr std::string_view requestEnding = "_request";
constexpr std::string_view lostReply = R"({"status":"aborted","farcell_kernel_ended":true})";

// Comm messages and input replies are answered by nobody.
bool hasReply(std::string_view type)
{
    return type.ends_with(requestEnding);
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

bool isTrue(std::string_view object, std::string_view key)
{
    return wire::jsonValue(object, key) == "true";
}

// The first characters; never half of one.
std::string beginningOf(const std::string &code)
{
    std::size_t characters = 0;
    std::size_t at = 0;
    while (at < code.size() && characters <= shownCode) {
        const bool isContinued = (static_cast<unsigned char>(code[at]) & 0xc0U) == 0x80U;
        characters += isContinued ? 0 : 1;
        at += characters <= shownCode ? 1 : 0;
    }
    return code.substr(0, at);
}

std::string hexOf(std::uint64_t value)
{
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016" PRIx64, value);
    return text.data();
}

} // namespace

KernelRunner::Received KernelRunner::receive(std::size_t atMost)
{
    if (!m_sockets) {
        return {};
    }
    std::size_t taken = 0;
    std::size_t bytes = 0;
    const auto isEnough = [&] { return taken >= atMost || bytes >= bytesPerRound; };
    for (const Channel channel : allChannels) {
        while (!isEnough() && m_sockets) {
            const auto frames = m_sockets->receive(channel);
            if (frames.empty()) {
                break;
            }
            ++taken;
            for (const std::string_view frame : frames) {
                bytes += frame.size();
            }
            if (const auto own = m_recorder.record(channel, frames)) {
                answered(*own);
            } else if (const auto how = m_recorder.takeEnded()) {
                executionEnded(*how);
            } else if (m_recorder.takeIdle()) {
                m_replyLateAt = Clock::now() + replyPatience;
            }
            if (auto shortage = m_recorder.takeGpuShortage()) {
                noteShortage(*std::move(shortage));
            }
        }
    }
    if (taken > 0 && m_phase == Phase::Draining) {
        m_drainedAt = std::min(Clock::now() + drainQuiet, m_drainLimit);
    }
    const bool isUrgent = m_recorder.takeUrgent();
    return {isEnough(), taken > 0 && !isUrgent};
}

std::optional<KernelRunner::Request> KernelRunner::readRequest(std::string_view frame)
{
    auto message = wire::decodeV1(frame);
    const auto channel = message ? channelNamed(message->channel) : std::nullopt;
    auto id = message ? wire::jsonString(message->header, "msg_id") : std::nullopt;
    auto type = message ? wire::jsonString(message->header, "msg_type") : std::nullopt;
    if (!channel || !id || !type) {
        std::fprintf(stderr, "dropped a request that is no message\n");
        return std::nullopt;
    }
    return Request{*channel, *std::move(id), *std::move(type), *std::move(message)};
}

void KernelRunner::forward(std::string_view session, std::string_view frame)
{
    const auto request = readRequest(frame);
    if (!request) {
        return;
    }
    if (isTrue(request->message.metadata, "farcell_once") &&
        !m_once.admit(hexOf(DurationHistory::keyOf(request->id)))) {
        return; // it came already, over a connection that broke
    }
    const std::string to(session);
    if (request->channel == Channel::Shell && request->type == "execute_request") {
        enqueue(session, *request, frame);
    } else if (m_phase == Phase::Running) {
        forwardNow(to, *request);
    } else if (m_phase != Phase::Dead && m_heldBytes + frame.size() <= maxHeldBytes) {
        m_held.push_back({to, std::string(frame)});
        m_heldBytes += frame.size();
    } else {
        abortRequest(to, *request);
    }
}

void KernelRunner::forwardNow(const std::string &session, const Request &request)
{
    if (request.channel == Channel::Stdin) {
        m_recorder.inputAnswered();
    } else if (hasReply(request.type)) {
        m_recorder.expectReply(request.id, session);
    }
    sendMessage(request.channel, request.message);
}

// --- executions

void KernelRunner::enqueue(std::string_view session, const Request &request, std::string_view frame)
{
    const std::string_view content = request.message.content;
    const std::string code = wire::jsonString(content, "code").value_or("");
    Execution execution;
    execution.id = request.id;
    execution.session = session;
    execution.header = request.message.header;
    execution.cell = wire::jsonString(request.message.metadata, "cellId").value_or("");
    execution.code = beginningOf(code);
    execution.isSilent = isTrue(content, "silent");
    execution.stopsOnError =
        !execution.isSilent && wire::jsonValue(content, "stop_on_error") != "false";
    execution.queuedAt = unixNow();
    execution.codeKey = DurationHistory::keyOf(code);
    if (m_phase == Phase::Dead || m_queue.bytes() + frame.size() > maxHeldBytes) {
        abortExecutions({std::move(execution)});
        return;
    }
    if (!execution.isSilent) {
        execution.expected =
            m_durations.expected(execution.codeKey, DurationHistory::keyOfCell(execution.cell));
    }
    execution.frame = frame;
    m_queue.add(std::move(execution));
    dispatch();
}

// The next one, if the kernel is free.
void KernelRunner::dispatch()
{
    while (m_phase == Phase::Running) {
        const Execution *next = m_queue.startNext(unixNow());
        if (next == nullptr) {
            return;
        }
        const std::string frame = m_queue.takeFrame();
        m_recorder.setRunning(next->id, next->cell);
        m_replyLateAt.reset();
        m_sampleAt = Clock::now(); // its memory is worth more looks now
        const auto request = readRequest(frame);
        if (!request) { // it was one when it came
            endRunning();
            continue;
        }
        if (!next->isSilent) {
            m_ledger.begin(*next, m_process.pid());
        }
        forwardNow(next->session, *request);
    }
}

void KernelRunner::executionEnded(MessageRecorder::Ended how)
{
    const bool isError = how == MessageRecorder::Ended::Error;
    m_replyLateAt.reset();
    m_recorder.setRunning({}, {});
    const auto ended = m_queue.finish();
    if (!ended) {
        return;
    }
    if (how == MessageRecorder::Ended::Aborted) {
        m_ledger.forget();
    } else {
        publishUsage(isError ? "error" : "ok", ended->header);
    }
    if (!isError && !ended->isSilent) {
        m_durations.remember(ended->codeKey, DurationHistory::keyOfCell(ended->cell),
                             unixNow() - ended->startedAt);
    }
    if (isError && ended->stopsOnError) { // as kernels do with what waits in them
        abortExecutions(m_queue.takeWaiting());
    }
    dispatch();
}

// Tells each asker what a kernel tells for requests it gives up.
void KernelRunner::abortExecutions(const std::vector<Execution> &executions, std::string_view reply)
{
    for (const Execution &execution : executions) {
        publishStatus("busy", {}, execution.header);
        m_recorder.reply(execution.session, "execute_reply", reply, execution.header);
        publishStatus("idle", {}, execution.header);
    }
    if (const Execution *running = m_queue.running(); running != nullptr && !executions.empty()) {
        publishStatus("busy", {}, running->header); // which was not meant by "idle"
    }
}

// The one that runs is lost with its kernel, which may not even have told that it began.
void KernelRunner::endRunning()
{
    m_replyLateAt.reset();
    m_recorder.setRunning({}, {});
    if (const auto lost = m_queue.finish()) {
        abortExecutions({*lost}, lostReply);
        publishUsage("aborted", lost->header);
    }
}

void KernelRunner::abortHeld()
{
    for (const Held &held : std::exchange(m_held, {})) {
        if (const auto request = readRequest(held.frame)) {
            abortRequest(held.session, *request);
        }
    }
    m_heldBytes = 0;
}

void KernelRunner::abortRequest(const std::string &session, const Request &request)
{
    if (hasReply(request.type)) {
        const std::string type =
            request.type.substr(0, request.type.size() - requestEnding.size()) + "_reply";
        m_recorder.reply(session, type, abortedReply, request.message.header);
    }
}

void KernelRunner::abortEverything()
{
    endRunning();
    abortExecutions(m_queue.takeWaiting());
    abortHeld();
}

std::string KernelRunner::cancel(const std::string &messageId)
{
    if (m_queue.running() != nullptr && m_queue.running()->id == messageId) {
        return "it runs already: interrupt the kernel";
    }
    const auto cancelled = m_queue.cancel(messageId);
    if (!cancelled) {
        return "it does not wait in the queue";
    }
    abortExecutions({*cancelled});
    return {};
}

void KernelRunner::resumeQueue()
{
    m_queue.setPaused(false);
    dispatch();
}

// --- sending

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

void KernelRunner::publishStatus(std::string_view executionState, const std::string &reason,
                                 std::string_view parentHeader)
{
    m_recorder.publish("status", dumpJson({{"execution_state", executionState}}),
                       reason.empty() ? "{}" : dumpJson({{"farcell_reason", reason}}),
                       parentHeader);
}

} // namespace farcell
