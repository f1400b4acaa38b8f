#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"

#include <QDateTime>
#include <QList>
#include <QMap>
#include <QString>
#include <QUrl>

#include <optional>

namespace farcell {

// An execution whose outputs may not be in the notebook's file yet.
struct PendingRun
{
    MsgId request;
    QString cellId;    // as sent: the id in the file, or ours
    quint64 since = 0; // all of its messages have a larger farcell_seq
    bool isOver = false;
};

// Which kernel a notebook was running on, and what of it is not in its file yet: enough to take the
// run up again after the app was closed or killed.
struct Attachment
{
    QString notebook; // absolute path, or the address of a notebook on a server
    QUrl server;      // without token
    KernelId kernel;
    QString kernelName;
    SessionId remoteSession; // Jupyter's, of the path
    QString session;         // session_id of our socket: replies are addressed to it
    quint64 since = 0;       // replay from here
    QList<PendingRun> runs;
};

// The attachments of this person's notebooks: one JSON file, mode 0600, written at each change.
// No tokens are in it. Several windows of one app may share it; two apps should not.
class AttachmentStore
{
public:
    explicit AttachmentStore(QString file = defaultFile());
    // attachments.json in the app's state folder.
    static QString defaultFile();

    [[nodiscard]] std::optional<Attachment> find(const QString &notebook) const;
    [[nodiscard]] QList<Attachment> all() const { return m_attachments.values(); }
    Result<> put(const Attachment &attachment);
    Result<> remove(const QString &notebook);

private:
    void load();
    [[nodiscard]] Result<> save() const;

    QString m_file;
    QMap<QString, Attachment> m_attachments;
};

} // namespace farcell
