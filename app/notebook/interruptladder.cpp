#include "app/notebook/interruptladder.h"

#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "core/base/onfinished.h"

#include <QDateTime>

#include <algorithm>

namespace farcell {

using namespace std::chrono_literals;

namespace {

const auto key = QStringLiteral("ladder");

// Places of the buttons in the line.
constexpr int groupButton = 0;
constexpr int terminateButton = 1;
constexpr int killButton = 2;

qint64 nowMs()
{
    return QDateTime::currentMSecsSinceEpoch();
}

} // namespace

InterruptLadder::InterruptLadder(KernelLink &kernel, InfoBar &info, QObject *parent)
    : QObject(parent)
    , m_kernel(kernel)
    , m_info(info)
{
    m_tick.setInterval(250ms);
    connect(&m_tick, &QTimer::timeout, this, &InterruptLadder::tick);
    connect(&kernel, &KernelLink::interruptSent, this, &InterruptLadder::start);
    connect(&kernel, &KernelLink::stateChanged, this, &InterruptLadder::follow);
    connect(&info, &InfoBar::messageClosed, this, [this](const QString &closed) {
        if (closed == key)
            stop();
    });
}

void InterruptLadder::start()
{
    if (!m_isStopped || m_kernel.executionState() != QLatin1String("busy"))
        return;
    m_isStopped = false;
    m_isOpen = false;
    m_hasLadder = true;
    m_done = Step::Interrupt;
    m_process = {};
    m_error.clear();
    m_nextAt = nowMs() + m_patience.count();
    m_tick.start();
}

void InterruptLadder::stop()
{
    m_isStopped = true;
    m_isOpen = false;
    m_tick.stop();
    m_info.hideMessage(key);
}

// Anything but busy means that the cell has stopped, or the kernel has.
void InterruptLadder::follow()
{
    if (!m_isStopped && m_kernel.executionState() != QLatin1String("busy"))
        stop();
}

void InterruptLadder::tick()
{
    if (m_kernel.linkState().phase != LinkState::Phase::Connected)
        return; // nobody knows what the kernel does now
    const bool isDue = nowMs() >= m_nextAt;
    if (!m_isOpen) {
        if (!isDue)
            return;
        m_isOpen = true;
        m_nextAt = nowMs() + m_patience.count();
        show();
        askProcess();
        return;
    }
    // What it is stuck on may hold it for ever; a signal more does not hurt all the same.
    if (isDue && m_done == Step::Interrupt && m_hasLadder)
        send(Step::Group);
    refresh();
}

void InterruptLadder::show()
{
    m_info.showMessage(key, InfoBar::Kind::Warning, text(),
                       {{tr("Interrupt all"), [this] { send(Step::Group); }, false},
                        {tr("Terminate"), [this] { send(Step::Terminate); }, false},
                        {tr("Kill"), [this] { send(Step::Kill); }, false}});
    refresh();
}

void InterruptLadder::refresh()
{
    if (!m_isOpen)
        return;
    const qint64 left = std::max<qint64>((m_nextAt - nowMs() + 999) / 1000, 0);
    const auto counted = [left](const QString &word, bool counts) {
        return counts && left > 0 ? tr("%1 (%2)", "button, seconds").arg(word).arg(left) : word;
    };
    const bool afterGroup = m_done == Step::Group;
    const bool afterTerminate = m_done == Step::Terminate || m_done == Step::Kill;
    m_info.changeText(key, text());
    m_info.changeChoice(key, groupButton,
                        counted(tr("Interrupt all"), m_done == Step::Interrupt && m_hasLadder),
                        m_done == Step::Interrupt && m_hasLadder);
    m_info.changeChoice(key, terminateButton, counted(tr("Terminate"), afterGroup),
                        m_hasLadder && ((afterGroup && left == 0)));
    m_info.changeChoice(key, killButton, counted(tr("Kill"), afterTerminate),
                        m_hasLadder && afterTerminate && left == 0);
}

QString InterruptLadder::text() const
{
    if (!m_error.isEmpty())
        return m_error;
    QString what, next;
    switch (m_done) {
    case Step::Interrupt:
        what = tr("The cell has not stopped after the interrupt.");
        next = tr("Next, every process it started is interrupted too.");
        break;
    case Step::Group:
        what = tr("Interrupting all its processes has not helped yet.");
        next = tr("Terminating ends the kernel: its variables are lost.");
        break;
    case Step::Terminate:
        what = tr("The kernel was asked to end and has not ended yet.");
        break;
    case Step::Kill:
        what = tr("The kernel is being killed.");
        break;
    }
    if (m_process.state == KernelProcess::State::Stuck)
        what += QLatin1Char(' ') +
                (m_process.stuckOn.isEmpty()
                     ? tr("It is stuck inside the system and cannot hear signals.")
                     : tr("It waits for %1, which does not answer: a drive or network folder that "
                          "is gone? No signal reaches it until then.")
                           .arg(m_process.stuckOn));
    else if (m_process.state == KernelProcess::State::Computing && m_done != Step::Kill)
        what += QLatin1Char(' ') + tr("It is computing.");
    if (!next.isEmpty())
        what += QLatin1Char(' ') + next;
    return what;
}

// The runtime is the context of what it is asked: it may end while an answer is on its way, later
// than this.
void InterruptLadder::send(Step step)
{
    Runtime *runtime = m_kernel.runtime();
    KernelConnection *connection = m_kernel.connection();
    if (!runtime || !runtime->control() || !connection)
        return;
    m_done = step;
    m_nextAt = nowMs() + m_patience.count();
    onFinished(runtime->control()->interrupt(connection->kernelId(), step), this,
               [this](const Result<> &done) {
                   if (done || m_isStopped)
                       return;
                   m_hasLadder = done.error().code != ErrorCode::NotFound;
                   m_error =
                       m_hasLadder
                           ? done.error().message + QLatin1Char('.')
                           : tr("The cell has not stopped after the interrupt, and this server "
                                "knows no other way than restarting the kernel.");
                   refresh();
               });
    refresh();
    askProcess();
}

void InterruptLadder::askProcess()
{
    Runtime *runtime = m_kernel.runtime();
    KernelConnection *connection = m_kernel.connection();
    if (!runtime || !runtime->control() || !connection)
        return;
    onFinished(runtime->control()->process(connection->kernelId()), this,
               [this](const Result<KernelProcess> &process) {
                   if (!process || m_isStopped)
                       return;
                   m_process = *process;
                   refresh();
               });
}

} // namespace farcell
