#pragma once

#include "app/cli/cli.h"
#include "app/cli/clioptions.h"

namespace farcell {

// `farcell convert`: nothing is written unless the whole conversion worked.
[[nodiscard]] ExitCode runConvert(const ConvertOptions &options);

} // namespace farcell
