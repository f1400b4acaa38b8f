#pragma once

#include "app/recovery/recoverystore.h"

#include <QFutureWatcher>
#include <QLockFile>
#include <QObject>
#include <QTimer>

#include <memory>

namespace farcell {

// Keeps the unsaved edits of one document in a recovery file, less than a second old. The file
// goes away when the document is saved, undone to what was saved, or discard() is called; when the
// program dies it stays, for RecoveryStore::recoverable().
//
// Lives on the document's thread and writes on another; the document must outlive it.
class RecoveryJournal : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RecoveryJournal)

public:
    RecoveryJournal(NotebookDocument &document, RecoveryStore store, QObject *parent = nullptr);
    ~RecoveryJournal() override; // the file stays: call discard() when closing on purpose

    // What the document is: after opening, saving and saving under another name.
    void setOrigin(const QString &path, const QByteArray &hash, const QString &title);
    void discard();  // removes the file; later edits make a new one
    void flushNow(); // writes what is unsaved and waits for it: before the session ends

    [[nodiscard]] const QString &file() const { return m_file; }

signals:
    void written();
    void failed(const QString &message); // once until it works again

private:
    void onEdited();
    void onModifiedChanged(bool modified);
    void startWriting();
    void onWritten();

    NotebookDocument &m_document;
    RecoveryStore m_store;
    QString m_file;
    std::unique_ptr<QLockFile> m_lock; // tells other runs that the file is not left over
    RecoveryHead m_head;
    QTimer m_timer;
    QFutureWatcher<Result<>> m_writing;
    qint64 m_writeMs = 0; // how long the last one took
    bool m_editedMeanwhile = false;
    bool m_discarded = true; // there is, or shall be, no file
    bool m_toldFailure = false;
};

} // namespace farcell
