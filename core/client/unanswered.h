#pragma once

#include "core/base/ids.h"
#include "core/client/kernelmessage.h"

#include <QList>

#include <functional>
#include <vector>

namespace farcell {

// The executions and answers to prompts that have not been answered yet, in the order they were
// made and as they go over the wire. A server that drops repeated requests (farcell_once) is sent
// them again after each loss of the line; on any other one they are only known to be at risk.
class Unanswered
{
public:
    struct Request
    {
        MsgId id;
        OutgoingMessage message;
        MsgId asker;          // an answer to a prompt: whose execution asked
        bool isSent = false;  // at least tried
        bool isHeard = false; // something came for it since the last look
    };
    using Send = std::function<void(const OutgoingMessage &)>;

    void add(Request request) { m_requests.push_back(std::move(request)); }
    // A message came: what it answers is gone from here.
    void note(const KernelMessage &message);
    void remove(const MsgId &id);
    [[nodiscard]] bool contains(const MsgId &id) const;
    [[nodiscard]] bool hasSent() const;
    // Those not sent yet, or all.
    void send(bool all, const Send &send);
    // Executions that may have been lost.
    [[nodiscard]] QList<MsgId> sentExecutions() const;
    void forgetHeard();
    [[nodiscard]] bool wasHeard(const MsgId &id) const;
    QList<MsgId> takeExecutions();

private:
    std::vector<Request> m_requests;
};

} // namespace farcell
