#include "core/client/kernelhandshake.h"

#include "core/client/kernelconnection.h"
#include "core/jupyter/messages.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds infoPatience = 3s; // JupyterLab's: then send all the same
constexpr std::chrono::milliseconds iopubPatience = 500ms;
constexpr int maxTries = 20;

} // namespace

KernelHandshake::KernelHandshake(Ask ask, QObject *parent)
    : QObject(parent)
    , m_ask(std::move(ask))
{
    m_patience.setSingleShot(true);
    connect(&m_patience, &QTimer::timeout, this, &KernelHandshake::handlePatienceEnd);
}

void KernelHandshake::begin(bool afterRestart)
{
    m_isAfterRestart = afterRestart;
    m_hasReply = m_hasStatus = false;
    m_tries = 0;
    m_requests.clear();
    ask();
}

void KernelHandshake::stop()
{
    m_patience.stop();
    m_isAfterRestart = false;
}

void KernelHandshake::ask()
{
    const MsgId message(QString::fromStdString(wire::newUuid()));
    m_requests.insert(message);
    m_ask(message);
    if (!m_isAfterRestart)
        m_patience.start(infoPatience);
    else
        m_patience.start(m_hasReply ? iopubPatience : std::min(1000ms * (m_tries + 1), 5000ms));
}

void KernelHandshake::handlePatienceEnd()
{
    if (!m_isAfterRestart)
        emit patienceEnded();
    else if (++m_tries > maxTries)
        emit answered();
    else
        ask(); // the first one may have gone to the old kernel
}

void KernelHandshake::handle(const KernelMessage &message)
{
    if (!m_requests.contains(message.parentId()))
        return;
    if (message.channel == QLatin1String("iopub")) {
        m_hasStatus = true;
        if (m_isAfterRestart && m_hasReply)
            emit answered();
        return;
    }
    const bool isFirst = !std::exchange(m_hasReply, true);
    emit infoCame(message);
    if (!m_isAfterRestart || m_hasStatus)
        emit answered();
    else if (isFirst)
        m_patience.start(iopubPatience);
}

} // namespace farcell
