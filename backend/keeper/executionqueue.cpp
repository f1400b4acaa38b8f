#include "backend/keeper/executionqueue.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace farcell {

using nlohmann::json;

namespace {

json itemJson(const Execution &execution, int position)
{
    const bool isRunning = position == 0;
    return {{"msg_id", execution.id},
            {"cell_id", execution.cell.empty() ? json() : json(execution.cell)},
            {"session", execution.session},
            {"state", isRunning ? "running" : "queued"},
            {"position", position},
            {"code", execution.code},
            {"queued_at", execution.queuedAt},
            {"started_at", isRunning ? json(execution.startedAt) : json()},
            {"expected_s", execution.expected ? json(*execution.expected) : json()}};
}

} // namespace

std::deque<Execution>::iterator ExecutionQueue::find(std::string_view id)
{
    return std::find_if(m_waiting.begin(), m_waiting.end(),
                        [&](const Execution &execution) { return execution.id == id; });
}

void ExecutionQueue::add(Execution execution)
{
    m_bytes += execution.frame.size();
    m_isChanged = m_isChanged || !execution.isSilent;
    m_waiting.push_back(std::move(execution));
}

const Execution *ExecutionQueue::startNext(double now)
{
    if (m_running || m_isPaused || m_waiting.empty()) {
        return nullptr;
    }
    m_running = std::move(m_waiting.front());
    m_waiting.pop_front();
    m_bytes -= m_running->frame.size();
    m_running->startedAt = now;
    m_isChanged = m_isChanged || !m_running->isSilent;
    return &*m_running;
}

std::string ExecutionQueue::takeFrame()
{
    return m_running ? std::exchange(m_running->frame, {}) : std::string();
}

std::optional<Execution> ExecutionQueue::finish()
{
    std::optional<Execution> finished = std::exchange(m_running, std::nullopt);
    if (finished) {
        m_isChanged = m_isChanged || !finished->isSilent;
        if (finished->id == m_stopAfter) {
            m_stopAfter.clear();
            m_isPaused = !m_waiting.empty();
        }
    }
    return finished;
}

std::optional<Execution> ExecutionQueue::cancel(std::string_view id)
{
    const auto it = find(id);
    if (it == m_waiting.end()) {
        return std::nullopt;
    }
    Execution cancelled = std::move(*it);
    m_waiting.erase(it);
    m_bytes -= cancelled.frame.size();
    if (cancelled.id == m_stopAfter) {
        m_stopAfter.clear();
    }
    m_isChanged = true;
    return cancelled;
}

bool ExecutionQueue::order(const std::vector<std::string> &ids)
{
    std::deque<Execution> ordered;
    std::deque<Execution> rest = m_waiting;
    for (const std::string &id : ids) {
        const auto it = std::find_if(rest.begin(), rest.end(), [&](const Execution &execution) {
            return execution.id == id;
        });
        if (it == rest.end()) {
            return false;
        }
        ordered.push_back(std::move(*it));
        rest.erase(it);
    }
    std::move(rest.begin(), rest.end(), std::back_inserter(ordered));
    m_waiting = std::move(ordered);
    m_isChanged = true;
    return true;
}

void ExecutionQueue::setPaused(bool isPaused)
{
    m_isChanged = m_isChanged || isPaused != m_isPaused;
    m_isPaused = isPaused;
}

bool ExecutionQueue::stopAfter(const std::string &id)
{
    const bool isThere =
        id.empty() || (m_running && m_running->id == id) || find(id) != m_waiting.end();
    if (isThere) {
        m_isChanged = m_isChanged || id != m_stopAfter;
        m_stopAfter = id;
    }
    return isThere;
}

std::vector<Execution> ExecutionQueue::takeWaiting()
{
    std::vector<Execution> taken(std::make_move_iterator(m_waiting.begin()),
                                 std::make_move_iterator(m_waiting.end()));
    m_isChanged = m_isChanged || !taken.empty();
    m_waiting.clear();
    m_bytes = 0;
    return taken;
}

void ExecutionQueue::reset()
{
    m_isChanged = m_isChanged || m_isPaused || !m_stopAfter.empty();
    m_isPaused = false;
    m_stopAfter.clear();
}

bool ExecutionQueue::takeChanged()
{
    return std::exchange(m_isChanged, false);
}

json ExecutionQueue::toJson() const
{
    json items = json::array();
    if (m_running && !m_running->isSilent) {
        items.push_back(itemJson(*m_running, 0));
    }
    int position = 0;
    for (const Execution &execution : m_waiting) {
        if (!execution.isSilent) {
            items.push_back(itemJson(execution, ++position));
        }
    }
    return {{"paused", m_isPaused},
            {"stop_after", m_stopAfter.empty() ? json() : json(m_stopAfter)},
            {"items", std::move(items)}};
}

} // namespace farcell
