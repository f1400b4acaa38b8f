#pragma once

#include "backend/keeper/connection.h"
#include "core/journal/journalwriter.h"
#include "core/jupyter/websocketframes.h"
#include "core/jupyter/zmqframes.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace farcell {

// A message that answers the keeper's own request; clients do not get it.
struct OwnMessage
{
    Channel channel = Channel::Shell;
    std::string type;
    std::string parentId;
    std::string content;
};

// Everything that comes from the kernel goes through here: signature checked, numbered
// (farcell_seq in the metadata), addressed to the client that asked, written to the journal.
// Follows on the way whether the kernel is busy and whether it waits for input.
//
// Lives on the keeper's only thread. Not here: sockets, flushing the journal.
class MessageRecorder
{
public:
    MessageRecorder(JournalWriter &journal, std::string ownSession);

    // A kernel starts: its key, and nothing is outstanding any more.
    void reset(std::string_view key);
    // Remembers who gets the reply to a request.
    void expectReply(std::string messageId, std::string session);
    void inputAnswered() { m_pendingInput = 0; }
    // The execution that runs and its cell (farcell_cell of its execute_input); both may be empty.
    void setRunning(std::string messageId, std::string cell);
    enum class Ended
    {
        Ok,
        Error,
        Aborted // the kernel did not execute it
    };
    // Its reply has come. Told once.
    [[nodiscard]] std::optional<Ended> takeEnded() { return std::exchange(m_ended, std::nullopt); }
    // It found no memory on a GPU: the parent header of the error. Told once.
    [[nodiscard]] std::optional<std::string> takeGpuShortage()
    {
        return std::exchange(m_gpuShortage, std::nullopt);
    }
    // The kernel says that it is done with it; the reply is still to come, if it comes.
    [[nodiscard]] bool takeIdle() { return std::exchange(m_isRunningIdle, false); }
    // Something else than printed text has come: somebody may wait for it. Told once.
    [[nodiscard]] bool takeUrgent() { return std::exchange(m_isUrgent, false); }

    [[nodiscard]] std::optional<OwnMessage> record(Channel channel,
                                                   std::span<const std::string_view> frames);
    // A message the keeper makes itself, to everyone.
    void publish(std::string_view type, std::string_view content, std::string_view metadata,
                 std::string_view parentHeader = "{}");
    // The same to clients that know Farcell's own types.
    void tell(std::string_view type, std::string_view content, std::string_view parentHeader);
    // A reply the keeper makes in the kernel's place.
    void reply(const std::string &session, std::string_view type, std::string_view content,
               std::string_view parentHeader);
    // Frames to send to the kernel, signed.
    [[nodiscard]] std::string sign(const wire::MessageView &message);

    [[nodiscard]] bool isBusy() const { return m_isBusy; }
    [[nodiscard]] std::uint64_t pendingInput() const { return m_pendingInput; }
    [[nodiscard]] std::uint64_t refused() const { return m_refused; }
    // Output given up since the disk is full and memory for it as well.
    [[nodiscard]] std::uint64_t lost() const { return m_lost.messages; }
    // Says in the output of whom it is missing from what is missing, once there is room.
    void tellLost();

private:
    struct Parent
    {
        std::string id, session;
    };
    [[nodiscard]] bool mustLose(Channel channel, std::string_view type,
                                const wire::ZmqMessage &message);
    void followStatus(const wire::ZmqMessage &message, const Parent &parent);
    [[nodiscard]] std::string addressee(Channel channel, const Parent &parent);
    void append(std::string_view to, const wire::MessageView &message);

    JournalWriter &m_journal;
    std::string m_ownSession;
    std::unique_ptr<wire::MessageSigner> m_signer;
    std::array<wire::ReplayGuard, 4> m_guards; // kernels send one message on two channels
    std::unordered_map<std::string, std::string> m_askers; // message id -> session
    std::deque<std::string> m_askerOrder;
    std::string m_inputParent;
    std::string m_runningId;
    // By request. A broadcast may come after its reply, when the next one runs already.
    std::deque<std::pair<std::string, std::string>> m_cells;
    std::optional<Ended> m_ended;
    std::optional<std::string> m_gpuShortage;
    bool m_isRunningIdle = false;
    bool m_isUrgent = false;
    struct Lost
    {
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
        std::string parentHeader;
    };
    Lost m_lost;
    std::uint64_t m_pendingInput = 0;
    std::uint64_t m_refused = 0;
    bool m_isBusy = false;
};

} // namespace farcell
