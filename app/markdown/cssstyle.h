#pragma once

#include <QColor>
#include <QHash>
#include <QString>

#include <optional>

namespace farcell {

struct HtmlToken;

// The declarations of inline styles and style sheets that are honoured. All optional.
struct CssStyle
{
    std::optional<QColor> color, background;
    std::optional<bool> bold, italic, underline, strike;
    std::optional<Qt::Alignment> align;
    std::optional<bool> hidden;     // display: none
    std::optional<double> fontSize; // pixels
    std::optional<bool> monospace;
    double barFraction = -1; // pandas' bars: a gradient up to this share of the cell …
    QColor barColor;         // … in this colour

    void merge(const CssStyle &over);
};

[[nodiscard]] CssStyle parseCssDeclarations(const QString &declarations);
[[nodiscard]] std::optional<QColor> parseCssColor(const QString &text);

// Rules for "#id" and ".class" selectors, as pandas' Styler writes them; other selectors are
// dropped. Enough for coloured tables, nothing that could reach outside.
class CssSheet
{
public:
    CssSheet() = default;
    explicit CssSheet(const QString &text);
    [[nodiscard]] CssStyle styleOf(const HtmlToken &token) const; // sheet and style attribute

private:
    QHash<QString, CssStyle> m_rules; // "#id", ".class", "tag"
};

} // namespace farcell
