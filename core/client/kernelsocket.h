#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/client/httpcaller.h"
#include "core/client/kernelconnection.h"
#include "core/client/linkstate.h"

#include <QElapsedTimer>
#include <QObject>
#include <QThread>
#include <QTimer>

#include <functional>
#include <memory>
#include <optional>

namespace farcell {

class SocketEvents;
class SocketWorker;
struct OutgoingMessage;
struct SocketEvent;

// The WebSocket of one kernel kept open: reconnecting with back-off until the kernel is known to be
// gone. After each loss the kernel's REST model tells a dead kernel from a broken network. Frames
// are read and decoded on a thread of its own (SocketWorker); their messages are told here, a few
// milliseconds' worth per turn of the event loop. Not here: what they mean (KernelConnection).
class KernelSocket : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelSocket)

public:
    KernelSocket(const Endpoint &endpoint, KernelId id, QString session, QObject *parent = nullptr);
    ~KernelSocket() override;

    void open();
    void reconnectNow(); // does not wait for the next try's time
    [[nodiscard]] bool isOpen() const { return m_isOpen; }
    void send(const OutgoingMessage &message); // only while open
    // The next connection asks for everything after this number.
    void setSince(quint64 number) { m_since = number; }
    [[nodiscard]] bool hasSince() const { return m_since.has_value(); }
    [[nodiscard]] const LinkState &link() const { return m_link; }
    void setCaughtUp(); // what was asked for with setSince() has come

    // Tells the state of the kernel's REST model, or nothing if it cannot be had.
    void askModel(std::function<void(const QString &executionState)> done);
    [[nodiscard]] HttpCaller &http() { return m_http; }

signals:
    void opened();
    void lost(); // will try again
    void gaveUp(const farcell::Error &error);
    void messageReceived(const farcell::KernelMessage &message);
    void linkChanged();

private:
    void connectNow();
    [[nodiscard]] QUrl address() const;
    void takeEvents();
    void handle(const SocketEvent &event);
    void handleOpened();
    void handleDown(const QString &reason);
    void checkKernel();
    void retryLater();
    void giveUp(const Error &error);
    void setPhase(LinkState::Phase phase);

    HttpCaller m_http;
    KernelId m_id;
    QString m_session;
    std::optional<quint64> m_since;
    LinkState m_link;
    std::shared_ptr<SocketEvents> m_events; // the worker puts them in, this takes them out
    QThread m_thread;
    SocketWorker *m_worker; // lives on the thread, and ends with it
    quint64 m_attempt = 0;  // the connection that counts
    bool m_isOpen = false;
    bool m_hasGivenUp = false;
    int m_attempts = 0;          // since the connection last held for a while
    int m_refusedHandshakes = 0; // in a row, although the kernel is alive
    quint64 m_checks = 0;        // only the latest question about the kernel counts
    QTimer m_retry;
    QTimer m_more; // events wait for the next turn
    QElapsedTimer m_openSince;
};

} // namespace farcell
