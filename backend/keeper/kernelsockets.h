#pragma once

#include "backend/keeper/connection.h"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

namespace farcell {

// The keeper's ends of a kernel's ZeroMQ sockets, without any high-water mark: what the kernel
// sends is taken at once and never dropped. All three DEALERs have one identity, so that the
// kernel's input requests come to the stdin socket.
//
// Lives on the keeper's only thread. Not here: signatures, meaning.
class KernelSockets
{
public:
    KernelSockets(zmq::context_t &context, const Connection &connection,
                  const std::string &identity);

    [[nodiscard]] zmq::socket_t &socket(Channel channel);
    // The stdin socket has reached the kernel, which drops what it asks before.
    [[nodiscard]] bool canBeAsked();
    // The next message of a channel as frames, valid until the next call; empty: none waits.
    [[nodiscard]] std::span<const std::string_view> receive(Channel channel);
    bool send(Channel channel, const std::vector<std::string_view> &frames);

private:
    std::array<zmq::socket_t, 4> m_sockets;
    std::vector<zmq::message_t> m_messages; // reused from one message to the next
    std::vector<std::string_view> m_frames;
    std::size_t m_heldBytes = 0;
};

} // namespace farcell
