#pragma once

#include "backend/keeper/gpuusage.h"
#include "backend/keeper/treeusage.h"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <sys/types.h>

namespace farcell {

struct Execution;

// What each execution costs: memory and processors of the kernel and all it started, looked at
// here while it runs; GPUs, from the samples that farcelld sends. The sums are kept here, so a
// farcelld that ends in the middle takes nothing along.
//
// Lives on the keeper's only thread. Not here: publishing.
class CellLedger
{
public:
    using Clock = std::chrono::steady_clock;

    explicit CellLedger(std::string kernel);

    void begin(const Execution &execution, pid_t root);
    void lookNow(); // something ends: its figures are about to go
    void onTime();
    [[nodiscard]] std::optional<Clock::time_point> nextTime() const { return m_lookAt; }
    // The content of farcell_usage; `status` is "ok", "error" or "aborted". Nothing if none ran.
    [[nodiscard]] std::optional<nlohmann::json> end(std::string_view status);
    void forget(); // it did not run after all
    // {"cells": […]}: the latest, oldest first.
    [[nodiscard]] nlohmann::json toJson() const;

    void addGpuSample(nlohmann::json gpus);
    // Of a GPU of the execution that runs.
    [[nodiscard]] std::optional<int> xid() const
    {
        return m_running ? m_running->gpu.xid() : std::nullopt;
    }
    // The newest sample, null if there is none of just now.
    [[nodiscard]] const nlohmann::json &gpus() const;

private:
    struct Running
    {
        nlohmann::json message, cell;
        double startedAt = 0; // Unix, s
        Clock::time_point begun;
        GpuUsage gpu;
    };

    std::string m_kernel;
    TreeUsage m_tree;
    std::optional<Running> m_running;
    std::optional<Clock::time_point> m_lookAt;
    Clock::duration m_interval{};
    nlohmann::json m_gpus;
    Clock::time_point m_gpusAt;
    std::deque<std::string> m_ended; // JSON texts, which take less room
};

} // namespace farcell
