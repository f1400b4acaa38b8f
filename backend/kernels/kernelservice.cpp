#include "backend/kernels/kernelservice.h"

#include "backend/keeper/programpages.h"
#include "backend/kernels/kernelserviceparts.h"

#include <QDir>
#include <QFileInfo>
#include <QtConcurrentRun>

#include <chrono>
#include <utility>

#include <malloc.h>

namespace farcell {

using namespace std::chrono_literals;

Q_LOGGING_CATEGORY(lcKernels, "farcell.kernels")

namespace {

constexpr auto endAtMost = 6s; // then keeper and kernel are killed
constexpr auto restartAtMost = 60s;
constexpr auto tidyAfter = 3s;

} // namespace

KernelHandle *KernelService::Private::find(const KernelId &id) const
{
    const auto it = kernels.find(id);
    return it == kernels.end() ? nullptr : it->second.get();
}

QString KernelService::Private::bundleOf(const KernelId &id) const
{
    return kernelsDirectory() + u'/' + id.toString();
}

QString KernelService::Private::kernelsDirectory() const
{
    return options.stateDirectory + QStringLiteral("/kernels");
}

// --- service

KernelService::KernelService(std::unique_ptr<Private> privateData)
    : d(std::move(privateData))
{
    d->q = this;
    d->tidy.setSingleShot(true);
    d->tidy.setInterval(tidyAfter);
    connect(&d->tidy, &QTimer::timeout, this, [] {
        malloc_trim(0);
        forgetProgramPages();
    });
    d->tidy.start();
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
    const QString directory = options.stateDirectory + QStringLiteral("/kernels");
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
    // Kernelspecs are looked for on the disk, which may be slow.
    QtConcurrent::run([name = request.name, findSpec = d->options.findSpec] {
        return findSpec(name.isEmpty() ? defaultKernelName(findKernelSpecs()) : name);
    }).then(this, [this, request, promise](const Result<KernelSpec> &spec) {
        d->begin(request, spec, promise);
    });
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
    kernel->link().command({{"command", "shutdown"}}, [kernel](const Result<nlohmann::json> &done) {
        if (!done) {
            killLeftovers(kernel->bundle());
        }
    });
    return promise->future();
}

QFuture<Result<>> KernelService::interrupt(const KernelId &id)
{
    return ask(id, {}, {{"command", "interrupt"}}).then([](const Result<nlohmann::json> &done) {
        return done ? Result<>() : Result<>(tl::unexpected(done.error()));
    });
}

QFuture<Result<nlohmann::json>> KernelService::ask(const KernelId &id, std::string_view feature,
                                                   nlohmann::json command)
{
    const auto promise = newPromise<nlohmann::json>();
    KernelHandle *kernel = d->find(id);
    if (kernel == nullptr) {
        resolve<nlohmann::json>(promise, fail(ErrorCode::NotFound, tr("There is no such kernel")));
    } else if (!feature.empty() && !kernel->link().can(feature)) {
        resolve<nlohmann::json>(
            promise, fail(ErrorCode::Cancelled,
                          tr("The kernel was started by an older server: restart the kernel's "
                             "session to use this")));
    } else {
        kernel->link().command(std::move(command), [promise](const Result<nlohmann::json> &done) {
            resolve<nlohmann::json>(promise, done);
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
    kernel->link().command({{"command", "restart"}}, [this, id,
                                                      promise](const Result<nlohmann::json> &done) {
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
