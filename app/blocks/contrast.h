#pragma once

#include <QColor>

namespace farcell {

// Contrast of two opaque colours as WCAG 2 defines it: 1 (none) to 21.
[[nodiscard]] qreal contrast(const QColor &a, const QColor &b);
// Notebooks choose text colours for a white page: moves one until it can be read on `paper`.
[[nodiscard]] QColor readableOn(QColor ink, const QColor &paper);
// What `top` looks like painted on `below`.
[[nodiscard]] QColor blended(const QColor &top, const QColor &below);

} // namespace farcell
