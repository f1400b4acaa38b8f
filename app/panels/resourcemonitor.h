#pragma once

#include "app/notebook/runtimehub.h"
#include "app/panels/metricslog.h"
#include "app/panels/resourcewarnings.h"
#include "core/api/gpus.h"
#include "core/api/metrics.h"
#include "core/client/kernelreports.h"

#include <QObject>
#include <QPointer>
#include <QTimer>

#include <chrono>
#include <memory>
#include <optional>

namespace farcell {

class MetricsStream;
class NotebookView;

// What the machine behind the notebook in front does: as a stream from a Farcell runtime with its
// history, else by asking every few seconds, else not at all. Tool bar and resources panel show
// it. GUI thread; owned by the window.
class ResourceMonitor : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ResourceMonitor)

public:
    enum class State
    {
        None,    // the notebook has no runtime that is there
        Waiting, // nothing has come yet, or nothing comes any more
        Live,
        Unsupported // the server does not tell
    };

    explicit ResourceMonitor(QObject *parent = nullptr);
    ~ResourceMonitor() override;

    void setNotebook(NotebookView *notebook);
    // Somebody looks at GPUs and kernels: they are asked for often.
    void setWatched(bool watched);
    void setHistory(std::chrono::seconds history); // how far back the log is wanted

    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] NotebookView *notebook() const;
    [[nodiscard]] Runtime *runtime() const { return m_runtime; }
    [[nodiscard]] KernelId kernel() const; // of the notebook; may be empty
    // In this computer's time, like the log.
    [[nodiscard]] const std::optional<api::MetricsSample> &latest() const { return m_latest; }
    [[nodiscard]] const MetricsLog &log() const { return m_log; }
    [[nodiscard]] double clockOffset() const { return m_offset; } // ours less the runtime's, s
    [[nodiscard]] const api::GpuReport &gpus() const { return m_gpus; }
    [[nodiscard]] int gpuLooks() const { return m_gpuLooks; } // how often gpus() was told
    [[nodiscard]] const QList<KernelSummary> &kernels() const { return m_kernels; }

    void askDevices(); // now

signals:
    void stateChanged();
    void sampled(); // at most twice a second
    void devicesChanged();
    void warned(farcell::NotebookView *notebook, const farcell::ResourceWarning &warning);

private:
    void follow();
    void readMetadata();
    void useServer(const Endpoint &endpoint);
    void dropServer();
    void setState(State state);
    void takeHistory(const std::vector<api::MetricsSample> &samples, bool isMore);
    void take(const api::MetricsSample &sample);
    void poll();
    void updateDeviceTimer();
    void warn(const std::vector<ResourceWarning> &found);
    [[nodiscard]] bool isConnected() const;
    [[nodiscard]] bool isAnyBusy() const;

    QPointer<NotebookView> m_notebook;
    QPointer<Runtime> m_runtime;
    Endpoint m_endpoint; // of the server that is watched; no url: none
    State m_state = State::None;
    std::unique_ptr<MetricsStream> m_stream;
    std::chrono::seconds m_history;
    std::optional<api::MetricsSample> m_latest;
    MetricsLog m_log;
    double m_offset = 0;
    bool m_hasOffset = false;
    api::GpuReport m_gpus;
    int m_gpuLooks = 0;
    QList<KernelSummary> m_kernels;
    ResourceWarnings m_warnings;
    bool m_isWatched = false;
    bool m_asksForGpu = false; // the notebook's file does
    QTimer m_tell;             // samples come ten times a second
    QTimer m_poll;             // of servers without a stream
    QTimer m_devices;          // the next look at GPUs and kernels
    quint64 m_server = 0;      // answers of earlier ones are stale
};

} // namespace farcell
