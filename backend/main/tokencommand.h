#pragma once

#include "backend/main/options.h"
#include "core/base/result.h"

#include <QString>

namespace farcell {

// What `farcelld token` prints: address, token and the certificate's fingerprint, one per line.
[[nodiscard]] Result<QString> describeAccess(const ServeOptions &options);

// Where the server that uses a state folder listens; rewritten at each start.
[[nodiscard]] QString addressFile(const QString &stateFolder);

} // namespace farcell
