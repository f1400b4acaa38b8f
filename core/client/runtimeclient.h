#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"

#include <QDateTime>
#include <QFuture>
#include <QList>
#include <QObject>
#include <QUrl>

#include <nlohmann/json_fwd.hpp>

#include <memory>

namespace farcell {

class KernelConnection;
struct ConnectOptions;

// Where a Jupyter server is and how to get in.
struct Endpoint
{
    QUrl url;      // http(s)://host:port/base/, without token and without /lab or /tree
    QString token; // never shown, logged or written to a notebook
    // SHA-256 of the certificate the server must show, in hex; empty: what this computer trusts.
    QByteArray fingerprint{};

    // "http://host:8888/lab?token=abc" as pasted by a person.
    static Result<Endpoint> fromUserInput(const QString &text, const QString &token = {});
};

struct ServerInfo
{
    bool isFarcell = false;
    QString name; // "Farcell 0.1.0", "Jupyter Server 1.23.3"
    QString version;
    QStringList features; // of GET /api/farcell
};

struct RemoteKernelSpec
{
    QString name, displayName, language;
};

struct RemoteKernelSpecs
{
    QString defaultName;
    QList<RemoteKernelSpec> specs;
};

struct RemoteKernel
{
    KernelId id;
    QString name, executionState;
    QDateTime lastActivity;
    int connections = 0;
};

struct RemoteSession
{
    SessionId id;
    QString path, name, type;
    RemoteKernel kernel;
};

struct ContentsEntry
{
    QString name, path;
    enum class Type
    {
        File,
        Directory,
        Notebook
    } type = Type::File;
    QDateTime lastModified;
    qint64 size = -1; // -1: unknown or a directory
    bool writable = true;
};

// Bytes; 0 total means unknown.
struct MachineResources
{
    qint64 memoryTotal = 0, memoryUsed = 0, diskTotal = 0, diskUsed = 0;
    int cpuCount = 0;
    double cpuPercent = 0;
};

// REST calls to one Jupyter server, ours or any other. Every call ends exactly once: with a value,
// or with one sentence a person can act on (refused, 401/403, not Jupyter, TLS, time-out).
// Lives on the thread that created it.
// Not here: the kernel's WebSocket (KernelConnection), the run queue (NotebookSession).
class RuntimeClient : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RuntimeClient)

public:
    explicit RuntimeClient(Endpoint endpoint, QObject *parent = nullptr);
    ~RuntimeClient() override; // ends what is pending with ErrorCode::Cancelled

    [[nodiscard]] const Endpoint &endpoint() const;

    QFuture<Result<ServerInfo>> probe(); // also checks the token
    QFuture<Result<RemoteKernelSpecs>> kernelSpecs();
    QFuture<Result<QList<RemoteKernel>>> kernels();
    QFuture<Result<QList<RemoteSession>>> sessions();
    // An existing session of this path is taken over. Empty kernel: the server's default.
    QFuture<Result<RemoteSession>> startSession(const QString &path, const QString &name,
                                                const QString &kernelName);
    QFuture<Result<RemoteSession>> attachSession(const QString &path, const QString &name,
                                                 const KernelId &kernel);
    QFuture<Result<>> renameSession(const SessionId &id, const QString &path, const QString &name);
    QFuture<Result<>> deleteSession(const SessionId &id);
    QFuture<Result<>> interruptKernel(const KernelId &id);
    QFuture<Result<>> restartKernel(const KernelId &id);
    QFuture<Result<>> shutdownKernel(const KernelId &id);

    QFuture<Result<QList<ContentsEntry>>> listDirectory(const QString &path);
    QFuture<Result<QByteArray>> readFile(const QString &path); // bytes as on disk, via /files/
    QFuture<Result<ContentsEntry>> writeFile(const QString &path, const QByteArray &bytes);
    QFuture<Result<ContentsEntry>> makeDirectory(const QString &path);
    QFuture<Result<ContentsEntry>> renameFile(const QString &from, const QString &to);
    QFuture<Result<>> deleteFile(const QString &path);

    QFuture<Result<MachineResources>> resources(); // NotFound on servers that are not Farcell

    // The caller owns the connection and deletes it before this client.
    KernelConnection *connectKernel(const KernelId &id, const QString &kernelName,
                                    const ConnectOptions &options);
    KernelConnection *connectKernel(const KernelId &id, const QString &kernelName);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace farcell
