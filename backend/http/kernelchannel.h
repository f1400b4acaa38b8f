#pragma once

#include "backend/kernels/kernelservice.h"

#include <QHash>
#include <QObject>
#include <QPointer>
#include <QString>

#include <memory>

class QWebSocket;

namespace farcell::http {

enum class Framing
{
    V1,
    Legacy
};

// One client's WebSocket to one kernel: hands frames over in both directions, in the framing the
// client chose. A client that reads slowly is paused, so that its backlog stays in the kernel's
// journal and not in our memory. Owned by itself: gone when either side closes.
class KernelChannel : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelChannel)

public:
    KernelChannel(std::unique_ptr<QWebSocket> socket, std::unique_ptr<KernelStream> stream,
                  Framing framing);
    ~KernelChannel() override;

    // The same client came back on another socket.
    void replace();

    static constexpr qint64 highMark = 4LL * 1024 * 1024;
    static constexpr qint64 lowMark = 1024LL * 1024;

private:
    void deliver(const QList<QByteArray> &frames);
    void deliverLegacy(const QByteArray &frame);
    void receiveBinary(const QByteArray &bytes);
    void receiveText(const QString &text);
    void refuseFrame(const char *reason);
    void mayResume();
    void end();

    QWebSocket *m_socket; // child
    std::unique_ptr<KernelStream> m_stream;
    Framing m_framing;
    bool m_paused = false;
};

// Opens channels, and ends the stale one of a client that connects again. Lives on the server's
// thread.
class KernelChannels
{
public:
    explicit KernelChannels(KernelService &kernels)
        : m_kernels(kernels)
    {}
    void attach(std::unique_ptr<QWebSocket> socket, const KernelId &kernel, const QString &session,
                const StreamOptions &options, Framing framing);

private:
    KernelService &m_kernels;
    QHash<QString, QPointer<KernelChannel>> m_open; // by kernel and session
};

} // namespace farcell::http
