#pragma once

#include "core/api/gpus.h"
#include "core/api/runtimetype.h"
#include "core/api/usage.h"
#include "core/client/httpcaller.h"
#include "core/client/kernelreports.h"
#include "core/client/runtimeclient.h"

#include <QFuture>
#include <QObject>

#include <functional>
#include <vector>

namespace farcell {

// What a kernel was given of its machine.
struct KernelGrant
{
    api::KernelResources resources;
    QString limitsRefused; // why its limits do not hold, one sentence; empty if they do
};

// What a Farcell runtime can do with its kernels beyond Jupyter's API: their list with figures, the
// execution queue, the steps of interrupting, the report of a death. Every call ends exactly once;
// ErrorCode::NotFound on a server that is not Farcell. Lives on the thread that created it.
class KernelControl : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelControl)

public:
    explicit KernelControl(const Endpoint &endpoint, QObject *parent = nullptr);

    enum class InterruptStep
    {
        Interrupt, // SIGINT, or the kernel's own message
        Group,     // SIGINT to its process group
        Terminate, // SIGTERM
        Kill       // SIGKILL
    };

    QFuture<Result<QList<KernelSummary>>> kernels();
    QFuture<Result<KernelProcess>> process(const KernelId &kernel);
    QFuture<Result<KernelDeath>> death(const KernelId &kernel); // of the last one
    // Of its latest executions, oldest first.
    QFuture<Result<std::vector<api::CellUsage>>> usages(const KernelId &kernel);
    QFuture<Result<>> interrupt(const KernelId &kernel, InterruptStep step);
    QFuture<Result<api::GpuReport>> gpus(); // of the machine, with who holds their memory

    QFuture<Result<api::RuntimeOffer>> runtime(); // what the machine has to give to kernels
    QFuture<Result<KernelGrant>> grant(const KernelId &kernel);
    // As RuntimeClient's, for a kernel that may have only this much of the machine.
    QFuture<Result<RemoteSession>> startSession(const QString &path, const QString &name,
                                                const QString &kernelName,
                                                const api::KernelResources &resources);

    QFuture<Result<KernelQueue>> queue(const KernelId &kernel);
    QFuture<Result<>> cancel(const KernelId &kernel, const MsgId &item);
    QFuture<Result<>> reorder(const KernelId &kernel, const QList<MsgId> &items);
    QFuture<Result<>> setPaused(const KernelId &kernel, bool paused);
    QFuture<Result<>> stopAfter(const KernelId &kernel, const MsgId &item); // empty: never mind

private:
    template <typename T>
    QFuture<Result<T>> get(const QString &path,
                           std::function<Result<T>(const nlohmann::json &)> read);
    QFuture<Result<>> tell(const QByteArray &verb, const QString &path, const nlohmann::json &body);

    HttpCaller m_http;
};

} // namespace farcell
