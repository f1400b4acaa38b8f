#pragma once

#include "app/cli/cli.h"
#include "app/cli/clioptions.h"
#include "app/cli/signalwatcher.h"
#include "core/client/kernelconnection.h"
#include "core/client/runtimeclient.h"

#include <QObject>
#include <QTimer>

#include <memory>

namespace farcell {

// `farcell attach`: prints what a kernel of a farcelld says and said, from any point on. Its text
// goes to stdout and stderr as the kernel sends it, everything of ours to stderr. Changes nothing
// there. Ends when nothing runs any more, or by Ctrl+C.
class AttachCommand : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(AttachCommand)

public:
    explicit AttachCommand(AttachOptions options, QObject *parent = nullptr);
    ~AttachCommand() override;

    void start();

signals:
    void finished(farcell::ExitCode code); // exactly once

private:
    void findKernel(const QList<RemoteKernel> &kernels);
    void findByPath(const QList<RemoteKernel> &kernels);
    void follow(const KernelId &id, const QString &name);
    void print(const KernelMessage &message);
    void checkOver();
    void fail(ExitCode code, const QString &message);
    void end(ExitCode code);

    AttachOptions m_options;
    SignalWatcher m_signals;
    std::unique_ptr<RuntimeClient> m_client;
    std::unique_ptr<KernelConnection> m_connection;
    QTimer m_check;
    bool m_isCaughtUp = false;
    bool m_hasFailed = false; // the last execution
    bool m_isEnding = false;
};

} // namespace farcell
