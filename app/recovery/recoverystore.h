#pragma once

#include "core/base/result.h"
#include "core/notebook/notebookdocument.h"

#include <QDateTime>
#include <QString>

#include <vector>

namespace farcell {

// Where an unsaved notebook came from.
struct RecoveryHead
{
    QString originalPath;    // empty for a notebook that was never saved
    QByteArray originalHash; // of the file when it was read or last saved; see notebookHash()
    QString title;           // what the tab was called
    QDateTime writtenAt;
};

struct RecoverableNotebook
{
    RecoveryHead head;
    QString file; // in the store's folder
};

struct RecoveredNotebook
{
    RecoveryHead head;
    NotebookContent content;
};

// The folder of recovery files: one for each document with unsaved edits, readable by its owner
// only. A file is one line of JSON (the head), then the notebook as it would be saved.
//
// A value; its functions may run on any thread. Not here: when to write (RecoveryJournal).
class RecoveryStore
{
public:
    // `folder` empty: $XDG_STATE_HOME/farcell/recovery.
    explicit RecoveryStore(const QString &folder = {});

    [[nodiscard]] const QString &folder() const { return m_folder; }
    [[nodiscard]] QString newFile() const; // a name that is not used yet
    [[nodiscard]] Result<> write(const QString &file, const RecoveryHead &head,
                                 const NotebookContent &content) const;
    // What another run of the program left behind, newest first. Files that a running program
    // still holds are not listed.
    [[nodiscard]] std::vector<RecoverableNotebook> recoverable() const;
    [[nodiscard]] Result<RecoveredNotebook> read(const QString &file) const;
    void remove(const QString &file) const;

    // The lock by which a running program holds a file.
    [[nodiscard]] static QString lockOf(const QString &file);

private:
    QString m_folder;
};

} // namespace farcell
