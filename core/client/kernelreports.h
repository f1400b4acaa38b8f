#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"

#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace farcell {

// What a Farcell runtime tells about its kernels beyond Jupyter's API (docs/protocol.md). Values;
// absent members are empty, -1 or nullopt. The same shapes come by REST and as iopub messages.

struct QueueItem
{
    MsgId message;
    QString cellId; // of the file, or empty: not a notebook's cell
    QString session;
    bool isRunning = false;
    int position = 0; // 0 runs, 1 is next
    QString code;     // its beginning
    QDateTime queuedAt, startedAt;
    double expectedSeconds = -1;
};

struct KernelQueue
{
    bool isPaused = false;
    MsgId stopAfter; // the queue stops when this one has ended
    QList<QueueItem> items;
};

struct KernelProcess
{
    enum class State
    {
        Unknown,
        Computing,
        Waiting,
        Stuck, // in the kernel of the system, not to be interrupted
        Idle
    };
    qint64 pid = 0;
    State state = State::Unknown;
    QString stuckOn; // the path it waits for
    qint64 residentBytes = -1;
    double cpuSeconds = -1;
    int processes = 0;
};

struct KernelDeath
{
    struct MemorySample
    {
        double time = 0; // Unix seconds
        qint64 bytes = 0;
    };
    qint64 pid = 0;
    std::optional<int> exitCode, signal;
    QString signalName; // "SIGKILL"
    QString cause;      // "exit", "signal", "oom", …
    QString sentence;   // for a person
    QStringList errorLines;
    QString faultHandler;
    QString xid;
    QList<MemorySample> memory;
    QDateTime time;
    bool wasRestarted = false;
};

struct KernelSummary
{
    KernelId id;
    QString name, path, notebook, state;
    qint64 residentBytes = -1, gpuBytes = -1;
    double idleSeconds = -1;
    int clients = -1, queued = -1;
    QDateTime startedAt;
};

[[nodiscard]] Result<KernelQueue> kernelQueueFrom(const nlohmann::json &json);
[[nodiscard]] Result<KernelProcess> kernelProcessFrom(const nlohmann::json &json);
[[nodiscard]] Result<KernelDeath> kernelDeathFrom(const nlohmann::json &json);
[[nodiscard]] Result<QList<KernelSummary>> kernelSummariesFrom(const nlohmann::json &json);

} // namespace farcell
