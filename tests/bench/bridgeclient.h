#pragma once

#include "core/jupyter/websocketframes.h"

#include <QString>
#include <QUrl>

#include <functional>
#include <memory>
#include <string>

namespace farcell::bench {

// A client's way to a kernel: through a Jupyter server's WebSocket, or straight to its ZeroMQ
// sockets. Single-threaded; run() works until the handler has set `done`.
class KernelPath
{
public:
    using Handler = std::function<void(const wire::MessageView &)>;

    KernelPath() = default;
    virtual ~KernelPath() = default;
    Q_DISABLE_COPY_MOVE(KernelPath)

    virtual void send(const wire::MessageView &message) = 0;
    // False: nothing came for a long time, or the connection ended.
    virtual bool run(const bool &done) = 0;
    void setHandler(Handler handler) { m_handler = std::move(handler); }

protected:
    void handle(const wire::MessageView &message) const
    {
        if (m_handler) { // what comes before the first request is nobody's
            m_handler(message);
        }
    }

private:
    Handler m_handler;
};

// `url` like http://127.0.0.1:8888; null if it cannot be opened.
[[nodiscard]] std::unique_ptr<KernelPath>
openWebSocket(const QUrl &url, const QString &token, const QString &kernel, const QString &session);
[[nodiscard]] std::unique_ptr<KernelPath> openDirect(const QString &connectionFile);

} // namespace farcell::bench
