#pragma once

#include "app/markdown/mathextract.h"

namespace farcell {

class RichBlock;
class RichTextWriter;

// Parses GitHub's Markdown with cmark-gfm and writes its tree as rich text; formulas and images
// come from `block`.
void writeMarkdown(const ExtractedMath &source, const QString &macros, RichTextWriter &writer,
                   RichBlock &block);

// Stands where an image would: its alt text and, quietly, why it is not shown.
void writeImageNote(RichTextWriter &writer, const QString &alt, const QString &note);

} // namespace farcell
