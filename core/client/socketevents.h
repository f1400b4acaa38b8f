#pragma once

#include "core/client/kernelconnection.h"

#include <QString>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace farcell {

// What happened on a kernel's WebSocket, in order.
struct SocketEvent
{
    enum class Kind : uint8_t
    {
        Opened,
        Message,
        Down // reason says why
    };

    Kind kind = Kind::Message;
    quint64 attempt = 0; // which connection this is about
    KernelMessage message;
    QString reason;
    qsizetype bytes = 0; // that the message takes, about
};

// From the thread that reads a socket to the one that uses its messages. Bounded: who puts more in
// than is taken out waits, reads nothing meanwhile, and so slows down the server.
class SocketEvents
{
public:
    static constexpr qsizetype limit = qsizetype{8} << 20; // bytes; one event always has room

    // Waits for room. After close() false, and the event is gone. `wakes` is set if the other side
    // must be told; it is not again before it has taken everything.
    bool push(SocketEvent event, bool &wakes);
    std::optional<SocketEvent> pop();
    void close();
    [[nodiscard]] bool isClosed() const;
    [[nodiscard]] qsizetype bytes() const;

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_room;
    std::deque<SocketEvent> m_events;
    qsizetype m_bytes = 0;
    bool m_isTold = false;
    bool m_isClosed = false;
};

} // namespace farcell
