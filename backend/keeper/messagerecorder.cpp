#include "backend/keeper/messagerecorder.h"

#include "backend/keeper/gpuusage.h"
#include "backend/keeper/protocol.h"
#include "core/jupyter/jsonscan.h"
#include "core/jupyter/messages.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace farcell {

namespace {

constexpr std::size_t maxAskers = 10000;
constexpr std::string_view sequenceKey = "farcell_seq";
constexpr std::string_view cellKey = "farcell_cell";
constexpr std::size_t mostCells = 64; // whose execute_input has not come
constexpr std::size_t maxPendingBytes = 64UL * 1024 * 1024;
constexpr std::array<std::string_view, 5> outputs = {
    "stream", "display_data", "update_display_data", "execute_result", "clear_output"};

// Requests whose busy and idle say nothing about the kernel's work.
constexpr std::array<std::string_view, 11> bookkeeping = {
    "kernel_info_request", "comm_info_request", "interrupt_request",   "shutdown_request",
    "debug_request",       "connect_request",   "is_complete_request", "history_request",
    "usage_request",       "complete_request",  "inspect_request"};

} // namespace

MessageRecorder::MessageRecorder(JournalWriter &journal, std::string ownSession)
    : m_journal(journal)
    , m_ownSession(std::move(ownSession))
{
    reset({});
}

void MessageRecorder::reset(std::string_view key)
{
    m_signer = std::make_unique<wire::MessageSigner>(key);
    for (wire::ReplayGuard &guard : m_guards) {
        guard.clear();
    }
    m_askers.clear();
    m_askerOrder.clear();
    m_pendingInput = 0;
    m_isBusy = false;
    m_cells.clear();
    setRunning({}, {});
}

void MessageRecorder::setRunning(std::string messageId, std::string cell)
{
    if (!cell.empty()) {
        m_cells.emplace_back(messageId, std::move(cell));
        if (m_cells.size() > mostCells) {
            m_cells.pop_front();
        }
    }
    m_runningId = std::move(messageId);
    m_ended.reset();
    m_isRunningIdle = false;
}

void MessageRecorder::expectReply(std::string messageId, std::string session)
{
    if (m_askerOrder.size() >= maxAskers) {
        m_askers.erase(m_askerOrder.front());
        m_askerOrder.pop_front();
    }
    m_askerOrder.push_back(messageId);
    m_askers.insert_or_assign(std::move(messageId), std::move(session));
}

std::string MessageRecorder::addressee(Channel channel, const Parent &parent)
{
    if (channel == Channel::Iopub) {
        return {};
    }
    const auto asker = m_askers.find(parent.id);
    if (asker == m_askers.end()) {
        return parent.session;
    }
    if (channel == Channel::Stdin) {
        return asker->second;
    }
    std::string session = std::move(asker->second);
    m_askers.erase(asker);
    // Replies come nearly in order, so it is found at once.
    if (const auto it = std::find(m_askerOrder.begin(), m_askerOrder.end(), parent.id);
        it != m_askerOrder.end()) {
        m_askerOrder.erase(it);
    }
    return session;
}

std::optional<OwnMessage> MessageRecorder::record(Channel channel,
                                                  std::span<const std::string_view> frames)
{
    const auto parsed =
        wire::parseZmq(frames, *m_signer, m_guards.at(static_cast<std::size_t>(channel)));
    if (!parsed) {
        ++m_refused;
        const std::string_view why = wire::zmqErrorText(parsed.error());
        std::fprintf(stderr, "dropped on %s: %.*s\n", channelName(channel).data(),
                     static_cast<int>(why.size()), why.data());
        return std::nullopt;
    }
    const Parent parent = {wire::jsonString(parsed->parentHeader, "msg_id").value_or(""),
                           wire::jsonString(parsed->parentHeader, "session").value_or("")};
    const std::string type = wire::jsonString(parsed->header, "msg_type").value_or("");
    m_isUrgent = m_isUrgent || channel != Channel::Iopub || type != "stream";
    if (parent.session == m_ownSession) {
        OwnMessage own{channel, type, parent.id, std::string(parsed->content)};
        // That the kernel shuts down concerns everyone.
        if (channel == Channel::Iopub && type == "shutdown_reply") {
            append({}, {channelName(channel),
                        parsed->header,
                        parsed->parentHeader,
                        parsed->metadata,
                        parsed->content,
                        {}});
        }
        return own;
    }
    if (mustLose(channel, type, *parsed)) {
        return std::nullopt;
    }
    std::string metadata(parsed->metadata);
    if (channel == Channel::Iopub && type == "status") {
        followStatus(*parsed, parent);
    } else if (channel == Channel::Iopub && type == "execute_input") {
        const auto cell = std::find_if(m_cells.begin(), m_cells.end(),
                                       [&](const auto &entry) { return entry.first == parent.id; });
        if (cell != m_cells.end()) {
            metadata = wire::withMember(metadata, cellKey, cell->second);
            m_cells.erase(cell);
        }
    } else if (channel == Channel::Iopub && type == "error" && isGpuShortage(parsed->content)) {
        m_gpuShortage = parsed->parentHeader;
    } else if (channel == Channel::Stdin) {
        m_pendingInput = m_journal.nextSequence();
        m_inputParent = parent.id;
    } else if (channel == Channel::Shell) {
        if (parent.id == m_inputParent) {
            m_pendingInput = 0;
        }
        if (parent.id == m_runningId && type == "execute_reply") {
            const auto status = wire::jsonString(parsed->content, "status");
            m_ended = status == "error"     ? Ended::Error
                      : status == "aborted" ? Ended::Aborted
                                            : Ended::Ok;
        }
    }
    append(addressee(channel, parent), {channelName(channel),
                                        parsed->header,
                                        parsed->parentHeader,
                                        metadata,
                                        parsed->content,
                                        {parsed->buffers.begin(), parsed->buffers.end()}});
    return std::nullopt;
}

// While the disk is full messages wait in memory; beyond a limit output is given up, but no reply,
// no status and no error.
bool MessageRecorder::mustLose(Channel channel, std::string_view type,
                               const wire::ZmqMessage &message)
{
    const bool isOutput = channel == Channel::Iopub &&
                          std::find(outputs.begin(), outputs.end(), type) != outputs.end();
    if (!isOutput || m_journal.pendingBytes() < maxPendingBytes) {
        return false;
    }
    if (m_lost.parentHeader != message.parentHeader) {
        tellLost(); // of the execution before; short, so it may wait with the others
        m_lost.parentHeader = message.parentHeader;
    }
    ++m_lost.messages;
    m_lost.bytes += message.content.size();
    for (const std::string_view buffer : message.buffers) {
        m_lost.bytes += buffer.size();
    }
    return true;
}

void MessageRecorder::tellLost()
{
    const Lost lost = std::exchange(m_lost, {});
    if (lost.messages == 0) {
        return;
    }
    const std::string text = "The server's disk was full: " + std::to_string(lost.messages) +
                             " messages of output (" + std::to_string(lost.bytes) +
                             " bytes) are missing here.\\n";
    publish("stream", R"({"name":"stderr","text":")" + text + "\"}", "{}", lost.parentHeader);
}

void MessageRecorder::followStatus(const wire::ZmqMessage &message, const Parent &parent)
{
    const std::string request =
        wire::jsonString(message.parentHeader, "msg_type").value_or(std::string());
    if (std::find(bookkeeping.begin(), bookkeeping.end(), request) == bookkeeping.end()) {
        m_isBusy = wire::jsonString(message.content, "execution_state") == "busy";
        m_isRunningIdle = m_isRunningIdle || (!m_isBusy && parent.id == m_runningId);
    }
}

void MessageRecorder::append(std::string_view to, const wire::MessageView &message)
{
    const std::string metadata =
        wire::withMember(message.metadata, sequenceKey, m_journal.nextSequence());
    wire::MessageView numbered = message;
    numbered.metadata = metadata;
    const std::string name = keeperprotocol::encodeNamed(to);
    const std::string table = wire::encodeV1Table(numbered);
    std::vector<std::string_view> parts = {name,
                                           table,
                                           numbered.channel,
                                           numbered.header,
                                           numbered.parentHeader,
                                           numbered.metadata,
                                           numbered.content};
    parts.insert(parts.end(), numbered.buffers.begin(), numbered.buffers.end());
    std::size_t length = 0;
    for (const std::string_view part : parts) {
        length += part.size();
    }
    if (length > wire::maxFrameBytes) {
        ++m_refused;
        std::fprintf(stderr, "dropped: a message of %zu bytes is too large\n", length);
        publish("stream",
                R"({"name":"stderr","text":"A message of more than 512 MiB was left out.\n"})",
                "{}");
        return;
    }
    m_journal.append(keeperprotocol::messageRecord, parts);
}

void MessageRecorder::publish(std::string_view type, std::string_view content,
                              std::string_view metadata, std::string_view parentHeader)
{
    const std::string header = wire::makeHeader(type, m_ownSession);
    append({}, {channelName(Channel::Iopub), header, parentHeader, metadata, content, {}});
}

void MessageRecorder::tell(std::string_view type, std::string_view content,
                           std::string_view parentHeader)
{
    const std::string header = wire::makeHeader(type, m_ownSession);
    append(keeperprotocol::farcellClients,
           {channelName(Channel::Iopub), header, parentHeader, "{}", content, {}});
}

void MessageRecorder::reply(const std::string &session, std::string_view type,
                            std::string_view content, std::string_view parentHeader)
{
    const std::string header = wire::makeHeader(type, m_ownSession);
    append(session, {channelName(Channel::Shell), header, parentHeader, "{}", content, {}});
}

std::string MessageRecorder::sign(const wire::MessageView &message)
{
    const std::array<std::string_view, 4> parts = {message.header, message.parentHeader,
                                                   message.metadata, message.content};
    return m_signer->sign(parts);
}

} // namespace farcell
