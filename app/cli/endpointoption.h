#pragma once

#include "core/client/runtimeclient.h"

#include <QString>

namespace farcell {

// The server a command was told to use: its token from the file, if one is named, and its
// certificate as told, or as this person pinned it.
[[nodiscard]] Result<Endpoint> endpointFromOptions(const QString &url, const QString &tokenFile,
                                                   const QString &fingerprint);

// What to add to a refusal of the certificate, on a command line.
[[nodiscard]] QString withAdvice(const Error &error);

} // namespace farcell
