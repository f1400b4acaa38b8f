#include "core/client/unanswered.h"

#include "core/client/runtimejson.h"

#include <algorithm>
#include <utility>

namespace farcell {

void Unanswered::note(const KernelMessage &message)
{
    if (m_requests.empty())
        return;
    const MsgId parent = message.parentId();
    if (parent.isEmpty())
        return;
    const QString type = message.type();
    const bool isReply =
        message.channel != QLatin1String("iopub") && type.endsWith(QLatin1String("_reply"));
    const bool isIdle = type == QLatin1String("status") &&
                        textAt(message.content, "execution_state") == QLatin1String("idle");
    const bool goesOn = isReply || isIdle || type == QLatin1String("input_request");
    std::erase_if(m_requests, [&](Request &request) {
        if (request.id == parent)
            request.isHeard = true;
        return (request.id == parent && isReply) || (request.asker == parent && goesOn);
    });
}

void Unanswered::remove(const MsgId &id)
{
    std::erase_if(m_requests, [&](const Request &request) { return request.id == id; });
}

bool Unanswered::contains(const MsgId &id) const
{
    return std::any_of(m_requests.begin(), m_requests.end(),
                       [&](const Request &request) { return request.id == id; });
}

bool Unanswered::hasSent() const
{
    return std::any_of(m_requests.begin(), m_requests.end(),
                       [](const Request &request) { return request.isSent; });
}

void Unanswered::send(bool all, const Send &send)
{
    for (Request &request : m_requests) {
        if (!std::exchange(request.isSent, true) || all)
            send(request.message);
    }
}

QList<MsgId> Unanswered::sentExecutions() const
{
    QList<MsgId> ids;
    for (const Request &request : m_requests) {
        if (request.isSent && request.asker.isEmpty())
            ids.append(request.id);
    }
    return ids;
}

void Unanswered::forgetHeard()
{
    for (Request &request : m_requests)
        request.isHeard = false;
}

bool Unanswered::wasHeard(const MsgId &id) const
{
    return std::any_of(m_requests.begin(), m_requests.end(),
                       [&](const Request &request) { return request.id == id && request.isHeard; });
}

QList<MsgId> Unanswered::takeExecutions()
{
    QList<MsgId> ids;
    for (const Request &request : std::exchange(m_requests, {})) {
        if (request.asker.isEmpty())
            ids.append(request.id);
    }
    return ids;
}

} // namespace farcell
