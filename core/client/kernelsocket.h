#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/client/httpcaller.h"
#include "core/client/kernelconnection.h"
#include "core/client/linkstate.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

class QWebSocket;

namespace farcell {

struct OutgoingMessage;

// The WebSocket of one kernel kept open: framing, pings, and reconnecting with back-off until the
// kernel is known to be gone. After each loss the kernel's REST model tells a dead kernel from a
// broken network. Not here: what the messages mean (KernelConnection).
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
    void watchSocket();
    void handleOpened();
    void handleFrame(const QByteArray &frame, bool isBinary);
    void handleDown(const QString &reason);
    void checkKernel();
    void retryLater();
    void giveUp(const Error &error);
    void dropSocket();
    void keepAlive();
    void setPhase(LinkState::Phase phase);

    HttpCaller m_http;
    KernelId m_id;
    QString m_session;
    std::optional<quint64> m_since;
    LinkState m_link;
    QWebSocket *m_socket = nullptr;
    bool m_isOpen = false;
    bool m_hasGivenUp = false;
    bool m_isV1 = true;
    int m_attempts = 0;          // since the connection last held for a while
    int m_refusedHandshakes = 0; // in a row, although the kernel is alive
    quint64 m_checks = 0;        // only the latest question about the kernel counts
    QTimer m_retry;
    QTimer m_patience; // with a handshake
    QTimer m_ping;
    QElapsedTimer m_openSince;
    QElapsedTimer m_lastHeard;
    QElapsedTimer m_lastTick;
    std::chrono::milliseconds m_silenceLimit;
};

} // namespace farcell
