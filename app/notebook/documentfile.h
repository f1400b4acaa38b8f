#pragma once

#include "app/notebook/runtimehub.h"
#include "core/base/result.h"
#include "core/nbformat/notebookfile.h"

#include <QFuture>
#include <QObject>
#include <QPointer>
#include <QTimer>

#include <optional>

class QFileSystemWatcher;

namespace farcell {

class NotebookDocument;

// Where a notebook is stored and how it gets there: a local file, or a file on a runtime. Reads
// and writes off the GUI thread, remembers the content's hash, and tells when somebody else
// changed the file. GUI thread.
// Not here: what to do about a conflict (NotebookView asks), the recovery journal.
class DocumentFile : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DocumentFile)

public:
    explicit DocumentFile(NotebookDocument &document, QObject *parent = nullptr);

    struct Place
    {
        QString path;              // absolute, or relative to the runtime's root; empty: nowhere
        QPointer<Runtime> runtime; // null: this computer's disk

        [[nodiscard]] bool isLocal() const { return runtime.isNull(); }
        [[nodiscard]] QString fileName() const;
        [[nodiscard]] QString directory() const; // empty unless local
        [[nodiscard]] QString text() const;      // for tool tips and the list of recent files
    };

    [[nodiscard]] const Place &place() const { return m_place; }
    [[nodiscard]] const QByteArray &savedHash() const { return m_hash; }
    [[nodiscard]] bool isSaving() const { return m_saving; }
    [[nodiscard]] bool isLoading() const { return m_loading; }

    void load(const Place &place);   // ends with contentLoaded() or loadFailed()
    void save();                     // ends with saved() or saveFailed()
    void saveTo(const Place &place); // replaces what is there
    void overwrite();                // save(), whatever is on disk by now
    void acceptDiskVersion();        // what is on disk now counts as known ("keep mine")
    void setPlace(const Place &place, const QByteArray &hash);

signals:
    void contentLoaded();
    void saving(); // the document as it is now is being written
    // `bytes`: the file's content where it could be read at all.
    void loadFailed(const farcell::Error &error, const QByteArray &bytes);
    void saved();
    void saveFailed(const farcell::Error &error); // ErrorCode::Exists: changed underneath
    void placeChanged();
    void changedOnDisk();

private:
    struct Loaded
    {
        Result<LoadedNotebook> notebook;
        QByteArray bytes; // only when the notebook could not be read
    };
    struct Next
    {
        Place place;
        bool replaces = false; // what is there, whoever wrote it; else save() as usual
    };
    void finishLoad(const Loaded &loaded);
    void write(const Place &place, const QByteArray &expectedHash);
    void saveNext(const std::optional<Next> &next, bool hasFailed);
    void writeRemote(const Place &place, const QByteArray &bytes, const QByteArray &expectedHash,
                     quint64 revision);
    void finishSave(const Result<QByteArray> &hash, const Place &place, quint64 revision);
    void watch();
    void checkDisk();

    NotebookDocument &m_document;
    Place m_place;
    QByteArray m_hash;
    bool m_saving = false;
    std::optional<Next> m_next; // asked for while another save was under way
    bool m_loading = false;
    quint64 m_revision = 0; // counts changes of the document, to tell edits made while saving
    int m_attempt = 0;
    QFileSystemWatcher *m_watcher;
    QTimer m_checkSoon;
};

} // namespace farcell
