#include "backend/kernels/kernelserviceparts.h"
#include "backend/kernels/kernelstart.h"

#include <QDir>
#include <QFileInfo>
#include <QtConcurrentRun>
#include <QUuid>

#include <chrono>
#include <csignal>
#include <utility>

#include <sys/wait.h>

namespace farcell {

using namespace std::chrono_literals;

namespace {

constexpr auto warmDelay = 300ms; // not while somebody's kernel is starting
constexpr auto handOverAtMost = 3s;

} // namespace

// --- start

void KernelService::Private::begin(const KernelStart &request, const Result<KernelSpec> &spec,
                                   const Promise<KernelModel> &promise)
{
    const auto refuse = [&](ErrorCode code, const QString &message) {
        resolve<KernelModel>(promise, fail(code, message));
    };
    if (!spec) {
        resolve<KernelModel>(promise, tl::unexpected(spec.error()));
    } else if (!QFileInfo(request.workingDirectory).isDir()) {
        refuse(ErrorCode::InvalidData,
               KernelService::tr("The folder %1 is not there").arg(request.workingDirectory));
    } else if (request.id && !isKernelId(*request.id)) {
        refuse(ErrorCode::InvalidData, KernelService::tr("This is not a kernel id"));
    } else if (request.id && QFileInfo::exists(bundleOf(*request.id))) {
        refuse(ErrorCode::Exists, KernelService::tr("There is a kernel with this id already"));
    } else if (auto kept = takeWarm(*spec, request)) {
        handOver(std::move(kept), *spec, request, promise);
    } else {
        startCold(*spec, request, promise);
    }
}

Result<std::unique_ptr<KernelHandle>>
KernelService::Private::launch(const KernelSpec &spec, const KernelStart &request, bool isWarm)
{
    const KernelId id =
        request.id.value_or(KernelId(QUuid::createUuid().toString(QUuid::WithoutBraces)));
    const QString bundle = bundleOf(id);
    StartDescription description = describeStart(spec, request, id);
    description.endWithOwner = isWarm;
    description.endWithServer = options.endWithServer;
    description.startedAt = QDateTime::currentSecsSinceEpoch();
    description.retainedBytes = options.retainedBytes;
    description.ownView = options.ownView;
    description.nvidiaSmi = options.nvidiaSmi.toStdString();
    if (const Result<> made = makeBundle(bundle, description); !made) {
        return tl::unexpected(made.error());
    }
    const Result<pid_t> keeper = spawnKeeper(options.keeperProgram, bundle);
    if (!keeper) {
        QDir(bundle).removeRecursively();
        return tl::unexpected(keeper.error());
    }
    auto handle = std::make_unique<KernelHandle>(
        KernelHandle::Identity{id, spec.name, spec.language, request.workingDirectory, spec.json,
                               QDateTime::currentDateTimeUtc(), request.resources},
        bundle, *keeper);
    if (const Result<> opened = handle->link().open(bundle); !opened) {
        kill(*keeper, SIGKILL); // its kernel, if there is one already, goes with it
        waitpid(*keeper, nullptr, 0);
        QDir(bundle).removeRecursively();
        return tl::unexpected(opened.error());
    }
    return handle;
}

void KernelService::Private::add(std::unique_ptr<KernelHandle> handle)
{
    KernelHandle &kernel = *handle;
    kernels.insert_or_assign(kernel.identity().id, std::move(handle));
    QObject::connect(&kernel, &KernelHandle::active, q, &KernelService::activity);
    QObject::connect(&kernel, &KernelHandle::active, &tidy, qOverload<>(&QTimer::start));
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
    if (it == warm.end() || !it->second || request.id || !request.environment.isEmpty() ||
        !request.resources.isDefault()) {
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
    handle->identity().started = QDateTime::currentDateTimeUtc();
    const KernelId id = handle->identity().id;
    KernelHandle &kernel = *handle;
    add(std::move(handle));
    // Called once: by the answer, or when there is none.
    const auto isSettled = std::make_shared<bool>(false);
    const auto done = [this, id, spec, request, promise, isSettled](const Result<> &adopted) {
        if (std::exchange(*isSettled, true)) {
            return;
        }
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
    QTimer::singleShot(handOverAtMost, &kernel, [done] {
        done(fail(ErrorCode::Timeout, KernelService::tr("it does not answer")));
    });
    kernel.link().command({{"command", "adopt"},
                           {"working_directory", request.workingDirectory.toStdString()},
                           {"session_name", request.sessionName.toStdString()}},
                          [done](const Result<nlohmann::json> &answer) {
                              done(answer ? Result<>() : tl::unexpected(answer.error()));
                          });
}

void KernelService::Private::warmUp(const QString &specName, const QString &directory)
{
    if (!options.prewarm || warm.contains(specName)) {
        return;
    }
    warm.emplace(specName, nullptr);
    QTimer::singleShot(warmDelay, q, [this, specName, directory] {
        QtConcurrent::run(options.findSpec, specName)
            .then(q, [this, specName, directory](const Result<KernelSpec> &spec) {
                const auto it = warm.find(specName);
                if (it == warm.end() || it->second) {
                    return;
                }
                if (spec) {
                    startWarm(*spec, directory);
                } else {
                    qCWarning(lcKernels) << "no kernel kept ready:" << spec.error().message;
                    warm.erase(it);
                }
            });
    });
}

void KernelService::Private::startWarm(const KernelSpec &spec, const QString &directory)
{
    KernelStart request;
    request.workingDirectory = directory;
    auto handle = launch(spec, request, true);
    if (!handle) {
        qCWarning(lcKernels) << "no kernel kept ready:" << handle.error().message;
        warm.erase(spec.name);
        return;
    }
    KernelHandle &kernel = **handle;
    warm[spec.name] = *std::move(handle);
    QObject::connect(&kernel.keeper(), &ProcessWatch::ended, q, [this, name = spec.name, &kernel] {
        const auto ended = warm.find(name);
        if (ended != warm.end() && ended->second.get() == &kernel) {
            auto gone = std::move(ended->second);
            warm.erase(ended);
            QDir(gone->bundle()).removeRecursively();
            gone.release()->deleteLater();
        }
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
    kernel->link().command({{"command", "shutdown"}}, [](const Result<nlohmann::json> &) {});
}

} // namespace farcell
