#pragma once

#include "core/api/runtimetype.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/jupyter/kernelspec.h"

#include <QDateTime>
#include <QFuture>
#include <QList>
#include <QMap>
#include <QObject>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace farcell {

// What the REST API tells about a kernel.
struct KernelModel
{
    KernelId id;
    QString name;             // kernelspec
    QDateTime lastActivity;   // UTC
    QString executionState;   // starting, idle, busy, restarting, dead, unknown
    int connections = 0;      // open WebSockets
    QString reason;           // why it died, one sentence; empty while it lives
    quint64 lastSequence = 0; // farcell_seq of its latest message
    QDateTime started;        // UTC
    qint64 pid = 0;           // of the kernel; 0 when it does not run
    int queued = 0;           // executions that wait
    QString problem;          // what does not work though it runs: no room for its output
    api::KernelResources resources;
    QString limitsRefused; // why its limits do not hold, one sentence; empty if they do
};

struct KernelStart
{
    QString name;             // empty: the default kernelspec
    QString workingDirectory; // absolute, must exist
    QString sessionName;      // JPY_SESSION_NAME: the notebook's path; may be empty
    QMap<QString, QString> environment;
    std::optional<KernelId> id; // ask for this id; ErrorCode::Exists if taken
    api::KernelResources resources;
};

// How a client wants its stream.
struct StreamOptions
{
    // First everything kept after this number (farcell_seq), also replies to other clients, then
    // what comes: no gap, nothing twice. What is not kept any more is told by farcell_gap.
    std::optional<quint64> since;
    // Also messages that have no number: farcell_live, farcell_queue.
    bool events = false;
};

// One client's two-way stream to one kernel. Messages are whole frames of
// v1.kernel.websocket.jupyter.org (core/jupyter/websocketframes.h), numbered and journalled before
// they get here. Owned by the caller; deleting it detaches.
class KernelStream : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    // Client -> kernel. `frame` must already have been decoded once (it is well formed).
    virtual void send(const QByteArray &frame) = 0;
    // Flow control: while paused nothing is delivered and memory stays bounded; the keeper's
    // journal holds what was missed, and resume() catches up without a gap.
    virtual void pause() = 0;
    virtual void resume() = 0;

signals:
    void framesReceived(const QList<QByteArray> &frames);
    void closed(const QString &reason); // the kernel is gone for good; no more frames
};

// Starts, watches and talks to kernels, each through its own farcell-keeper; re-adopts them after
// a restart of farcelld. Lives on the server's thread; nothing here blocks.
// Not here: HTTP (backend/http), the kernel process itself (backend/keeper).
class KernelService : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelService)

public:
    struct Options
    {
        QString stateDirectory; // bundles live in <state>/kernels/<id>, 0700
        QString keeperProgram;  // farcell-keeper
        bool ownView = true;    // kernels start in a namespace of their own where there is a reason
        QString nvidiaSmi = {}; // they see it there as /opt/bin/nvidia-smi; empty: none
        // Called on threads of the global pool.
        std::function<Result<KernelSpec>(const QString &name)> findSpec = findKernelSpec;
        bool prewarm = true;        // keep one kernel ready per used kernelspec
        bool endWithServer = false; // kernels end soon when the server is gone, also if it crashed
        quint64 retainedBytes = 4ULL * 1024 * 1024 * 1024; // of each kernel's journal
    };
    static Result<std::unique_ptr<KernelService>> create(Options options);
    ~KernelService() override;

    [[nodiscard]] QList<KernelModel> kernels() const;
    [[nodiscard]] std::optional<KernelModel> kernel(const KernelId &id) const;

    // NotFound: no such kernelspec (message names it).
    QFuture<Result<KernelModel>> start(const KernelStart &request);
    QFuture<Result<>> shutdown(const KernelId &id); // NotFound if unknown
    QFuture<Result<>> interrupt(const KernelId &id);
    // Something of the kernel's keeper that must be able to `feature` (backend/keeper/protocol.h);
    // the answer's form depends on the command. NotFound: no such kernel; Cancelled: the keeper
    // is an older one; Unavailable: it refuses, with the reason.
    QFuture<Result<nlohmann::json>> ask(const KernelId &id, std::string_view feature,
                                        nlohmann::json command);
    QFuture<Result<KernelModel>> restart(const KernelId &id); // after kernel_info answered, <= 60 s

    // `session` is the client's session_id: ZeroMQ identity and key of offline buffering
    // (jupyter.md 2.5). Null if the kernel is unknown.
    std::unique_ptr<KernelStream> open(const KernelId &id, const QString &session,
                                       const StreamOptions &options = {});

    // After the kernel has answered for the first time; Unavailable with the reason if it died.
    QFuture<Result<KernelModel>> waitReady(const KernelId &id);
    [[nodiscard]] int connectionCount() const; // open streams of all kernels

signals:
    void kernelStarted(const farcell::KernelId &id);
    void kernelEnded(const farcell::KernelId &id); // shut down, or dead for good
    void activity();                               // something happened: for /api/status

private:
    class Private;
    explicit KernelService(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace farcell
