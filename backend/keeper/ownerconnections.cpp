#include "backend/keeper/ownerconnections.h"

#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace farcell {

using namespace keeperprotocol;

namespace {

constexpr std::size_t maxPeers = 8;
constexpr std::size_t maxWaiting = 1024UL * 1024; // answers to someone who does not read

bool isOurUser(int descriptor)
{
    ucred credentials = {};
    socklen_t size = sizeof credentials;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
           (credentials.uid == getuid() || credentials.uid == 0);
}

} // namespace

OwnerConnections::OwnerConnections(int listener)
    : m_listener(listener)
{}

OwnerConnections::~OwnerConnections()
{
    for (const Peer &peer : m_peers) {
        close(peer.descriptor);
    }
    close(m_listener);
}

void OwnerConnections::addPollItems(std::vector<zmq::pollitem_t> &items) const
{
    items.push_back({nullptr, m_listener, ZMQ_POLLIN, 0});
    for (const Peer &peer : m_peers) {
        const bool isWaiting = !peer.out.empty() || peer.wantsProgress || peer.wantsQueue;
        const auto events = static_cast<short>(isWaiting ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN);
        items.push_back({nullptr, peer.descriptor, events, 0});
    }
}

void OwnerConnections::serve(std::span<const zmq::pollitem_t> items, const Handler &handler)
{
    std::size_t index = 1;
    for (Peer &peer : m_peers) {
        if ((items[index++].revents & (ZMQ_POLLIN | ZMQ_POLLERR)) != 0) {
            read(peer, handler);
        }
    }
    if ((items[0].revents & ZMQ_POLLIN) != 0) {
        accept();
    }
    m_peers.remove_if([](const Peer &peer) {
        if (peer.isGone) {
            close(peer.descriptor);
        }
        return peer.isGone;
    });
}

void OwnerConnections::accept()
{
    const int descriptor = accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
        return;
    }
    if (m_peers.size() >= maxPeers || !isOurUser(descriptor)) {
        close(descriptor);
        return;
    }
    m_peers.emplace_back().descriptor = descriptor;
}

void OwnerConnections::read(Peer &peer, const Handler &handler)
{
    std::array<char, 16384> bytes; // filled by recv()
    while (!peer.isGone) {
        const ssize_t got = recv(peer.descriptor, bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        }
        if (got <= 0) {
            peer.isGone = true;
            break;
        }
        peer.reader.feed({bytes.data(), static_cast<std::size_t>(got)});
        while (const auto frame = peer.reader.next()) {
            handler(peer, *frame);
        }
        peer.isGone = peer.isGone || peer.reader.isBroken();
    }
}

void OwnerConnections::tell(Peer &peer, FrameType type, std::string_view payload)
{
    if (peer.out.size() > maxWaiting) {
        peer.isGone = true; // it can come back and ask for the state
        return;
    }
    appendFrame(peer.out, type, payload);
}

void OwnerConnections::tellAll(FrameType type, std::string_view payload)
{
    for (Peer &peer : m_peers) {
        if (peer.isGreeted) {
            tell(peer, type, payload);
        }
    }
}

void OwnerConnections::tellProgress(const Progress &progress)
{
    for (Peer &peer : m_peers) {
        peer.wantsProgress = peer.isGreeted;
    }
    write(progress);
}

void OwnerConnections::tellQueue(std::string queue)
{
    m_queue = std::move(queue);
    for (Peer &peer : m_peers) {
        peer.wantsQueue = peer.canQueue;
    }
}

void OwnerConnections::write(const Progress &progress)
{
    for (Peer &peer : m_peers) {
        if (peer.out.empty() && peer.wantsProgress) {
            appendFrame(peer.out, FrameType::Appended, encodeProgress(progress));
            peer.wantsProgress = false;
        }
        if (peer.out.empty() && peer.wantsQueue) {
            appendFrame(peer.out, FrameType::Queue, m_queue);
            peer.wantsQueue = false;
        }
        while (!peer.out.empty() && !peer.isGone) {
            const ssize_t sent =
                send(peer.descriptor, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
            if (sent > 0) {
                peer.out.erase(0, static_cast<std::size_t>(sent));
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                break;
            } else if (errno != EINTR) {
                peer.isGone = true;
            }
        }
    }
}

} // namespace farcell
