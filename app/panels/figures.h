#pragma once

#include <QString>

namespace farcell {

// Amounts as a person reads them, in the words of the locale.
[[nodiscard]] QString bytesText(double bytes);                // "11.2 GiB"
[[nodiscard]] QString shareText(double used, double total);   // "11.2 of 80.0 GiB"
[[nodiscard]] QString percentText(double used, double total); // "14 %"
[[nodiscard]] QString percentText(double percent);

} // namespace farcell
