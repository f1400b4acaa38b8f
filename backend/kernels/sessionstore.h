#pragma once

#include "backend/kernels/kernelservice.h"

#include <QList>
#include <QObject>

#include <optional>

namespace farcell {

// What ties a file on the server to its kernel.
struct SessionModel
{
    SessionId id;
    QString path; // of the notebook, relative to the root; for a console any string
    QString name;
    QString type; // notebook, console, file
    KernelId kernel;
};

// The sessions of the REST API, kept in <state>/sessions.json so that a notebook finds its kernel
// again after a restart of farcelld. A session without its kernel is gone.
//
// Lives on the server's thread. Not here: starting kernels (KernelService), HTTP.
class SessionStore : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SessionStore)

public:
    // `kernels` must live longer and know all kernels already.
    SessionStore(KernelService &kernels, const QString &stateDirectory, QObject *parent = nullptr);

    [[nodiscard]] const QList<SessionModel> &sessions() const { return m_sessions; }
    [[nodiscard]] std::optional<SessionModel> session(const SessionId &id) const;
    // Jupyter has one session per path, whatever its type.
    [[nodiscard]] std::optional<SessionModel> findByPath(const QString &path) const;

    SessionModel add(const QString &path, const QString &name, const QString &type,
                     const KernelId &kernel);
    struct Change
    {
        std::optional<QString> path, name, type;
        std::optional<KernelId> kernel;
    };
    // NotFound: no such session. The former kernel is left alone.
    Result<SessionModel> change(const SessionId &id, const Change &change);
    Result<> remove(const SessionId &id); // its kernel is left alone
    // Removes it and ends its kernel unless another session has it too, as DELETE does.
    QFuture<Result<>> end(const SessionId &id);

signals:
    void changed();

private:
    void read();
    void write();
    void dropKernel(const KernelId &kernel);

    KernelService &m_kernels;
    QString m_file;
    QList<SessionModel> m_sessions;
};

} // namespace farcell
