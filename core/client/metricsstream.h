#pragma once

#include "core/api/metrics.h"
#include "core/client/httpcaller.h"

#include <QElapsedTimer>
#include <QObject>
#include <QThread>
#include <QTimer>

#include <chrono>
#include <vector>

namespace farcell {

class MetricsSocket;

// What the machine of a Farcell runtime does, as it happens, after what it did before. Comes back
// by itself when the line breaks, with what was missed. The WebSocket is read and decoded on a
// thread of its own: a day of history is megabytes. Lives on the thread that created it.
class MetricsStream : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MetricsStream)

public:
    explicit MetricsStream(const Endpoint &endpoint, QObject *parent = nullptr);
    ~MetricsStream() override;

    // Begins with what was within the last `history`. Again: a new history, which counts alone.
    void open(std::chrono::seconds history);

signals:
    // Oldest first; `isMore`: what came while the line was down, not the history asked for.
    void historyReceived(const std::vector<farcell::api::MetricsSample> &samples, bool isMore);
    void sampleReceived(const farcell::api::MetricsSample &sample);
    void lost();        // tries again
    void unsupported(); // the server has no such stream; nothing comes any more

private:
    friend class MetricsSocket;

    void probe();
    void connectNow();
    void takeHistory(quint64 attempt, const std::vector<api::MetricsSample> &samples);
    void takeSample(quint64 attempt, const api::MetricsSample &sample);
    void takeLoss(quint64 attempt);
    void retryLater();

    HttpCaller m_http;
    QThread m_thread;
    MetricsSocket *m_socket; // lives on the thread, and ends with it
    std::chrono::seconds m_history{0};
    QElapsedTimer m_lastSample; // not valid before the first one
    quint64 m_attempt = 0;      // the connection that counts
    int m_failures = 0;         // in a row
    bool m_isSupported = false;
    QTimer m_retry;
};

} // namespace farcell
