#pragma once

#include "core/base/result.h"
#include "core/client/kernelcontrol.h"
#include "core/client/kernelreports.h"

#include <QObject>
#include <QTimer>

#include <chrono>

namespace farcell {

class InfoBar;
class KernelLink;

// What comes when an interrupt has no effect: after a few seconds a line with a countdown to the
// next step. Interrupting the whole process group costs nothing, so it comes by itself unless the
// person says no; ending the kernel is only ever offered. GUI thread; owned by the view.
class InterruptLadder : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(InterruptLadder)

public:
    InterruptLadder(KernelLink &kernel, InfoBar &info, QObject *parent = nullptr);

    // How long one step gets before the next one is offered.
    void setPatience(std::chrono::milliseconds patience) { m_patience = patience; }

private:
    using Step = KernelControl::InterruptStep;

    void start();
    void stop();
    void follow(); // the kernel's state changed
    void tick();
    void show();
    void refresh();
    void send(Step step);
    void askProcess();
    [[nodiscard]] QString text() const;

    KernelLink &m_kernel;
    InfoBar &m_info;
    std::chrono::milliseconds m_patience{4000};
    QTimer m_tick;
    qint64 m_nextAt = 0; // ms since the epoch: when the next step is due
    Step m_done = Step::Interrupt;
    bool m_isOpen = false; // the line is there
    bool m_isStopped = true;
    bool m_hasLadder = true; // the runtime knows the steps
    KernelProcess m_process;
    QString m_error;
};

} // namespace farcell
