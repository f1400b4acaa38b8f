#pragma once

#include "core/base/ids.h"

#include <QList>
#include <QObject>
#include <QString>

#include <optional>

namespace farcell::http {

// A Jupyter session: which kernel belongs to which path.
struct Session
{
    SessionId id;
    QString path;
    QString name;
    QString type;
    KernelId kernel;
};

// The sessions of this server. Written to a file at each change, since kernels outlive the server.
// Lives on the server's thread. Not here: kernels themselves.
class SessionStore : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SessionStore)

public:
    explicit SessionStore(QString file, QObject *parent = nullptr);
    ~SessionStore() override;

    [[nodiscard]] const QList<Session> &sessions() const { return m_sessions; }
    [[nodiscard]] std::optional<Session> find(const SessionId &id) const;
    [[nodiscard]] std::optional<Session> findPath(const QString &path) const;

    Session add(const QString &path, const QString &name, const QString &type,
                const KernelId &kernel);
    void update(const Session &session);
    void remove(const SessionId &id);
    // A kernel is gone: so are its sessions.
    void removeKernel(const KernelId &kernel);

private:
    void load();
    void save() const;

    QString m_file;
    QList<Session> m_sessions;
};

} // namespace farcell::http
