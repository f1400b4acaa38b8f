#include "core/client/socketevents.h"

#include <utility>

namespace farcell {

bool SocketEvents::push(SocketEvent event, bool &wakes)
{
    std::unique_lock lock(m_mutex);
    m_room.wait(lock,
                [&] { return m_isClosed || m_events.empty() || m_bytes + event.bytes <= limit; });
    if (m_isClosed)
        return false;
    m_bytes += event.bytes;
    m_events.push_back(std::move(event));
    wakes = !std::exchange(m_isTold, true);
    return true;
}

std::optional<SocketEvent> SocketEvents::pop()
{
    std::optional<SocketEvent> event;
    {
        const std::lock_guard lock(m_mutex);
        if (m_events.empty()) {
            m_isTold = false;
            return event;
        }
        event = std::move(m_events.front());
        m_events.pop_front();
        m_bytes -= event->bytes;
    }
    m_room.notify_one();
    return event;
}

void SocketEvents::close()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isClosed = true;
    }
    m_room.notify_all();
}

bool SocketEvents::isClosed() const
{
    const std::lock_guard lock(m_mutex);
    return m_isClosed;
}

qsizetype SocketEvents::bytes() const
{
    const std::lock_guard lock(m_mutex);
    return m_bytes;
}

} // namespace farcell
