#pragma once

#include "core/api/gpus.h"

#include <QFuture>
#include <QObject>
#include <QString>

#include <chrono>
#include <memory>
#include <thread>

namespace farcell {

// The GPUs as they are now, looked at on a thread of its own: a driver in trouble can hold a call
// for minutes. Lives on the server's thread.
class GpuService : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(GpuService)

public:
    // `library`: another one than the system's NVML.
    explicit GpuService(QString library = {}, QObject *parent = nullptr);
    ~GpuService() override;

    // When the driver does not answer in time: what was last known, with a reason that says so.
    [[nodiscard]] QFuture<api::GpuReport>
    look(std::chrono::milliseconds atMostOld = std::chrono::seconds(1));

private:
    struct Shared;
    void giveUp();

    std::shared_ptr<Shared> m_shared; // also held by the thread, which may outlive us in a call
    std::thread m_thread;
};

} // namespace farcell
