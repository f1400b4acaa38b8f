#pragma once

#include "app/recovery/changedcells.h"
#include "app/recovery/recoverystore.h"

#include <QFutureWatcher>
#include <QLockFile>
#include <QObject>
#include <QTimer>

#include <memory>
#include <vector>

namespace farcell {

// Keeps the unsaved edits of one document in a recovery file, less than a second old: what was
// changed is added to the file, however large the notebook is, and now and then the file is
// written anew without what became outdated. The file goes away when the document is saved, undone
// to what was saved, or discard() is called; when the program dies it stays, for
// RecoveryStore::recoverable().
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
    // The document, as it is now, is what that file of this computer holds.
    void setBase(const QString &path, const QByteArray &hash);
    void baseChanged(); // … and no longer does: somebody else wrote to it
    // The document as it is now is being written to a file; and was, with what it is called now.
    // There may be edits in between. An empty path: to a file of another computer.
    void saveStarted();
    void saveFinished(const QString &path, const QByteArray &hash);
    // A recovery file of an earlier run that goes away once this one holds the same.
    void replaces(const QString &file);

    void discard();  // removes the file; later edits make a new one
    void flushNow(); // writes what is unsaved and waits for it: before the session ends

    [[nodiscard]] const QString &file() const { return m_file; }

signals:
    void written();
    void failed(const QString &message); // once until it works again

private:
    struct Written
    {
        Result<qint64> size; // of the file
        bool anew = false;   // all of it was written, and the base's copy
    };
    void onReset();
    void onEdited();
    void onModifiedChanged(bool modified);
    void startWriting();
    void onWritten();
    void takeLock();
    void removeFiles();

    NotebookDocument &m_document;
    RecoveryStore m_store;
    QString m_file;
    std::unique_ptr<QLockFile> m_lock; // tells other runs that the file is not left over
    RecoveryHead m_head;
    QTimer m_timer;
    QFutureWatcher<Written> m_writing;

    // The base: a file (a hash, and a path where it is on this computer), or else a copy that the
    // journal writes itself.
    QString m_basePath;
    QByteArray m_baseHash;
    QString m_baseCopy;
    std::vector<CellId> m_baseCells;
    std::vector<CellId> m_savingCells; // as they were when the save began
    ChangedCells m_changes;
    QString m_replaced;

    qint64 m_sizeAnew = 0; // of the file when it was last written anew
    qint64 m_size = 0;
    bool m_saving = false; // between saveStarted() and saveFinished()
    bool m_busy = false;   // a write was begun, and its end not yet told
    bool m_writeAnew = true;
    bool m_editedMeanwhile = false;
    bool m_discarded = true; // there is, or shall be, no file
    bool m_toldFailure = false;
};

} // namespace farcell
