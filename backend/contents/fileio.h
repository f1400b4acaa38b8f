#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <sys/stat.h>

// Files as the contents service reads and writes them. Blocking; call on a worker thread.
namespace farcell::contents {

// Regular files only: a pipe or device would block or never end. TooLarge above `limit`.
[[nodiscard]] Result<QByteArray> readFile(const QByteArray &path, qint64 limit);
// Temporary file beside it, fsync, rename. An existing file keeps its mode.
[[nodiscard]] Result<> writeFileAtomically(const QByteArray &path, QByteArrayView bytes);
// Puts the file `from` in the place of `path`, on the disk for good; an existing file keeps its
// mode.
[[nodiscard]] Result<> replaceFile(const QByteArray &from, const QByteArray &path);
[[nodiscard]] Result<> appendToFile(const QByteArray &path, QByteArrayView bytes);
// A new file with these bytes; ErrorCode::Exists if something is there.
[[nodiscard]] Result<> createFile(const QByteArray &path, QByteArrayView bytes);
[[nodiscard]] Result<> copyFile(const QByteArray &from, const QByteArray &to);
// Never replaces: ErrorCode::Exists.
[[nodiscard]] Result<> renameEntry(const QByteArray &from, const QByteArray &to);
// SHA-256 in hex.
[[nodiscard]] Result<QByteArray> hashFile(const QByteArray &path);
// The error for `errno`, naming what was tried.
[[nodiscard]] Error systemError(const QString &what, int number);

} // namespace farcell::contents
