#include "backend/kernels/kernelserviceparts.h"
#include "backend/kernels/kernelstart.h"

#include <QDir>

#include <utility>

namespace farcell {

namespace {

constexpr int greetingMs = 5000; // a keeper that swaps is slow, not dead

QDateTime startOf(const StartDescription &description)
{
    return QDateTime::fromSecsSinceEpoch(description.startedAt, Qt::UTC);
}

} // namespace

// --- end

void KernelService::Private::remove(const KernelId &id, const QString &reason)
{
    const auto it = kernels.find(id);
    if (it == kernels.end()) {
        return;
    }
    const std::unique_ptr<KernelHandle> handle = std::move(it->second);
    kernels.erase(it);
    killLeftovers(handle->bundle());
    handle->closeStreams(reason);
    QDir(handle->bundle()).removeRecursively();
    emit q->kernelEnded(id);
    emit q->activity();
}

// Not asked for: somebody killed the keeper. Its kernel went with it.
void KernelService::Private::keeperLost(KernelHandle &handle)
{
    killLeftovers(handle.bundle());
    handle.setGone(KernelService::tr("The kernel's keeper ended unexpectedly"));
    qCWarning(lcKernels) << "keeper of" << handle.identity().id.toString() << "ended";
}

// --- finding kernels again

void KernelService::Private::readopt()
{
    const QDir directory(kernelsDirectory());
    const QStringList names = directory.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        readoptBundle(directory.filePath(name), name);
    }
}

void KernelService::Private::readoptBundle(const QString &bundle, const QString &name)
{
    const std::string startFile = bundle.toStdString() + '/' + bundle::startFile;
    const auto description = StartDescription::read(startFile);
    const pid_t keeper = runningProcesses(bundle).keeper;
    if (keeper < 0 || (description && description->endWithOwner)) {
        killLeftovers(bundle);
        QDir(bundle).removeRecursively();
        return;
    }
    // From here on the keeper lives: what cannot be reached now is left for the next start.
    if (!description) {
        qCWarning(lcKernels) << "a running kernel's description cannot be read:" << name;
        return;
    }
    auto handle = std::make_unique<KernelHandle>(
        KernelHandle::Identity{KernelId(name),
                               QString::fromStdString(description->kernelName),
                               QString::fromStdString(description->language),
                               QString::fromStdString(description->workingDirectory),
                               {},
                               startOf(*description),
                               resourcesOf(*description)},
        bundle, keeper);
    const Result<> opened = handle->link().open(bundle);
    if (!opened || !handle->link().waitForGreeting(greetingMs)) {
        qCWarning(lcKernels) << "a running kernel does not answer its socket:" << name;
        return;
    }
    add(std::move(handle));
}

} // namespace farcell
