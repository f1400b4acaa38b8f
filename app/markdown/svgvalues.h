#pragma once

#include <QPainterPath>
#include <QStringView>
#include <QTransform>

namespace farcell {

// Values of SVG attributes. What is no such value gives an empty one.

[[nodiscard]] qreal parseSvgNumber(QStringView text); // a unit after it is passed over

// translate(), scale(), rotate(), matrix(), in a row.
[[nodiscard]] QTransform parseSvgTransform(QStringView text);

[[nodiscard]] QRectF parseSvgBox(QStringView text); // a viewBox: x, y, width, height

// A path's "d" as a painter path; stops at the first thing it does not understand.
[[nodiscard]] QPainterPath parseSvgPath(QStringView d);

} // namespace farcell
