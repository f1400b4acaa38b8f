#pragma once

#include "core/client/kernelmessage.h"
#include "core/client/runtimeclient.h"
#include "core/client/socketevents.h"

#include <QElapsedTimer>
#include <QNetworkRequest>
#include <QObject>
#include <QTimer>

#include <chrono>
#include <memory>

class QWebSocket;

namespace farcell {

// One WebSocket at a time, read and decoded on a thread of its own: a single message may hold
// 100 MB. Everything it learns goes into the events. Its functions are called on its own thread.
class SocketWorker : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SocketWorker)

public:
    explicit SocketWorker(std::shared_ptr<SocketEvents> events);
    ~SocketWorker() override;

    void connectTo(const QNetworkRequest &request, const Endpoint &endpoint, quint64 attempt);
    void send(const OutgoingMessage &message);

signals:
    void eventsReady(); // there is something to take; not said again before all is taken

private:
    void watchSocket();
    void handleOpened();
    void handleFrame(const QByteArray &frame, bool isBinary);
    void pushMessage(const KernelMessage &message, qsizetype bytes);
    void pushParts(const KernelMessage &message);
    void handleDown(const QString &reason);
    void dropSocket();
    void keepAlive();
    void push(SocketEvent event);

    std::shared_ptr<SocketEvents> m_events;
    Endpoint m_endpoint;
    QWebSocket *m_socket = nullptr;
    quint64 m_attempt = 0;
    bool m_isOpen = false;
    bool m_isV1 = true;
    QTimer m_patience; // with a handshake
    QTimer m_ping;
    QElapsedTimer m_lastHeard;
    QElapsedTimer m_lastTick;
    std::chrono::milliseconds m_silenceLimit;
};

} // namespace farcell
