#pragma once

#include "backend/kernels/keeperlink.h"
#include "backend/kernels/keeperspawn.h"
#include "backend/kernels/kernelservice.h"
#include "core/journal/journalreader.h"

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
        api::KernelResources resources;
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

    void pump();
    void schedule();
    void makeLive(JournalStream &stream);
    void catchUp(JournalStream &stream);
    [[nodiscard]] QString problem() const;
    void tellProblem();
    void tellQueue();
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

} // namespace farcell
