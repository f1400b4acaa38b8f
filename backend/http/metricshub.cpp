#include "backend/http/metricshub.h"

#include "backend/http/backlog.h"
#include "backend/http/kernelgpus.h"
#include "backend/http/services.h"
#include "backend/keeper/processtree.h"
#include "backend/kernels/kernelservice.h"
#include "core/base/onfinished.h"

#include <QDateTime>
#include <QWebSocket>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell::http {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto idleInterval = 1000ms;
constexpr auto busyInterval = 100ms;
constexpr double keptInterval = 0.95; // s; ten samples a second are shown, but not kept
constexpr qint64 maxUnsent = 4LL * 1024 * 1024;

QString textOf(const json &value)
{
    return QString::fromStdString(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

} // namespace

MetricsHub::MetricsHub(Services &services, const QString &root, const QString &historyFile)
    : m_services(services)
    , m_machine(root)
    , m_history(historyFile)
{
    connect(&m_timer, &QTimer::timeout, this, &MetricsHub::take);
    m_timer.start(idleInterval);
}

MetricsHub::~MetricsHub()
{
    const QSet<QWebSocket *> subscribers = m_subscribers;
    for (QWebSocket *socket : subscribers)
        socket->disconnect(this);
}

void MetricsHub::subscribe(std::unique_ptr<QWebSocket> socket, double seconds)
{
    QWebSocket *raw = socket.release();
    raw->setParent(this);
    m_subscribers.insert(raw);
    connect(raw, &QWebSocket::disconnected, this, [this, raw] {
        m_subscribers.remove(raw);
        raw->deleteLater();
    });
    if (seconds > 0) {
        const double from = double(QDateTime::currentMSecsSinceEpoch()) / 1000 - seconds;
        raw->sendTextMessage(QString::fromUtf8(m_history.since(from)));
    }
}

bool MetricsHub::isAnyBusy() const
{
    const QList<KernelModel> kernels = m_services.kernels.kernels();
    return std::any_of(kernels.begin(), kernels.end(), [](const KernelModel &kernel) {
        return kernel.executionState == QStringLiteral("busy");
    });
}

void MetricsHub::take()
{
    const auto interval = !m_subscribers.isEmpty() && isAnyBusy() ? busyInterval : idleInterval;
    if (m_timer.intervalAsDuration() != interval)
        m_timer.setInterval(interval);
    if (std::exchange(m_isLooking, true))
        return; // the driver takes its time
    onFinished(lookAtGpus(m_services, interval / 2), this, [this](const api::GpuReport &gpus) {
        m_isLooking = false;
        took(gpus);
    });
}

void MetricsHub::took(const api::GpuReport &gpus)
{
    api::MetricsSample sample;
    sample.time = double(QDateTime::currentMSecsSinceEpoch()) / 1000;
    sample.machine = m_machine.look();
    sample.network = m_machine.network();
    for (const api::GpuDevice &gpu : gpus.gpus)
        sample.gpus.push_back(
            {gpu.index, gpu.memory, gpu.gpuUtilization, gpu.temperature, gpu.power});
    for (const KernelModel &kernel : m_services.kernels.kernels()) {
        api::KernelLoad load;
        load.id = kernel.id.toString();
        load.isBusy = kernel.executionState == QStringLiteral("busy");
        if (kernel.pid > 0)
            load.memory = qint64(residentBytes(pid_t(kernel.pid)));
        load.gpuMemory = gpuMemoryOf(gpus, load.id);
        sample.kernels.push_back(std::move(load));
    }
    if (sample.time - m_keptAt >= keptInterval || sample.time < m_keptAt) {
        m_keptAt = sample.time;
        m_history.add(sample);
    }
    if (m_subscribers.isEmpty())
        return;
    json message = api::toJson(sample);
    message["type"] = "sample";
    if (!gpus.reason.isEmpty())
        message["gpu_reason"] = gpus.reason.toStdString();
    const QString text = textOf(message);
    const QSet<QWebSocket *> subscribers = m_subscribers;
    for (QWebSocket *socket : subscribers) {
        if (unsentBytes(socket) > maxUnsent)
            socket->abort();
        else
            socket->sendTextMessage(text);
    }
}

} // namespace farcell::http
