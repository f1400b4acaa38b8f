#pragma once

#include <QString>

#include <cmark-gfm.h>

#include <memory>

namespace farcell {

// GitHub's Markdown as the tree that cmark-gfm makes of it.

struct MarkdownNodeDeleter
{
    void operator()(cmark_node *node) const { cmark_node_free(node); }
};
using MarkdownTree = std::unique_ptr<cmark_node, MarkdownNodeDeleter>;

[[nodiscard]] MarkdownTree parseMarkdown(const QString &markdown);

[[nodiscard]] QString literalOf(cmark_node *node);
[[nodiscard]] QString plainTextOf(cmark_node *node); // of all that is in it, without formats
[[nodiscard]] bool isParentOfType(cmark_node *node, const char *type); // the type's name in cmark

} // namespace farcell
