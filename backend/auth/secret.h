#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

// Secrets on disk and in memory: how they are made, read and compared. Nothing here logs.
namespace farcell::auth {

// Takes the same time whatever the two hold, their lengths included.
[[nodiscard]] bool equalSecrets(QByteArrayView a, QByteArrayView b);

[[nodiscard]] QByteArray randomHex(int bytes);

// Makes a file with mode 0600 that was not there; a new line is put at its end.
[[nodiscard]] Result<> writeNewSecret(const QString &file, const QByteArray &secret);

// The text of `file` without surrounding white space. InvalidData when nothing is left.
[[nodiscard]] Result<QByteArray> readSecret(const QString &file);
// The same; a file that is not there is made first, mode 0600, with 24 random bytes in hex.
[[nodiscard]] Result<QByteArray> readOrCreateSecret(const QString &file);
// What is wrong with how a token is kept, one sentence for the owner; empty: nothing.
[[nodiscard]] QString secretWarning(const QString &file, const QByteArray &secret);

} // namespace farcell::auth
