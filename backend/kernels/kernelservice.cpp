#include "backend/kernels/kernelservice.h"

#include "backend/kernels/kernelhandle.h"
#include "backend/kernels/kernelstart.h"
#include "core/jupyter/kernelspec.h"

#include <QDir>
#include <QFileInfo>
#include <QLoggingCategory>
#include <QPromise>
#include <QTimer>
#include <QUuid>

#include <chrono>
#include <map>
#include <utility>

namespace farcell {

using namespace std::chrono_literals;

Q_LOGGING_CATEGORY(lcKernels, "farcell.kernels")

namespace {

constexpr auto endAtMost = 6s; // then keeper and kernel are killed
constexpr auto restartAtMost = 60s;
constexpr auto warmDelay = 300ms; // not while somebody's kernel is starting
constexpr int greetingMs = 5000;  // a keeper that swaps is slow, not dead

template <typename T>
using Promise = std::shared_ptr<QPromise<Result<T>>>;

template <typename T>
Promise<T> newPromise()
{
    auto promise = std::make_shared<QPromise<Result<T>>>();
    promise->start();
    return promise;
}

// Does nothing the second time: a time-out and an answer may both come.
template <typename T>
void resolve(const Promise<T> &promise, Result<T> result)
{
    if (promise->future().resultCount() == 0) {
        promise->addResult(std::move(result));
        promise->finish();
    }
}

QString kernelsDirectory(const QString &state)
{
    return state + QStringLiteral("/kernels");
}

} // namespace

class KernelService::Private
{
public:
    Options options;
    KernelService *q = nullptr;
    std::map<KernelId, std::unique_ptr<KernelHandle>> kernels;
    std::map<QString, std::unique_ptr<KernelHandle>> warm; // by kernelspec

    KernelHandle *find(const KernelId &id) const;
    [[nodiscard]] QString bundleOf(const KernelId &id) const;
    Result<std::unique_ptr<KernelHandle>> launch(const KernelSpec &spec, const KernelStart &request,
                                                 bool isWarm);
    void add(std::unique_ptr<KernelHandle> handle);
    void startCold(const KernelSpec &spec, const KernelStart &request,
                   const Promise<KernelModel> &promise);
    std::unique_ptr<KernelHandle> takeWarm(const KernelSpec &spec, const KernelStart &request);
    void handOver(std::unique_ptr<KernelHandle> handle, const KernelSpec &spec,
                  const KernelStart &request, const Promise<KernelModel> &promise);
    void warmUp(const QString &specName, const QString &directory);
    void discard(std::unique_ptr<KernelHandle> handle);
    void remove(const KernelId &id, const QString &reason);
    void keeperLost(KernelHandle &handle);
    void readopt();
    void readoptBundle(const QString &bundle, const QString &name);
};

KernelHandle *KernelService::Private::find(const KernelId &id) const
{
    const auto it = kernels.find(id);
    return it == kernels.end() ? nullptr : it->second.get();
}

QString KernelService::Private::bundleOf(const KernelId &id) const
{
    return kernelsDirectory(options.stateDirectory) + u'/' + id.toString();
}

// --- start

Result<std::unique_ptr<KernelHandle>>
KernelService::Private::launch(const KernelSpec &spec, const KernelStart &request, bool isWarm)
{
    const KernelId id =
        request.id.value_or(KernelId(QUuid::createUuid().toString(QUuid::WithoutBraces)));
    const QString bundle = bundleOf(id);
    StartDescription description = describeStart(spec, request, id);
    description.endWithOwner = isWarm;
    description.retainedBytes = options.retainedBytes;
    if (const Result<> made = makeBundle(bundle, description); !made) {
        return tl::unexpected(made.error());
    }
    const Result<pid_t> keeper = spawnKeeper(options.keeperProgram, bundle);
    if (!keeper) {
        QDir(bundle).removeRecursively();
        return tl::unexpected(keeper.error());
    }
    auto handle = std::make_unique<KernelHandle>(
        KernelHandle::Identity{id, spec.name, spec.language, request.workingDirectory, spec.json},
        bundle, *keeper);
    if (const Result<> opened = handle->link().open(bundle); !opened) {
        killLeftovers(bundle);
        return tl::unexpected(opened.error());
    }
    return handle;
}

void KernelService::Private::add(std::unique_ptr<KernelHandle> handle)
{
    KernelHandle &kernel = *handle;
    kernels.insert_or_assign(kernel.identity().id, std::move(handle));
    QObject::connect(&kernel, &KernelHandle::active, q, &KernelService::activity);
    QObject::connect(&kernel.keeper(), &ProcessWatch::ended, &kernel,
                     [this, &kernel] { keeperLost(kernel); });
    emit q->kernelStarted(kernel.identity().id);
}

void KernelService::Private::startCold(const KernelSpec &spec, const KernelStart &request,
                                       const Promise<KernelModel> &promise)
{
    auto launched = launch(spec, request, false);
    if (!launched) {
        resolve<KernelModel>(promise, tl::unexpected(launched.error()));
        return;
    }
    KernelHandle &kernel = **launched;
    add(*std::move(launched));
    const KernelId id = kernel.identity().id;
    // Told once the process runs, not once it answers: clients connect meanwhile.
    const auto whenKnown = [this, id, promise, spec, directory = request.workingDirectory] {
        KernelHandle *handle = find(id);
        if (handle == nullptr || !handle->link().isGreeted()) {
            return;
        }
        if (handle->link().progress().state == keeperprotocol::KernelState::Dead &&
            promise->future().resultCount() == 0) {
            resolve<KernelModel>(promise, fail(ErrorCode::Unavailable, handle->reason()));
            static_cast<void>(q->shutdown(id));
            return;
        }
        resolve<KernelModel>(promise, handle->model());
        if (handle->isReady()) {
            warmUp(spec.name, directory);
        }
    };
    QObject::connect(&kernel.link(), &KeeperLink::progressed, &kernel, whenKnown);
    QObject::connect(&kernel.keeper(), &ProcessWatch::ended, &kernel, [promise] {
        resolve<KernelModel>(promise, fail(ErrorCode::Internal,
                                           KernelService::tr("The kernel's keeper ended at once")));
    });
}

// --- kernels kept ready

std::unique_ptr<KernelHandle> KernelService::Private::takeWarm(const KernelSpec &spec,
                                                               const KernelStart &request)
{
    const auto it = warm.find(spec.name);
    // An entry without a kernel: one is about to be started.
    if (it == warm.end() || !it->second || request.id || !request.environment.isEmpty()) {
        return nullptr;
    }
    const KernelHandle::Identity &identity = it->second->identity();
    // Python can be moved to another folder after its start, see KernelRunner::adopt.
    const bool fits = spec.language == QStringLiteral("python") ||
                      identity.workingDirectory == request.workingDirectory;
    if (!fits || !it->second->isReady()) {
        return nullptr;
    }
    auto handle = std::move(it->second);
    warm.erase(it);
    if (handle->identity().specJson != spec.json) {
        discard(std::move(handle));
        return nullptr;
    }
    return handle;
}

void KernelService::Private::handOver(std::unique_ptr<KernelHandle> handle, const KernelSpec &spec,
                                      const KernelStart &request,
                                      const Promise<KernelModel> &promise)
{
    handle->disconnect(q);
    handle->keeper().disconnect(q);
    handle->identity().workingDirectory = request.workingDirectory;
    const KernelId id = handle->identity().id;
    KernelHandle &kernel = *handle;
    add(std::move(handle));
    const auto done = [this, id, spec, request, promise](const Result<> &adopted) {
        KernelHandle *handle = find(id);
        if (adopted && handle != nullptr) {
            resolve<KernelModel>(promise, handle->model());
            warmUp(spec.name, request.workingDirectory);
            return;
        }
        qCWarning(lcKernels) << "a kernel kept ready was of no use:"
                             << (adopted ? QStringLiteral("it is gone") : adopted.error().message);
        if (handle != nullptr) {
            static_cast<void>(q->shutdown(id));
        }
        startCold(spec, request, promise);
    };
    kernel.link().command({{"command", "adopt"},
                           {"working_directory", request.workingDirectory.toStdString()},
                           {"session_name", request.sessionName.toStdString()}},
                          done);
}

void KernelService::Private::warmUp(const QString &specName, const QString &directory)
{
    if (!options.prewarm || warm.contains(specName)) {
        return;
    }
    warm.emplace(specName, nullptr);
    QTimer::singleShot(warmDelay, q, [this, specName, directory] {
        const auto it = warm.find(specName);
        if (it == warm.end() || it->second) {
            return;
        }
        const Result<KernelSpec> spec = findKernelSpec(specName);
        KernelStart request;
        request.workingDirectory = directory;
        auto handle = spec ? launch(*spec, request, true)
                           : Result<std::unique_ptr<KernelHandle>>(tl::unexpected(spec.error()));
        if (!handle) {
            qCWarning(lcKernels) << "no kernel kept ready:" << handle.error().message;
            warm.erase(it);
            return;
        }
        KernelHandle &kernel = **handle;
        it->second = *std::move(handle);
        QObject::connect(&kernel.keeper(), &ProcessWatch::ended, q, [this, specName, &kernel] {
            const auto ended = warm.find(specName);
            if (ended != warm.end() && ended->second.get() == &kernel) {
                auto gone = std::move(ended->second);
                warm.erase(ended);
                QDir(gone->bundle()).removeRecursively();
                gone.release()->deleteLater();
            }
        });
    });
}

// One that was kept ready and is not wanted: ends by itself once the connection is gone.
void KernelService::Private::discard(std::unique_ptr<KernelHandle> handle)
{
    KernelHandle *kernel = handle.release();
    kernel->disconnect(q);
    kernel->keeper().disconnect(q);
    QObject::connect(&kernel->keeper(), &ProcessWatch::ended, kernel, [kernel] {
        QDir(kernel->bundle()).removeRecursively();
        kernel->deleteLater();
    });
    kernel->link().command({{"command", "shutdown"}}, [](const Result<> &) {});
}

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
    const QDir directory(kernelsDirectory(options.stateDirectory));
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
                               {}},
        bundle, keeper);
    const Result<> opened = handle->link().open(bundle);
    if (!opened || !handle->link().waitForGreeting(greetingMs)) {
        qCWarning(lcKernels) << "a running kernel does not answer its socket:" << name;
        return;
    }
    add(std::move(handle));
}

// --- service

KernelService::KernelService(std::unique_ptr<Private> privateData)
    : d(std::move(privateData))
{
    d->q = this;
}

KernelService::~KernelService()
{
    // Kernels go on without us; those nobody asked for end when their connection does.
    for (auto &[name, handle] : d->warm) {
        if (handle) {
            handle->keeper().disconnect(this);
        }
    }
}

Result<std::unique_ptr<KernelService>> KernelService::create(Options options)
{
    const QString directory = kernelsDirectory(options.stateDirectory);
    if (!QDir().mkpath(directory) ||
        !QFile::setPermissions(directory, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner)) {
        return fail(ErrorCode::Unavailable, tr("The folder %1 cannot be made").arg(directory));
    }
    options.stateDirectory = QFileInfo(options.stateDirectory).absoluteFilePath();
    if (!QFileInfo(options.keeperProgram).isExecutable()) {
        return fail(ErrorCode::NotFound, tr("There is no program %1").arg(options.keeperProgram));
    }
    auto data = std::make_unique<Private>();
    data->options = std::move(options);
    std::unique_ptr<KernelService> service(new KernelService(std::move(data)));
    service->d->readopt();
    return service;
}

QList<KernelModel> KernelService::kernels() const
{
    QList<KernelModel> models;
    for (const auto &[id, kernel] : d->kernels) {
        models.append(kernel->model());
    }
    return models;
}

std::optional<KernelModel> KernelService::kernel(const KernelId &id) const
{
    const KernelHandle *handle = d->find(id);
    return handle == nullptr ? std::nullopt : std::optional(handle->model());
}

QFuture<Result<KernelModel>> KernelService::start(const KernelStart &request)
{
    const auto promise = newPromise<KernelModel>();
    const QString name =
        request.name.isEmpty() ? defaultKernelName(findKernelSpecs()) : request.name;
    const Result<KernelSpec> spec = findKernelSpec(name);
    if (!spec) {
        resolve<KernelModel>(promise, tl::unexpected(spec.error()));
    } else if (!QFileInfo(request.workingDirectory).isDir()) {
        resolve<KernelModel>(promise,
                             fail(ErrorCode::InvalidData,
                                  tr("The folder %1 is not there").arg(request.workingDirectory)));
    } else if (request.id && !isKernelId(*request.id)) {
        resolve<KernelModel>(promise, fail(ErrorCode::InvalidData, tr("This is not a kernel id")));
    } else if (request.id && QFileInfo::exists(d->bundleOf(*request.id))) {
        resolve<KernelModel>(promise,
                             fail(ErrorCode::Exists, tr("There is a kernel with this id already")));
    } else if (auto warm = d->takeWarm(*spec, request)) {
        d->handOver(std::move(warm), *spec, request, promise);
    } else {
        d->startCold(*spec, request, promise);
    }
    return promise->future();
}

QFuture<Result<>> KernelService::shutdown(const KernelId &id)
{
    const auto promise = newPromise<void>();
    KernelHandle *kernel = d->find(id);
    if (kernel == nullptr) {
        resolve<void>(promise, fail(ErrorCode::NotFound, tr("There is no such kernel")));
        return promise->future();
    }
    const auto finish = [this, id, promise] {
        d->remove(id, tr("The kernel was shut down"));
        resolve<void>(promise, {});
    };
    if (kernel->keeper().hasEnded()) {
        finish();
        return promise->future();
    }
    kernel->keeper().disconnect(kernel); // from here on its end is no surprise
    connect(&kernel->keeper(), &ProcessWatch::ended, this, finish, Qt::QueuedConnection);
    QTimer::singleShot(endAtMost, kernel, [kernel] { killLeftovers(kernel->bundle()); });
    kernel->link().command({{"command", "shutdown"}}, [kernel](const Result<> &done) {
        if (!done) {
            killLeftovers(kernel->bundle());
        }
    });
    return promise->future();
}

QFuture<Result<>> KernelService::interrupt(const KernelId &id)
{
    const auto promise = newPromise<void>();
    KernelHandle *kernel = d->find(id);
    if (kernel == nullptr) {
        resolve<void>(promise, fail(ErrorCode::NotFound, tr("There is no such kernel")));
    } else {
        kernel->link().command({{"command", "interrupt"}}, [promise](Result<> done) {
            resolve<void>(promise, std::move(done));
        });
    }
    return promise->future();
}

QFuture<Result<KernelModel>> KernelService::restart(const KernelId &id)
{
    const auto promise = newPromise<KernelModel>();
    KernelHandle *kernel = d->find(id);
    if (kernel == nullptr) {
        resolve<KernelModel>(promise, fail(ErrorCode::NotFound, tr("There is no such kernel")));
        return promise->future();
    }
    QTimer::singleShot(restartAtMost, kernel, [promise] {
        resolve<KernelModel>(promise, fail(ErrorCode::Timeout, tr("The kernel does not answer")));
    });
    kernel->link().command({{"command", "restart"}}, [this, id, promise](const Result<> &done) {
        const auto model = this->kernel(id);
        if (done && model) {
            resolve<KernelModel>(promise, *model);
        } else {
            resolve<KernelModel>(promise, done ? fail(ErrorCode::NotFound, tr("The kernel ended"))
                                               : tl::unexpected(done.error()));
        }
    });
    return promise->future();
}

QFuture<Result<KernelModel>> KernelService::waitReady(const KernelId &id)
{
    const auto promise = newPromise<KernelModel>();
    KernelHandle *kernel = d->find(id);
    if (kernel == nullptr) {
        resolve<KernelModel>(promise, fail(ErrorCode::NotFound, tr("There is no such kernel")));
        return promise->future();
    }
    const auto look = [promise, kernel] {
        if (kernel->isReady()) {
            resolve<KernelModel>(promise, kernel->model());
        } else if (kernel->model().executionState == QStringLiteral("dead") &&
                   !kernel->reason().isEmpty()) {
            resolve<KernelModel>(promise, fail(ErrorCode::Unavailable, kernel->reason()));
        }
    };
    connect(kernel, &KernelHandle::active, kernel, look);
    connect(&kernel->link(), &KeeperLink::stateChanged, kernel, look);
    look();
    return promise->future();
}

std::unique_ptr<KernelStream> KernelService::open(const KernelId &id, const QString &session,
                                                  const StreamOptions &options)
{
    KernelHandle *kernel = d->find(id);
    return kernel == nullptr ? nullptr : kernel->open(session, options);
}

int KernelService::connectionCount() const
{
    int count = 0;
    for (const auto &[id, kernel] : d->kernels) {
        count += kernel->model().connections;
    }
    return count;
}

} // namespace farcell
