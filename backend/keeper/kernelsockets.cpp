#include "backend/keeper/kernelsockets.h"

namespace farcell {

namespace {

constexpr int reconnectMs = 10; // the kernel binds some time after we connect
constexpr std::size_t keptBytes = 1024UL * 1024;

} // namespace

KernelSockets::KernelSockets(zmq::context_t &context, const Connection &connection,
                             const std::string &identity)
{
    for (const Channel channel : allChannels) {
        const bool isIopub = channel == Channel::Iopub;
        zmq::socket_t socket(context, isIopub ? zmq::socket_type::sub : zmq::socket_type::dealer);
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::rcvhwm, 0);
        socket.set(zmq::sockopt::sndhwm, 0);
        socket.set(zmq::sockopt::reconnect_ivl, reconnectMs);
        if (isIopub) {
            socket.set(zmq::sockopt::subscribe, "");
        } else {
            socket.set(zmq::sockopt::routing_id, identity);
        }
        if (channel == Channel::Stdin) {
            socket.set(zmq::sockopt::immediate, true); // writable when connected, not before
        }
        socket.connect(connection.endpoint(channel));
        m_sockets.at(static_cast<std::size_t>(channel)) = std::move(socket);
    }
}

zmq::socket_t &KernelSockets::socket(Channel channel)
{
    return m_sockets.at(static_cast<std::size_t>(channel));
}

bool KernelSockets::canBeAsked()
{
    return (socket(Channel::Stdin).get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0;
}

std::span<const std::string_view> KernelSockets::receive(Channel channel)
{
    if (m_heldBytes > keptBytes) {
        m_messages.clear();
    }
    m_heldBytes = 0;
    m_frames.clear();
    zmq::socket_t &from = socket(channel);
    bool isMore = true;
    while (isMore) {
        if (m_messages.size() == m_frames.size()) {
            m_messages.emplace_back();
        }
        zmq::message_t &message = m_messages[m_frames.size()];
        // A message is whole before its first frame can be read: only that one can be missing.
        if (!from.recv(message, zmq::recv_flags::dontwait)) {
            return {};
        }
        isMore = message.more();
        m_heldBytes += message.size();
        m_frames.emplace_back();
    }
    // Only now: the vector may have moved small messages, whose bytes lie inside them.
    for (std::size_t i = 0; i < m_frames.size(); ++i) {
        m_frames[i] = m_messages[i].to_string_view();
    }
    return m_frames;
}

bool KernelSockets::send(Channel channel, const std::vector<std::string_view> &frames)
{
    zmq::socket_t &to = socket(channel);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const bool isLast = i + 1 == frames.size();
        const auto flags = isLast ? zmq::send_flags::dontwait
                                  : zmq::send_flags::dontwait | zmq::send_flags::sndmore;
        if (!to.send(zmq::buffer(frames[i]), flags)) {
            return false;
        }
    }
    return true;
}

} // namespace farcell
