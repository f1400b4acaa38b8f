#include "app/markdown/markdowntree.h"

#include <cmark-gfm-core-extensions.h>

#include <QLatin1String>

#include <mutex>

namespace farcell {

MarkdownTree parseMarkdown(const QString &markdown)
{
    static std::once_flag registered;
    std::call_once(registered, cmark_gfm_core_extensions_ensure_registered);
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_FOOTNOTES | CMARK_OPT_VALIDATE_UTF8);
    for (const char *name : {"table", "strikethrough", "autolink", "tasklist"}) {
        if (cmark_syntax_extension *extension = cmark_find_syntax_extension(name))
            cmark_parser_attach_syntax_extension(parser, extension);
    }
    const QByteArray text = markdown.toUtf8();
    cmark_parser_feed(parser, text.constData(), static_cast<size_t>(text.size()));
    MarkdownTree tree(cmark_parser_finish(parser));
    cmark_parser_free(parser);
    return tree;
}

QString literalOf(cmark_node *node)
{
    return QString::fromUtf8(cmark_node_get_literal(node));
}

QString plainTextOf(cmark_node *node)
{
    QString text;
    cmark_iter *iter = cmark_iter_new(node);
    while (cmark_iter_next(iter) != CMARK_EVENT_DONE) {
        cmark_node *child = cmark_iter_get_node(iter);
        if (cmark_iter_get_event_type(iter) != CMARK_EVENT_ENTER)
            continue;
        const cmark_node_type type = cmark_node_get_type(child);
        if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
            text += literalOf(child);
        else if (type == CMARK_NODE_SOFTBREAK)
            text += QLatin1Char(' ');
    }
    cmark_iter_free(iter);
    return text;
}

bool isParentOfType(cmark_node *node, const char *type)
{
    cmark_node *parent = cmark_node_parent(node);
    return parent && QLatin1String(cmark_node_get_type_string(parent)) == QLatin1String(type);
}

} // namespace farcell
