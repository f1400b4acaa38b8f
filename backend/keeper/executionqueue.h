#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace farcell {

// An execute_request that waits for the kernel or runs in it.
struct Execution
{
    std::string id;        // msg_id
    std::string session;   // of the client that gets the reply
    std::string header;    // of the request: the parent of what comes of it
    std::string frame;     // the whole request as a v1 frame; empty once it was sent
    std::string cell;      // id of the cell, or empty
    std::string code;      // its beginning, valid UTF-8
    bool isSilent = false; // asked by a program, not by a person: not in the list
    bool stopsOnError = true;
    double queuedAt = 0; // Unix time, s
    double startedAt = 0;
    std::optional<double> expected; // s
    std::uint64_t codeKey = 0;      // for DurationHistory
};

// What a kernel is to execute, in order, one at a time: a kernel's own queue can be neither seen
// nor changed, so requests wait here. Data only: no sockets, no clock.
class ExecutionQueue
{
public:
    void add(Execution execution);
    // The next one begins, or nothing: one runs already, the queue is paused or empty.
    [[nodiscard]] const Execution *startNext(double now);
    [[nodiscard]] const Execution *running() const { return m_running ? &*m_running : nullptr; }
    [[nodiscard]] std::string takeFrame(); // of the one that runs, to be sent
    // The one that runs has ended.
    [[nodiscard]] std::optional<Execution> finish();
    // One that waits is taken out.
    [[nodiscard]] std::optional<Execution> cancel(std::string_view id);
    // These come first, in this order, the others behind them as they were. False: one of them
    // does not wait.
    [[nodiscard]] bool order(const std::vector<std::string> &ids);
    void setPaused(bool isPaused);
    // The queue is paused when this one has ended; empty: it goes on. False: there is no such one.
    [[nodiscard]] bool stopAfter(const std::string &id);
    // All that wait, in order; they are gone from here.
    [[nodiscard]] std::vector<Execution> takeWaiting();
    void reset(); // not paused, nothing to stop after

    [[nodiscard]] std::size_t bytes() const { return m_bytes; } // of the frames that wait
    [[nodiscard]] bool takeChanged();
    // {"paused", "stop_after", "items"}, see docs/protocol.md.
    [[nodiscard]] nlohmann::json toJson() const;

private:
    [[nodiscard]] std::deque<Execution>::iterator find(std::string_view id);

    std::optional<Execution> m_running;
    std::deque<Execution> m_waiting;
    std::string m_stopAfter;
    std::size_t m_bytes = 0;
    bool m_isPaused = false;
    bool m_isChanged = false;
};

} // namespace farcell
