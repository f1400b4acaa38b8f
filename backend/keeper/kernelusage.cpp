#include "backend/keeper/kernelrunner.h"
#include "backend/keeper/kernelrunnerparts.h"
#include "core/jupyter/jsonscan.h"

#include <utility>

// KernelRunner's part that tells what executions cost, and who filled a GPU.
namespace farcell {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto samplePatience = 3s; // a cell may fail before the first sample of it comes

} // namespace

void KernelRunner::publishUsage(std::string_view status, const std::string &parentHeader)
{
    if (const auto usage = m_ledger.end(status)) {
        m_recorder.tell("farcell_usage", dumpJson(*usage), parentHeader);
    }
}

void KernelRunner::addGpuSample(json gpus)
{
    if (!gpus.is_array()) {
        return;
    }
    m_ledger.addGpuSample(std::move(gpus));
    publishShortage();
}

void KernelRunner::noteShortage(std::string parentHeader)
{
    m_shortage = {std::move(parentHeader), Clock::now() + samplePatience};
    publishShortage();
}

void KernelRunner::publishShortage()
{
    if (!m_shortage || m_ledger.gpus().is_null()) {
        return;
    }
    const Shortage shortage = *std::exchange(m_shortage, std::nullopt);
    json content = describeGpuShortage(m_ledger.gpus(), m_description.kernelId);
    if (Clock::now() > shortage.until || content.is_null()) {
        return;
    }
    m_recorder.tell("farcell_gpu_memory", dumpJson(content), shortage.parentHeader);
}

} // namespace farcell
