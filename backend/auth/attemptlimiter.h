#pragma once

#include <QHash>
#include <QString>

#include <chrono>

namespace farcell::auth {

// Slows down whoever guesses tokens. Counts wrong tokens per peer; whoever shows the right one is
// never asked here, so nobody can lock the owner out.
// Bounded: beyond `maxPeers` the peers that have been quiet longest are forgotten.
class AttemptLimiter
{
public:
    using Clock = std::chrono::steady_clock;

    struct Verdict
    {
        std::chrono::milliseconds delay{0}; // wait this long before answering
        bool tooMany = false;               // answer 429
    };

    // Counts one failure and tells how to answer it.
    Verdict fail(const QString &peer, Clock::time_point now);

    static constexpr int freeAttempts = 3;
    static constexpr int maxAttempts = 10;
    static constexpr int maxPeers = 4096;
    static constexpr std::chrono::seconds forgetAfter{60};
    static constexpr std::chrono::milliseconds maxDelay{1000};

private:
    struct Peer
    {
        int failures = 0;
        Clock::time_point last;
    };
    void dropQuiet(Clock::time_point now);

    QHash<QString, Peer> m_peers;
};

} // namespace farcell::auth
