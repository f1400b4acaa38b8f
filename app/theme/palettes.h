#pragma once

#include "app/theme/theme.h"

namespace farcell {

// The two palettes. Text colours keep 4.5:1 on the surfaces they are used on (a test checks it).
[[nodiscard]] Theme lightTheme();
[[nodiscard]] Theme darkTheme();

// The type scale, from the fonts this computer has.
void setFonts(Theme &theme, int codePixels);

} // namespace farcell
