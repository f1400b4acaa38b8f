#pragma once

#include "core/base/ids.h"

#include <QObject>
#include <QSet>
#include <QTimer>

#include <functional>

namespace farcell {

struct KernelMessage;

// Asks a kernel for its info until it answers, which is the only sign that it works. After a
// restart the server's iopub may come back later than its shell, so a message there is waited for
// as well. Not here: what is held back meanwhile (KernelConnection).
class KernelHandshake : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelHandshake)

public:
    // Sends a kernel_info_request with this id.
    using Ask = std::function<void(const MsgId &)>;
    explicit KernelHandshake(Ask ask, QObject *parent = nullptr);

    void begin(bool afterRestart);
    void stop();
    void handle(const KernelMessage &message);

signals:
    void infoCame(const farcell::KernelMessage &message); // may be told more than once
    void answered();
    void patienceEnded(); // it is busy with someone's cell, and the answer will still come

private:
    void ask();
    void handlePatienceEnd();

    Ask m_ask;
    QTimer m_patience;
    QSet<MsgId> m_requests;
    int m_tries = 0;
    bool m_isAfterRestart = false;
    bool m_hasReply = false;
    bool m_hasStatus = false;
};

} // namespace farcell
