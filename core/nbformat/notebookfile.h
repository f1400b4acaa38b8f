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
[[nodiscard]] QByteArray writeNotebook(const NotebookContent &content);

// Atomic: temporary file beside it, fsync, rename, mode kept. With `expectedHash`, refuses with
// ErrorCode::Exists if the file on disk is no longer that one. Returns the new hash.
[[nodiscard]] Result<QByteArray> saveNotebookFile(const QString &path, const QByteArray &bytes,
                                                  const QByteArray &expectedHash = {});

// Hash as used above (SHA-256 of the bytes).
[[nodiscard]] QByteArray notebookHash(const QByteArray &bytes);

} // namespace farcell
