#include "backend/keeper/cellledger.h"

#include "backend/keeper/executionqueue.h"
#include "backend/keeper/kernelrunnerparts.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::size_t mostEnded = 500;
// A cell that is over soon gets looks as well.
constexpr CellLedger::Clock::duration firstInterval = 10ms;
constexpr CellLedger::Clock::duration lastInterval = 100ms;
constexpr int leastRest = 100; // times as long as a look took: at most 1 % of a processor
constexpr auto freshSample = 2s;

// By this thread, of a processor.
CellLedger::Clock::duration spentHere()
{
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace

CellLedger::CellLedger(std::string kernel)
    : m_kernel(std::move(kernel))
{}

void CellLedger::begin(const Execution &execution, pid_t root)
{
    const auto now = Clock::now();
    m_running = Running{execution.id, execution.cell.empty() ? json() : json(execution.cell),
                        unixNow(), now, GpuUsage(m_kernel, now)};
    m_tree.begin(root);
    m_interval = firstInterval;
    m_lookAt = now + m_interval;
}

void CellLedger::lookNow()
{
    if (!m_running) {
        return;
    }
    const auto before = spentHere();
    m_tree.look();
    const auto cost = spentHere() - before;
    m_interval = std::max(std::min(2 * m_interval, lastInterval), leastRest * cost);
    m_lookAt = Clock::now() + m_interval;
}

void CellLedger::onTime()
{
    if (m_lookAt && *m_lookAt <= Clock::now()) {
        lookNow();
    }
}

std::optional<json> CellLedger::end(std::string_view status)
{
    m_lookAt.reset();
    if (!m_running) {
        return std::nullopt;
    }
    Running ended = *std::exchange(m_running, std::nullopt);
    const auto now = Clock::now();
    m_tree.end();
    ended.gpu.end(now);
    const bool wasSeen = m_tree.peakMemory() > 0;
    json content = {
        {"msg_id", std::move(ended.message)},
        {"cell_id", std::move(ended.cell)},
        {"status", status},
        {"started_at", ended.startedAt},
        {"seconds", std::chrono::duration<double>(now - ended.begun).count()},
        {"cpu_seconds", wasSeen ? json(m_tree.cpuSeconds()) : json()},
        {"peak_memory", wasSeen ? json(m_tree.peakMemory()) : json()},
        {"gpu", ended.gpu.toJson()},
        {"samples", ended.gpu.samples()},
    };
    m_ended.push_back(dumpJson(content));
    if (m_ended.size() > mostEnded) {
        m_ended.pop_front();
    }
    return content;
}

void CellLedger::forget()
{
    m_running.reset();
    m_lookAt.reset();
}

json CellLedger::toJson() const
{
    json cells = json::array();
    for (const std::string &text : m_ended) {
        cells.push_back(json::parse(text, nullptr, false));
    }
    return {{"cells", std::move(cells)}};
}

void CellLedger::addGpuSample(json gpus)
{
    m_gpus = std::move(gpus);
    m_gpusAt = Clock::now();
    if (m_running) {
        m_running->gpu.add(m_gpus, m_gpusAt);
    }
}

const json &CellLedger::gpus() const
{
    static const json nothing;
    return Clock::now() - m_gpusAt <= freshSample ? m_gpus : nothing;
}

} // namespace farcell
