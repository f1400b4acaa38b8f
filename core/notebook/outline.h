#pragma once

#include "core/notebook/cell.h"

#include <QString>

#include <vector>

namespace farcell {

class NotebookDocument;

// One section: a text cell whose first line of text is a heading, down to the next heading of the
// same or a higher level (Colab's rule).
struct Section
{
    CellId heading;
    QString title; // heading text without markup
    int level = 1; // 1..6
    int first = 0; // index of the heading cell
    int end = 0;   // one past the last cell of the section
};

// Sections in document order; nested sections follow their parent. Headings inside fenced code
// are not headings.
[[nodiscard]] std::vector<Section> outlineOf(const NotebookDocument &document);

} // namespace farcell
