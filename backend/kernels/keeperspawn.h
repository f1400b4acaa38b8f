#pragma once

#include "backend/keeper/startdescription.h"
#include "core/base/result.h"

#include <QObject>
#include <QSocketNotifier>
#include <QString>

#include <memory>

#include <sys/types.h>

namespace farcell {

// A directory of one kernel, named by its id, below <state>/kernels.
[[nodiscard]] Result<> makeBundle(const QString &bundle, const StartDescription &description);

// Starts a keeper for a bundle that is made: in a session of its own, with the bundle's socket,
// already listening, so that one can connect at once. Blocks for the length of a fork only.
[[nodiscard]] Result<pid_t> spawnKeeper(const QString &program, const QString &bundle);

// A connected, non-blocking descriptor to a bundle's keeper. Works however long the path is.
[[nodiscard]] Result<int> connectToKeeper(const QString &bundle);

// Which processes a bundle says it has.
struct BundleProcesses
{
    pid_t keeper = -1;
    pid_t kernel = -1;
};
// Those of keeper.json that still run; a process that only has the number of one is not named.
[[nodiscard]] BundleProcesses runningProcesses(const QString &bundle);
// Kills what a keeper left behind and waits for nothing.
void killLeftovers(const QString &bundle);

// Tells when a process ends, a child or not, and takes a child's exit status away.
class ProcessWatch : public QObject
{
    Q_OBJECT
public:
    explicit ProcessWatch(pid_t pid, QObject *parent = nullptr);
    ~ProcessWatch() override;
    Q_DISABLE_COPY_MOVE(ProcessWatch)

    [[nodiscard]] bool hasEnded() const { return m_hasEnded; }

signals:
    void ended();

private:
    void notice();

    pid_t m_pid;
    int m_descriptor = -1;
    bool m_hasEnded = false;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace farcell
