#pragma once

#include "backend/kernels/kernelservice.h"
#include "backend/kernels/streambatch.h"
#include "core/journal/journalreader.h"

#include <QPointer>

#include <memory>

namespace farcell {

class KernelHandle;

// A client's stream: a place in the kernel's journal. With the kernel's tail when it is up to
// date, with a reader of its own while it is behind (KernelHandle reads for it).
class JournalStream : public KernelStream
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(JournalStream)

public:
    JournalStream(KernelHandle &kernel, QString session, bool hasOwnSession);
    ~JournalStream() override;

    void send(const QByteArray &frame) override;
    void pause() override;
    void resume() override;

private:
    friend class KernelHandle;

    void deliver(const StreamBatch &batch);
    void tellLive();
    void tellQueue();

    QPointer<KernelHandle> m_kernel;
    QString m_session;
    QByteArray m_sessionBytes;
    bool m_hasOwnSession;       // false: made up for a client that named none
    bool m_isPaused = true;     // until the caller had time to connect
    bool m_isLive = false;      // reads with the kernel's tail
    JournalPosition m_position; // segment 0: not looked up yet
    quint64 m_firstWanted = 1;
    std::unique_ptr<JournalReader> m_reader; // while it catches up
    quint64 m_replayedUntil = 0;             // up to here old input requests are left out
    quint64 m_everyoneUntil = 0; // up to here other clients' replies are delivered as well
    bool m_isResumeQueued = false;
    StreamOptions m_options;
    QList<QByteArray> m_first; // to send before anything else
    bool m_isToldLive = false;
    bool m_wantsQueue = true; // has not got the latest farcell_queue
};

} // namespace farcell
