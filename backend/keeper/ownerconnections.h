#pragma once

#include "backend/keeper/protocol.h"

#include <functional>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

namespace farcell {

// The keeper's unix socket and who is connected to it: farcelld, of the same user only. A peer
// that does not read gets the newest progress when it reads again, never a growing queue.
//
// Lives on the keeper's only thread. Not here: what frames mean.
class OwnerConnections
{
public:
    struct Peer
    {
        int descriptor = -1;
        keeperprotocol::FrameReader reader;
        std::string out;
        bool isGreeted = false;
        bool wantsProgress = false;
        bool canQueue = false;   // knows Queue frames
        bool wantsQueue = false; // has not got the latest
        bool isGone = false;
    };
    using Handler = std::function<void(Peer &, const keeperprotocol::FrameReader::Frame &)>;

    explicit OwnerConnections(int listener);
    ~OwnerConnections();
    OwnerConnections(const OwnerConnections &) = delete;
    OwnerConnections &operator=(const OwnerConnections &) = delete;
    OwnerConnections(OwnerConnections &&) = delete;
    OwnerConnections &operator=(OwnerConnections &&) = delete;

    // What to poll; serve() takes the same items back with their events.
    void addPollItems(std::vector<zmq::pollitem_t> &items) const;
    void serve(std::span<const zmq::pollitem_t> items, const Handler &handler);
    void tellProgress(const keeperprotocol::Progress &progress);
    void tellQueue(std::string queue); // the newest replaces one that is not sent yet
    void tellAll(keeperprotocol::FrameType type, std::string_view payload);
    static void tell(Peer &peer, keeperprotocol::FrameType type, std::string_view payload);
    void write(const keeperprotocol::Progress &progress); // what is waiting, without blocking
    [[nodiscard]] bool isAnyone() const { return !m_peers.empty(); }

private:
    void accept();
    static void read(Peer &peer, const Handler &handler);

    int m_listener;
    std::string m_queue;
    std::list<Peer> m_peers; // a list: handlers keep no pointers, but serve() walks while reading
};

} // namespace farcell
