#pragma once

#include "backend/kernels/keeperlink.h"
#include "backend/kernels/keeperspawn.h"
#include "backend/kernels/kernelservice.h"
#include "core/journal/journalreader.h"

#include <QPointer>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace farcell {

class JournalStream;

// One kernel as farcelld sees it: the link to its keeper and the streams of its clients. Reads
// the journal once for all streams that are up to date; one that fell behind has a reader of its
// own until it has caught up. At most a megabyte is read before the event loop runs again.
//
// Owned by KernelService, lives on the server's thread.
// Not here: starting and removing (KernelService).
class KernelHandle : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelHandle)

public:
    struct Identity
    {
        KernelId id;
        QString specName;
        QString language;
        QString workingDirectory;
        nlohmann::json specJson; // to see whether the kernelspec changed meanwhile
        QDateTime started;
    };
    KernelHandle(Identity identity, QString bundle, pid_t keeper, QObject *parent = nullptr);
    ~KernelHandle() override;

    [[nodiscard]] Identity &identity() { return m_identity; }
    [[nodiscard]] const QString &bundle() const { return m_bundle; }
    [[nodiscard]] KeeperLink &link() { return m_link; }
    [[nodiscard]] ProcessWatch &keeper() { return m_keeper; }
    [[nodiscard]] KernelModel model() const;
    [[nodiscard]] bool isReady() const;
    [[nodiscard]] QString reason() const;

    // Without `since`: what this session missed, or only what comes.
    [[nodiscard]] std::unique_ptr<KernelStream> open(const QString &session,
                                                     const StreamOptions &options);
    void closeStreams(const QString &reason);
    void setGone(const QString &reason); // the keeper died and took the kernel along

signals:
    void active();

private:
    friend class JournalStream;
    struct Record
    {
        quint64 sequence = 0;
        QByteArray addressee;
        QByteArray frame;
        bool isGap = false; // stands for messages that are not kept any more
    };
    using Batch = std::vector<Record>;

    void pump();
    void schedule();
    [[nodiscard]] static Batch readBatch(JournalReader &reader, quint64 expected, quint64 last);
    [[nodiscard]] static Record gapBefore(quint64 first, quint64 expected);
    static void deliver(JournalStream &stream, const Batch &batch);
    void makeLive(JournalStream &stream);
    void catchUp(JournalStream &stream);
    static void tellLive(JournalStream &stream);
    [[nodiscard]] QString problem() const;
    void tellProblem();
    void tellQueue();
    static void tellQueue(JournalStream &stream);
    void detach(JournalStream &stream);
    void leaveTail(JournalStream &stream);
    [[nodiscard]] quint64 lastSequence() const;
    [[nodiscard]] bool isAnyLive() const;

    Identity m_identity;
    QString m_bundle;
    KeeperLink m_link;
    ProcessWatch m_keeper;
    JournalReader m_tail;
    std::vector<JournalStream *> m_streams;
    struct Missed
    {
        QString session;
        JournalPosition position;
    };
    std::deque<Missed> m_missed; // where clients that went away stopped reading
    QDateTime m_lastActivity;
    QString m_gone;
    QString m_toldProblem;
    bool m_isScheduled = false;
};

// A client's stream: a place in the kernel's journal.
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
