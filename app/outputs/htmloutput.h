#pragma once

#include "app/markdown/rendercontext.h"

#include <QString>

#include <memory>

namespace farcell {

class Block;

// Static HTML of an output: tables become TableParts, what is around them rich text.
// See docs/decisions/0002-static-html.md.
[[nodiscard]] std::unique_ptr<Block>
makeHtmlOutput(const QString &html, const QString &baseDirectory, const RenderContext &context);

} // namespace farcell
