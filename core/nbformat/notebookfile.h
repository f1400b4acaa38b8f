#pragma once

#include "core/base/result.h"
#include "core/notebook/notebookdocument.h"

#include <QByteArray>
#include <QString>

namespace farcell {

// Reads .ipynb bytes. The returned content shares `bytes`. Error messages read
// "line:column: what is wrong"; readNotebookFile() puts the file name in front.
[[nodiscard]] Result<NotebookContent> readNotebook(const QByteArray &bytes);

// What is on disk: content and the hash to detect a change underneath.
struct LoadedNotebook
{
    NotebookContent content;
    QByteArray contentHash;
};
[[nodiscard]] Result<LoadedNotebook> readNotebookFile(const QString &path);

// Writes `content` in the style of the file it came from; untouched parts keep their bytes.
// A notebook of format 3 that was edited cannot be written before upgradeToV4(): the result is
// null then (isNull()).
[[nodiscard]] QByteArray writeNotebook(const NotebookContent &content);

// Makes a converted format 3 notebook a format 4.5 one, after the person agreed; see also
// NotebookDocument::adoptFormat().
void upgradeToV4(NotebookContent &content);

// Writes `content` from scratch, byte for byte as Python's nbformat would: for new notebooks.
[[nodiscard]] QByteArray serializeNotebook(const NotebookContent &content);

// Atomic: temporary file beside it, fsync, rename, mode kept. With `expectedHash`, refuses with
// ErrorCode::Exists if the file on disk is no longer that one. Returns the new hash.
[[nodiscard]] Result<QByteArray> saveNotebookFile(const QString &path, const QByteArray &bytes,
                                                  const QByteArray &expectedHash = {});

// Hash as used above (SHA-256 of the bytes).
[[nodiscard]] QByteArray notebookHash(const QByteArray &bytes);

} // namespace farcell
