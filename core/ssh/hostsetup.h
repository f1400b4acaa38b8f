#pragma once

#include "core/base/result.h"
#include "core/ssh/serverbundle.h"
#include "core/ssh/sshtarget.h"

#include <QObject>

#include <functional>
#include <optional>

namespace farcell {

class RemoteRun;
class SshMaster;

// A farcelld that runs on the host.
struct HostServer
{
    QString socket; // its path there
    QString token;
};

// Looks at a host through a connection that is up, copies the server there if need be, and starts
// it unless it runs. One use each; goes with the connection.
class HostSetup : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(HostSetup)

public:
    enum class Step
    {
        Checking,
        Copying,
        Starting
    };

    HostSetup(SshTarget target, SshMaster &master, ServerBundle bundle, bool usesInstalled,
              QObject *parent);

    void begin();

signals:
    void stepChanged(farcell::HostSetup::Step step);
    void progressChanged(qint64 done, qint64 total); // bytes, while copying
    // One of the two, once.
    void finished(const farcell::HostServer &server);
    void failed(const farcell::Error &error);

private:
    void look();
    void useLook(const RemoteRun &run);
    [[nodiscard]] Result<> checkHost(const RemoteRun &run) const;
    void copyFrom(const RemoteRun &look);
    void copy(const QString &part, qint64 offset);
    void start(const QString &program);
    void attach(const RemoteRun &run);

    SshTarget m_target;
    SshMaster &m_master;
    ServerBundle m_bundle;
    bool m_usesInstalled;
    int m_repairs = 0;
};

// The reason why a run did not say `wanted`; nothing if it did.
[[nodiscard]] std::optional<Error> problemOf(const SshTarget &target, const RemoteRun &run,
                                             const char *wanted);

// Tells the ids of the kernels that run on the host.
void lookForKernels(const SshTarget &target, SshMaster &master,
                    std::function<void(const Result<QStringList> &)> done);
// Ends server and kernels there and removes all that was put there.
void forgetHost(const SshTarget &target, SshMaster &master,
                std::function<void(const Result<> &)> done);

} // namespace farcell
