#pragma once

#include "backend/runtimes/machine.h"
#include "backend/runtimes/metricshistory.h"
#include "core/api/metrics.h"
#include "core/base/ids.h"

#include <QHash>
#include <QObject>
#include <QSet>
#include <QTimer>

#include <memory>

class QWebSocket;

namespace farcell::http {

struct Services;

// Watches the machine, its GPUs and the kernels: once a second, ten times while a cell runs and
// there is a GPU or somebody looks. Keeps a history and pushes every sample to each subscriber as
// JSON; one that does not read is disconnected. Gives the keepers of kernels that run a cell what
// they need of the GPUs for its account. Lives on the server's thread and does nothing slow on it.
class MetricsHub : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MetricsHub)

public:
    // `root`: on the disk to be watched. `historyFile`: where the last 24 hours are kept.
    MetricsHub(Services &services, const QString &root, const QString &historyFile);
    ~MetricsHub() override;

    // First what was within the last `seconds`, as one message, then each sample as it is taken.
    void subscribe(std::unique_ptr<QWebSocket> socket, double seconds);

private:
    void take();
    void took(const api::GpuReport &gpus);
    void wake();
    void tellKeepers(const api::GpuReport &gpus);
    [[nodiscard]] QSet<KernelId> busyKernels() const;
    [[nodiscard]] bool isWatched() const { return m_hasGpus || !m_subscribers.isEmpty(); }

    Services &m_services;
    Machine m_machine;
    MetricsHistory m_history;
    QSet<QWebSocket *> m_subscribers;
    QTimer m_timer;
    double m_keptAt = 0;     // Unix, s
    QSet<KernelId> m_toTell; // have run a cell since the last sample
    struct Told
    {
        double at = 0; // Unix, s
        bool isOn = false;
    };
    QHash<KernelId, Told> m_told; // those that ran a cell at the last sample as well
    bool m_hasGpus = true;        // until a look tells
    bool m_isLooking = false;
};

} // namespace farcell::http
