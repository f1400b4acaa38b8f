#include "app/panels/resourcemonitor.h"

#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "core/base/jsonmembers.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/client/metricsstream.h"
#include "core/notebook/notebookdocument.h"

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds shortHistory = 1h;
constexpr auto tellInterval = 500ms;
constexpr auto pollInterval = 5s;
constexpr auto watchedInterval = 2s;
constexpr auto busyInterval = 10s;
constexpr double sameClock = 2; // s; less than that is the way of the message

double now()
{
    return double(QDateTime::currentMSecsSinceEpoch()) / 1000;
}

} // namespace

ResourceMonitor::ResourceMonitor(QObject *parent)
    : QObject(parent)
    , m_history(shortHistory)
{
    m_tell.setSingleShot(true);
    m_tell.setInterval(tellInterval);
    connect(&m_tell, &QTimer::timeout, this, &ResourceMonitor::sampled);
    m_poll.setInterval(pollInterval);
    connect(&m_poll, &QTimer::timeout, this, &ResourceMonitor::poll);
    connect(&m_devices, &QTimer::timeout, this, &ResourceMonitor::askDevices);
}

ResourceMonitor::~ResourceMonitor() = default;

NotebookView *ResourceMonitor::notebook() const
{
    return m_notebook;
}

KernelId ResourceMonitor::kernel() const
{
    const KernelConnection *connection = m_notebook ? m_notebook->kernel().connection() : nullptr;
    return connection ? connection->kernelId() : KernelId();
}

bool ResourceMonitor::isConnected() const
{
    return m_notebook && m_notebook->kernel().state() != KernelLink::State::Disconnected;
}

void ResourceMonitor::setNotebook(NotebookView *notebook)
{
    if (m_notebook) {
        disconnect(m_notebook, nullptr, this, nullptr);
        disconnect(&m_notebook->document(), nullptr, this, nullptr);
    }
    m_notebook = notebook;
    if (notebook) {
        connect(notebook, &NotebookView::statusChanged, this, &ResourceMonitor::follow);
        const NotebookDocument *document = &notebook->document();
        connect(document, &NotebookDocument::metadataChanged, this, &ResourceMonitor::readMetadata);
        connect(document, &NotebookDocument::contentReset, this, &ResourceMonitor::readMetadata);
    }
    readMetadata();
    follow();
}

void ResourceMonitor::readMetadata()
{
    m_asksForGpu = m_notebook && textAt(m_notebook->document().metadata().toJson(),
                                        "accelerator") == QLatin1String("GPU");
}

void ResourceMonitor::setWatched(bool watched)
{
    if (watched == m_isWatched)
        return;
    m_isWatched = watched;
    follow();
    updateDeviceTimer();
    if (watched)
        askDevices();
}

void ResourceMonitor::setHistory(std::chrono::seconds history)
{
    if (history <= m_history)
        return;
    m_history = history;
    if (m_stream)
        m_stream->open(m_history);
}

// To the server of the notebook in front, once somebody needs to know.
void ResourceMonitor::follow()
{
    Runtime *runtime = m_notebook ? m_notebook->kernel().runtime() : nullptr;
    const RuntimeClient *client = runtime ? runtime->client() : nullptr;
    if (runtime != m_runtime || (!client && m_stream)) {
        m_runtime = runtime;
        dropServer();
    }
    if (!client || !(isConnected() || m_isWatched))
        return;
    const Endpoint &endpoint = client->endpoint();
    if (endpoint.url != m_endpoint.url || endpoint.token != m_endpoint.token)
        useServer(endpoint);
}

void ResourceMonitor::dropServer()
{
    ++m_server;
    m_stream.reset();
    m_poll.stop();
    m_tell.stop();
    m_devices.stop();
    m_endpoint = {};
    m_latest.reset();
    m_log.clear();
    m_hasOffset = false;
    m_offset = 0;
    m_gpus = {};
    m_kernels.clear();
    m_warnings.forget();
    setState(State::None);
    emit sampled();
    emit devicesChanged();
}

void ResourceMonitor::useServer(const Endpoint &endpoint)
{
    dropServer();
    m_endpoint = endpoint;
    m_stream = std::make_unique<MetricsStream>(endpoint);
    connect(m_stream.get(), &MetricsStream::historyReceived, this, &ResourceMonitor::takeHistory);
    connect(m_stream.get(), &MetricsStream::sampleReceived, this, &ResourceMonitor::take);
    connect(m_stream.get(), &MetricsStream::lost, this, [this] { setState(State::Waiting); });
    connect(m_stream.get(), &MetricsStream::unsupported, this, [this] {
        poll();
        m_poll.start();
    });
    m_stream->open(m_history);
    setState(State::Waiting);
    updateDeviceTimer();
}

void ResourceMonitor::setState(State state)
{
    if (state == m_state)
        return;
    m_state = state;
    emit stateChanged();
    if (state == State::Live)
        askDevices();
}

void ResourceMonitor::takeHistory(const std::vector<api::MetricsSample> &samples, bool isMore)
{
    if (!isMore)
        m_log.clear();
    if (samples.empty())
        return;
    // The newest of them is of now, by the runtime's clock.
    if (!m_hasOffset) {
        const double offset = now() - samples.back().time;
        m_offset = std::abs(offset) > sameClock ? offset : 0;
        m_hasOffset = true;
    }
    for (const api::MetricsSample &sample : samples)
        m_log.add(sample, m_offset);
    emit sampled();
}

void ResourceMonitor::take(const api::MetricsSample &sample)
{
    if (!m_hasOffset) {
        const double offset = now() - sample.time;
        m_offset = std::abs(offset) > sameClock ? offset : 0;
        m_hasOffset = true;
    }
    const bool wasBusy = isAnyBusy();
    m_log.add(sample, m_offset);
    m_latest = sample;
    m_latest->time += m_offset;
    setState(State::Live);
    if (isAnyBusy() != wasBusy)
        updateDeviceTimer();
    warn(m_warnings.look(*m_latest, kernel().toString(), m_asksForGpu));
    if (!m_tell.isActive())
        m_tell.start();
}

// A Farcell of before the stream; any other server says that there is no such thing.
void ResourceMonitor::poll()
{
    RuntimeClient *client = m_runtime ? m_runtime->client() : nullptr;
    if (!client)
        return;
    onFinished(client->resources(), this,
               [this, server = m_server](const Result<MachineResources> &use) {
                   if (server != m_server)
                       return;
                   if (!use && use.error().code == ErrorCode::NotFound) {
                       m_poll.stop();
                       setState(State::Unsupported);
                   }
                   if (!use)
                       return;
                   api::MetricsSample sample;
                   sample.time = now();
                   sample.machine.memory = {use->memoryTotal, use->memoryUsed};
                   sample.machine.disk = {use->diskTotal, use->diskUsed};
                   sample.machine.cpuCount = use->cpuCount;
                   sample.machine.cpuPercent = use->cpuPercent;
                   take(sample);
               });
}

bool ResourceMonitor::isAnyBusy() const
{
    return m_latest && std::any_of(m_latest->kernels.begin(), m_latest->kernels.end(),
                                   [](const api::KernelLoad &load) { return load.isBusy; });
}

void ResourceMonitor::updateDeviceTimer()
{
    const bool isUseful = !m_endpoint.url.isEmpty() && (m_isWatched || isAnyBusy());
    if (!isUseful)
        m_devices.stop();
    else
        m_devices.start(m_isWatched ? watchedInterval : busyInterval);
}

void ResourceMonitor::askDevices()
{
    KernelControl *control = m_runtime ? m_runtime->control() : nullptr;
    if (!control || m_state != State::Live || m_poll.isActive())
        return; // a server that has to be asked for RAM knows of no GPUs
    onFinished(control->gpus(), this,
               [this, server = m_server](const Result<api::GpuReport> &report) {
                   if (server != m_server || !report)
                       return;
                   m_gpus = *report;
                   ++m_gpuLooks;
                   warn(m_warnings.look(m_gpus, isAnyBusy()));
                   emit devicesChanged();
               });
    if (!m_isWatched)
        return;
    onFinished(control->kernels(), this,
               [this, server = m_server](const Result<QList<KernelSummary>> &kernels) {
                   if (server != m_server || !kernels)
                       return;
                   m_kernels = *kernels;
                   emit devicesChanged();
               });
}

void ResourceMonitor::warn(const std::vector<ResourceWarning> &found)
{
    for (const ResourceWarning &warning : found) {
        if (m_notebook)
            emit warned(m_notebook, warning);
    }
}

} // namespace farcell
