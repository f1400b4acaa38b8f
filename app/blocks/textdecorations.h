#pragma once

#include <QTextFormat>

class QPainter;
class QTextBlock;
class QTextDocument;

namespace farcell {

struct Theme;

// What a paragraph carries beside its text. QTextDocument has no bars, boxes or drawn check marks;
// they are block properties here and painted under the text, so that nesting costs no frames.
namespace TextDecoration {
enum Property
{
    QuoteBars = QTextFormat::UserProperty + 60, // list of x positions
    BoxLeft,  // the paragraph stands in a rounded code box that starts at this x
    BoxColor, // colour of that box; code background when absent
    Marker,   // list marker drawn before the first line: text, or one of the names below
    Rule,     // a horizontal rule
    Pill      // of characters: code in a line, drawn on a rounded tint; 1 code, 2 key cap
};
inline constexpr QLatin1String markerDisc("disc"), markerCircle("circle"), markerSquare("square"),
    markerChecked("checked"), markerUnchecked("unchecked");
} // namespace TextDecoration

// Paints the decorations of all paragraphs that meet `exposed`.
void paintDecorations(QPainter &painter, const QTextDocument &document, const QRectF &exposed,
                      const Theme &theme);

// What a copied list item begins with: "• ", "1. ", "[x] ".
[[nodiscard]] QString markerAsText(const QTextBlock &block);

} // namespace farcell
