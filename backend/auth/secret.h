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

// The text of `file` without surrounding white space. InvalidData when nothing is left.
[[nodiscard]] Result<QByteArray> readSecret(const QString &file);
// The same; a file that is not there is made first, mode 0600, with 24 random bytes in hex.
[[nodiscard]] Result<QByteArray> readOrCreateSecret(const QString &file);

} // namespace farcell::auth
