#pragma once

#include <QString>

namespace farcell {

// "0:07", "3:12", "1:03:12": for what runs and is looked at.
[[nodiscard]] QString clockText(double seconds);
// "7 s", "3 min", "2 h", "5 days": for what is only roughly of interest.
[[nodiscard]] QString roughText(double seconds);

} // namespace farcell
