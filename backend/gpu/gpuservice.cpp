#include "backend/gpu/gpuservice.h"

#include "backend/gpu/gpureader.h"

#include <QPromise>
#include <QTimer>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace farcell {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Promises = std::vector<QPromise<api::GpuReport>>;

constexpr auto patience = 2500ms;

void answer(Promises promises, const api::GpuReport &report)
{
    for (auto &promise : promises) {
        promise.addResult(report);
        promise.finish();
    }
}

} // namespace

struct GpuService::Shared
{
    explicit Shared(QString library)
        : reader(std::move(library))
    {}
    void work();

    GpuReader reader; // the thread's
    std::mutex mutex;
    std::condition_variable changed;
    Promises waiting;
    api::GpuReport latest;
    std::optional<Clock::time_point> lookedAt;
    std::optional<Clock::time_point> busySince;
    bool isEnding = false;
};

void GpuService::Shared::work()
{
    std::unique_lock lock(mutex);
    while (true) {
        changed.wait(lock, [&] { return isEnding || !waiting.empty(); });
        if (isEnding)
            return;
        busySince = Clock::now();
        lock.unlock();
        api::GpuReport report = reader.read();
        lock.lock();
        busySince.reset();
        lookedAt = Clock::now();
        latest = std::move(report);
        Promises promises = std::exchange(waiting, {});
        const api::GpuReport copy = latest;
        lock.unlock();
        answer(std::move(promises), copy);
        lock.lock();
    }
}

GpuService::GpuService(QString library, QObject *parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>(std::move(library)))
{}

GpuService::~GpuService()
{
    if (!m_thread.joinable())
        return;
    bool isStuck = false;
    {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->isEnding = true;
        m_shared->waiting.clear();
        isStuck = m_shared->busySince && Clock::now() - *m_shared->busySince > patience;
    }
    m_shared->changed.notify_all();
    if (isStuck)
        m_thread.detach();
    else
        m_thread.join();
}

QFuture<api::GpuReport> GpuService::look(std::chrono::milliseconds atMostOld)
{
    if (!m_thread.joinable()) // only once somebody asks: most servers' GPUs are never looked at
        m_thread = std::thread([shared = m_shared] { shared->work(); });
    const std::lock_guard lock(m_shared->mutex);
    if (m_shared->lookedAt && Clock::now() - *m_shared->lookedAt < atMostOld)
        return QtFuture::makeReadyFuture(m_shared->latest);
    QPromise<api::GpuReport> promise;
    promise.start();
    QFuture<api::GpuReport> future = promise.future();
    m_shared->waiting.push_back(std::move(promise));
    m_shared->changed.notify_all();
    QTimer::singleShot(patience, this, &GpuService::giveUp);
    return future;
}

void GpuService::giveUp()
{
    std::unique_lock lock(m_shared->mutex);
    if (m_shared->waiting.empty())
        return;
    const auto since = m_shared->busySince.value_or(Clock::now());
    if (const auto left = patience - (Clock::now() - since); left > 0ms) {
        // The thread came to it later than we were asked.
        QTimer::singleShot(std::chrono::ceil<std::chrono::milliseconds>(left), this,
                           &GpuService::giveUp);
        return;
    }
    Promises promises = std::exchange(m_shared->waiting, {});
    api::GpuReport report = m_shared->latest;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since);
    lock.unlock();
    report.reason = tr("the NVIDIA driver has not answered for %1 s").arg(seconds.count());
    answer(std::move(promises), report);
}

} // namespace farcell
