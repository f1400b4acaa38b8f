#pragma once

#include "app/recovery/recoverybatch.h"
#include "core/base/result.h"
#include "core/notebook/notebookdocument.h"

#include <QString>

#include <vector>

namespace farcell {

struct RecoverableNotebook
{
    RecoveryHead head;
    QString file; // in the store's folder
};

struct RecoveredNotebook
{
    RecoveryHead head;
    NotebookContent content;
    int missingCells = 0; // unchanged ones, which were in a file that is gone or other by now
};

// The folder of recovery files: one for each document with unsaved edits, readable by its owner
// only. A file holds what was changed (recoverybatch.h); the rest is in the notebook's own file,
// kept in reach by a hard link beside the recovery file where the file system allows one, or in a
// copy where there is no such file.
//
// A value; its functions may run on any thread. Not here: when to write (RecoveryJournal).
class RecoveryStore
{
public:
    // `folder` empty: $XDG_STATE_HOME/farcell/recovery.
    explicit RecoveryStore(const QString &folder = {});

    [[nodiscard]] const QString &folder() const { return m_folder; }
    [[nodiscard]] QString newFile() const; // a name that is not used yet

    // Starts the file anew with a batch that has a base, and adds to it. Both return its size.
    [[nodiscard]] Result<qint64> write(const QString &file, const recovery::Batch &batch) const;
    [[nodiscard]] Result<qint64> append(const QString &file, const recovery::Batch &batch) const;
    // What `batch.base->copy` names: a link to the base's file, or a copy that holds `content`.
    void linkBase(const recovery::Base &base) const;
    [[nodiscard]] Result<> copyBase(const recovery::Base &base,
                                    const NotebookContent &content) const;
    [[nodiscard]] QString newCopyName(const QString &file) const;
    void removeCopies(const QString &file, const QString &butThis) const;

    // What another run of the program left behind, newest first. Files that a running program
    // still holds are not listed.
    [[nodiscard]] std::vector<RecoverableNotebook> recoverable() const;
    [[nodiscard]] Result<RecoveredNotebook> read(const QString &file) const;
    void remove(const QString &file) const;

    // The lock by which a running program holds a file.
    [[nodiscard]] static QString lockOf(const QString &file);

private:
    [[nodiscard]] Result<> prepareFolder() const;
    [[nodiscard]] tl::unexpected<Error> cannotKeep(const QString &detail) const;

    QString m_folder;
};

} // namespace farcell
