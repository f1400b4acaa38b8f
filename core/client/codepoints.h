#pragma once

#include <QStringView>

namespace farcell {

// Jupyter counts cursor positions in Unicode code points, Qt in UTF-16 units. Positions outside
// the text are clamped; one inside a surrogate pair counts as before the pair.
[[nodiscard]] int codePointPosition(QStringView text, int utf16Position);
[[nodiscard]] int utf16Position(QStringView text, int codePointPosition);

} // namespace farcell
