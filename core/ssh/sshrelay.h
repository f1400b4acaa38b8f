#pragma once

#include "core/base/result.h"

#include <QObject>
#include <QString>
#include <QThread>

namespace farcell {

// A port on this computer's loopback that leads to a unix socket, because Qt's HTTP and WebSocket
// clients know no unix sockets. It stays the same for its whole life, also while the socket is
// away: whoever asks then is told so with a 503. What is behind the socket checks the token.
// Works in a thread of its own; called from the thread that made it.
class SshRelay : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SshRelay)

public:
    explicit SshRelay(QObject *parent = nullptr);
    ~SshRelay() override;

    [[nodiscard]] Result<quint16> listen();
    void setTarget(const QString &socketPath);
    void setAway(const QString &why); // the sentence that those who ask are told

signals:
    void nobodyThere(); // the socket accepts and closes at once: what was behind it has ended

private:
    class Worker;
    QThread m_thread;
    Worker *m_worker;
};

} // namespace farcell
