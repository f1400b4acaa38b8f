#pragma once

#include <QHash>
#include <QString>

#include <vector>

namespace farcell {

// One formula of a Markdown text.
struct MathSpan
{
    QString tex;    // without delimiters; labels already resolved to \tag{n}
    QString source; // as written, delimiters and all
    bool display = false;
};

// A Markdown text with its formulas taken out, so that cmark cannot break them ("_", "*", "\\").
struct ExtractedMath
{
    QString markdown; // each formula replaced by mathPlaceholder(index)
    std::vector<MathSpan> spans;
    QString macros; // \newcommand, \def, … of this text, to be known to later cells
    QHash<QString, int> labels;
};

// Finds `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and `\begin{env}…\end{env}` outside code. `\label`s get
// numbers from `firstNumber` on; `\ref` and `\eqref` in text are replaced by them. `known` are
// labels of other cells.
[[nodiscard]] ExtractedMath extractMath(const QString &markdown,
                                        const QHash<QString, int> &known = {}, int firstNumber = 1);

[[nodiscard]] QString mathPlaceholder(int index);
// Puts the sources back where a placeholder ended up in a code span, URL or HTML attribute.
[[nodiscard]] QString restoreMath(const QString &text, const std::vector<MathSpan> &spans);

// Placeholders are these, with decimal digits between them. Plane-16 private use: not in real text.
inline constexpr char32_t mathOpen = 0x10fff0;
inline constexpr char32_t mathClose = 0x10fff1;

// The macro definitions in a piece of TeX, each as written.
[[nodiscard]] QString macroDefinitions(const QString &tex);

} // namespace farcell
