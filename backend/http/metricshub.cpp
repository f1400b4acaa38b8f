#include "backend/http/metricshub.h"

#include "backend/http/backlog.h"
#include "backend/http/kernelgpus.h"
#include "backend/http/services.h"
#include "backend/keeper/processtree.h"
#include "backend/keeper/protocol.h"
#include "backend/kernels/kernelservice.h"
#include "core/base/onfinished.h"

#include <QDateTime>
#include <QWebSocket>

#include <chrono>
#include <utility>

namespace farcell::http {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto idleInterval = 1000ms;
constexpr auto busyInterval = 100ms;
constexpr double keptInterval = 0.95;            // s; ten samples a second are shown, but not kept
constexpr qint64 maxUnsent = 32LL * 1024 * 1024; // a day of history of eight GPUs is 14 MB

QString textOf(const json &value)
{
    return QString::fromStdString(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

// What a keeper's account needs of the GPUs.
json sampleOf(const api::GpuReport &gpus)
{
    json sample = json::array();
    const json all = api::toJson(gpus);
    for (const json &gpu : all["gpus"]) {
        json &one = sample.emplace_back(json::object());
        for (const char *key :
             {"index", "name", "memory", "utilization", "power", "energy", "xid", "processes"})
            one[key] = gpu[key];
    }
    return sample;
}

} // namespace

MetricsHub::MetricsHub(Services &services, const QString &root, const QString &historyFile)
    : m_services(services)
    , m_machine(root)
    , m_history(historyFile)
{
    connect(&m_timer, &QTimer::timeout, this, &MetricsHub::take);
    connect(&services.kernels, &KernelService::activity, this, &MetricsHub::wake);
    m_timer.start(idleInterval);
    QTimer::singleShot(0, this, &MetricsHub::take); // a kernel of before may run a cell
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

QSet<KernelId> MetricsHub::busyKernels() const
{
    QSet<KernelId> busy;
    for (const KernelModel &kernel : m_services.kernels.kernels()) {
        if (kernel.executionState == QStringLiteral("busy"))
            busy.insert(kernel.id);
    }
    return busy;
}

// A cell begins: the first sample is taken at once, since most cells are short.
void MetricsHub::wake()
{
    if (isWatched() && m_timer.intervalAsDuration() == idleInterval && !busyKernels().isEmpty())
        take();
}

void MetricsHub::take()
{
    const QSet<KernelId> busy = busyKernels();
    m_toTell.unite(busy);
    const auto interval = isWatched() && !busy.isEmpty() ? busyInterval : idleInterval;
    if (m_timer.intervalAsDuration() != interval)
        m_timer.setInterval(interval);
    if (std::exchange(m_isLooking, true))
        return; // the driver takes its time
    onFinished(lookAtGpus(m_services, interval / 2), this, [this](const api::GpuReport &gpus) {
        m_isLooking = false;
        took(gpus);
    });
}

// Old values, of a driver that does not answer, are no sample.
void MetricsHub::tellKeepers(const api::GpuReport &gpus)
{
    const QSet<KernelId> toTell = std::exchange(m_toTell, {});
    m_hasGpus = !gpus.gpus.empty();
    if (toTell.isEmpty() || !m_hasGpus || !gpus.reason.isEmpty())
        return;
    QSet<QString> on;
    for (const api::GpuDevice &gpu : gpus.gpus) {
        for (const api::GpuProcess &process :
             gpu.processes.value_or(std::vector<api::GpuProcess>()))
            on.insert(process.kernelId);
    }
    const double now = double(QDateTime::currentMSecsSinceEpoch()) / 1000;
    json sample;
    const QHash<KernelId, Told> before = std::exchange(m_told, {});
    for (const KernelId &kernel : toTell) {
        const bool isOn = on.contains(kernel.toString());
        // Who is on no GPU has nothing to count: once a second, in case memory runs out.
        const auto last = before.find(kernel);
        if (last != before.end() && !isOn && !last->isOn && now - last->at < keptInterval) {
            m_told.insert(kernel, *last);
            continue;
        }
        m_told.insert(kernel, {now, isOn});
        if (sample.is_null())
            sample = sampleOf(gpus);
        (void)m_services.kernels.ask(kernel, keeperprotocol::usageFeature,
                                     {{"command", "gpu_sample"}, {"gpus", sample}});
    }
}

void MetricsHub::took(const api::GpuReport &gpus)
{
    tellKeepers(gpus);
    api::MetricsSample sample;
    sample.time = double(QDateTime::currentMSecsSinceEpoch()) / 1000;
    const bool isKept = sample.time - m_keptAt >= keptInterval || sample.time < m_keptAt;
    if (!isKept && m_subscribers.isEmpty())
        return;
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
    if (isKept) {
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
