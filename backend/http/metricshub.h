#pragma once

#include "backend/runtimes/machine.h"
#include "backend/runtimes/metricshistory.h"
#include "core/api/metrics.h"

#include <QObject>
#include <QSet>
#include <QTimer>

#include <memory>

class QWebSocket;

namespace farcell::http {

struct Services;

// Watches the machine, its GPUs and the kernels: once a second, ten times while a cell runs and
// somebody looks. Keeps a history and pushes every sample to each subscriber as JSON; one that
// does not read is disconnected. Lives on the server's thread and does nothing slow on it.
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
    [[nodiscard]] bool isAnyBusy() const;

    Services &m_services;
    Machine m_machine;
    MetricsHistory m_history;
    QSet<QWebSocket *> m_subscribers;
    QTimer m_timer;
    double m_keptAt = 0; // Unix, s
    bool m_isLooking = false;
};

} // namespace farcell::http
