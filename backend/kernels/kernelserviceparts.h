#pragma once

#include "backend/kernels/kernelhandle.h"
#include "backend/kernels/kernelservice.h"
#include "core/jupyter/kernelspec.h"

#include <QFuture>
#include <QLoggingCategory>
#include <QPromise>
#include <QTimer>

#include <map>
#include <memory>
#include <utility>

// What the parts of KernelService share. In kernelservice.cpp: what it offers; kernellaunch.cpp:
// starting kernels and keeping some ready; kernelkeepers.cpp: their end, and finding them again.
namespace farcell {

Q_DECLARE_LOGGING_CATEGORY(lcKernels)

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

class KernelService::Private
{
public:
    Options options;
    KernelService *q = nullptr;
    std::map<KernelId, std::unique_ptr<KernelHandle>> kernels;
    // By kernelspec; without a kernel: one is about to be started.
    std::map<QString, std::unique_ptr<KernelHandle>> warm;
    QTimer tidy; // gives memory back when nothing has happened for a while

    KernelHandle *find(const KernelId &id) const;
    [[nodiscard]] QString bundleOf(const KernelId &id) const;
    [[nodiscard]] QString kernelsDirectory() const;
    Result<std::unique_ptr<KernelHandle>> launch(const KernelSpec &spec, const KernelStart &request,
                                                 bool isWarm);
    void add(std::unique_ptr<KernelHandle> handle);
    void startCold(const KernelSpec &spec, const KernelStart &request,
                   const Promise<KernelModel> &promise);
    std::unique_ptr<KernelHandle> takeWarm(const KernelSpec &spec, const KernelStart &request);
    void handOver(std::unique_ptr<KernelHandle> handle, const KernelSpec &spec,
                  const KernelStart &request, const Promise<KernelModel> &promise);
    void begin(const KernelStart &request, const Result<KernelSpec> &spec,
               const Promise<KernelModel> &promise);
    void warmUp(const QString &specName, const QString &directory);
    void startWarm(const KernelSpec &spec, const QString &directory);
    void discard(std::unique_ptr<KernelHandle> handle);
    void remove(const KernelId &id, const QString &reason);
    void keeperLost(KernelHandle &handle);
    void readopt();
    void readoptBundle(const QString &bundle, const QString &name);
};

} // namespace farcell
