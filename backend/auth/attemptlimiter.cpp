#include "backend/auth/attemptlimiter.h"

#include <algorithm>

namespace farcell::auth {

AttemptLimiter::Verdict AttemptLimiter::fail(const QString &peer, Clock::time_point now)
{
    if (m_peers.size() >= maxPeers && !m_peers.contains(peer))
        dropQuiet(now);

    Peer &known = m_peers[peer];
    if (now - known.last > forgetAfter)
        known.failures = 0;
    known.last = now;
    known.failures = std::min(known.failures + 1, maxAttempts + 1);

    Verdict verdict;
    if (known.failures > freeAttempts) {
        const int doublings = std::min(known.failures - freeAttempts - 1, 4);
        verdict.delay = std::min(maxDelay, std::chrono::milliseconds(100) * (1 << doublings));
    }
    verdict.tooMany = known.failures > maxAttempts;
    return verdict;
}

void AttemptLimiter::dropQuiet(Clock::time_point now)
{
    m_peers.removeIf(
        [now](QHash<QString, Peer>::iterator it) { return now - it->last > forgetAfter; });
    while (m_peers.size() >= maxPeers) {
        const auto oldest =
            std::min_element(m_peers.cbegin(), m_peers.cend(),
                             [](const Peer &a, const Peer &b) { return a.last < b.last; });
        m_peers.erase(oldest);
    }
}

} // namespace farcell::auth
