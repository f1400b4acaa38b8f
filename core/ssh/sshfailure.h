#pragma once

#include "core/base/result.h"
#include "core/ssh/sshtarget.h"

#include <QString>

namespace farcell {

// One sentence for the ways ssh can fail, from what it wrote on standard error. Denied: trying
// again does not help; Unavailable and Timeout: it may.
[[nodiscard]] Error sshError(const SshTarget &target, const QString &errorText);

// The same for what core/ssh/scripts answer: `code` of "farcell:error=", `detail` of what failed.
[[nodiscard]] Error remoteError(const SshTarget &target, const QString &code,
                                const QString &detail);

// "2.31" against "2.36": the sentence if the host's C library is too old for our programs.
[[nodiscard]] Result<> checkGlibc(const SshTarget &target, const QString &theirs,
                                  const QString &needed);

} // namespace farcell
