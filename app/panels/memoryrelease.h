#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/client/runtimeclient.h"

#include <QObject>

#include <memory>

namespace farcell {

class KernelConnection;

// Has a Python kernel let go of what nobody needs any more: what the last traceback holds, garbage,
// and what PyTorch keeps back of the GPU's memory. Its variables stay. Runs once what the kernel
// runs now has ended. Deletes itself when it is done. GUI thread.
class MemoryRelease : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MemoryRelease)

public:
    MemoryRelease(const Endpoint &endpoint, const KernelId &kernel, QObject *parent);
    ~MemoryRelease() override;

    [[nodiscard]] const KernelId &kernel() const { return m_kernel; }

signals:
    void done(); // this or the other, once
    void failed(const farcell::Error &error);

private:
    void start();
    void end(const Result<> &result);

    KernelId m_kernel;
    std::unique_ptr<KernelConnection> m_connection;
    MsgId m_request;
    bool m_isOver = false;
};

} // namespace farcell
