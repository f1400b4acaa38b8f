#include "app/markdown/markdownwriter.h"

#include "app/blocks/textdecorations.h"
#include "app/markdown/htmlwriter.h"
#include "app/markdown/markdownblock.h"
#include "app/markdown/markdowntree.h"
#include "app/markdown/richtextwriter.h"
#include "app/theme/theme.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <QRegularExpression>

#include <array>
#include <vector>

namespace farcell {

namespace {

// JupyterLab's rule: the text with spaces as hyphens. GitHub's lower case is tried by links too.
QString anchorName(const QString &title)
{
    return title.trimmed().replace(QLatin1Char(' '), QLatin1Char('-'));
}

// Walks the tree without recursion, so nesting cannot exhaust the stack.
class Walker
{
public:
    Walker(const ExtractedMath &source, const QString &macros, RichTextWriter &writer,
           RichBlock &block)
        : m_source(source)
        , m_macros(macros)
        , m_writer(writer)
        , m_block(block)
        , m_html(
              writer, [this](const HtmlToken &image) { return htmlImage(image); },
              [this](const QString &text) { writeText(text, true); })
    {}

    void run()
    {
        const MarkdownTree tree = parseMarkdown(m_source.markdown);
        cmark_iter *iter = cmark_iter_new(tree.get());
        for (cmark_event_type event = cmark_iter_next(iter); event != CMARK_EVENT_DONE;
             event = cmark_iter_next(iter)) {
            cmark_node *node = cmark_iter_get_node(iter);
            if (event == CMARK_EVENT_ENTER) {
                if (enter(node)) // an image's text is its alt text, not content
                    cmark_iter_reset(iter, node, CMARK_EVENT_EXIT);
            } else {
                leave(node);
            }
        }
        cmark_iter_free(iter);
        m_html.closeAll();
    }

private:
    struct List
    {
        bool ordered = false;
        int next = 1;
        bool outerTight = false;
    };

    // True if the node's children are to be skipped.
    bool enter(cmark_node *node)
    {
        switch (cmark_node_get_type(node)) {
        case CMARK_NODE_PARAGRAPH:
            if (!isParentOfType(node, "table_cell"))
                m_writer.startBlock();
            return false;
        case CMARK_NODE_HEADING:
            m_writer.startHeading(cmark_node_get_heading_level(node),
                                  anchorName(plainTextOf(node)));
            return false;
        case CMARK_NODE_BLOCK_QUOTE:
            m_writer.endBlock();
            m_writer.pushQuote();
            return false;
        case CMARK_NODE_LIST:
            enterList(node);
            return false;
        case CMARK_NODE_ITEM:
            enterItem(node);
            return false;
        case CMARK_NODE_CODE_BLOCK:
            enterCode(node);
            return false;
        case CMARK_NODE_HTML_BLOCK:
            // Formulas stay placeholders in its text: writeText() puts them in.
            m_html.write(tokenizeHtml(literalOf(node)).tokens);
            m_writer.endBlock();
            return false;
        case CMARK_NODE_THEMATIC_BREAK:
            m_writer.rule();
            return false;
        case CMARK_NODE_FOOTNOTE_DEFINITION:
            enterFootnote();
            return false;
        default:
            return enterInline(node);
        }
    }

    bool enterInline(cmark_node *node)
    {
        QTextCharFormat overlay;
        switch (cmark_node_get_type(node)) {
        case CMARK_NODE_TEXT:
            writeText(literalOf(node), false);
            return false;
        case CMARK_NODE_SOFTBREAK:
            m_writer.text(QStringLiteral(" "));
            return false;
        case CMARK_NODE_LINEBREAK:
            m_writer.lineBreak();
            return false;
        case CMARK_NODE_CODE:
            m_writer.codeSpan(restoreMath(literalOf(node), m_source.spans));
            return false;
        case CMARK_NODE_HTML_INLINE:
            m_html.write(tokenizeHtml(restoreMath(literalOf(node), m_source.spans)).tokens);
            return false;
        case CMARK_NODE_EMPH:
            overlay.setFontItalic(true);
            break;
        case CMARK_NODE_STRONG:
            overlay.setFontWeight(QFont::Bold);
            break;
        case CMARK_NODE_LINK:
            overlay = linkFormat(node);
            break;
        case CMARK_NODE_IMAGE:
            writeImage(node);
            return true;
        case CMARK_NODE_FOOTNOTE_REFERENCE:
            writeFootnoteMark(literalOf(node));
            return false;
        default:
            return enterExtension(node);
        }
        m_writer.pushFormat(overlay);
        return false;
    }

    bool enterExtension(cmark_node *node)
    {
        const QLatin1String type(cmark_node_get_type_string(node));
        if (type == QLatin1String("strikethrough")) {
            QTextCharFormat overlay;
            overlay.setFontStrikeOut(true);
            m_writer.pushFormat(overlay);
        } else if (type == QLatin1String("table")) {
            return !enterTable(node);
        } else if (type == QLatin1String("table_row") || type == QLatin1String("table_header")) {
            ++m_row;
            m_column = -1;
        } else if (type == QLatin1String("table_cell")) {
            ++m_column;
            enterCell();
        }
        return false;
    }

    void leave(cmark_node *node)
    {
        switch (cmark_node_get_type(node)) {
        case CMARK_NODE_PARAGRAPH:
            m_html.closeInline();
            m_writer.endBlock();
            return;
        case CMARK_NODE_HEADING:
            m_html.closeInline();
            m_writer.endHeading();
            return;
        case CMARK_NODE_BLOCK_QUOTE:
            m_writer.popQuote();
            return;
        case CMARK_NODE_LIST:
            m_writer.setTight(m_lists.back().outerTight);
            m_lists.pop_back();
            m_writer.popIndent();
            if (m_lists.empty())
                m_writer.gapBefore(10);
            return;
        case CMARK_NODE_ITEM:
            m_writer.setMarker({});
            m_writer.endBlock();
            return;
        case CMARK_NODE_EMPH:
        case CMARK_NODE_STRONG:
        case CMARK_NODE_LINK:
            m_writer.popFormat();
            return;
        case CMARK_NODE_FOOTNOTE_DEFINITION:
            m_writer.popIndent();
            return;
        default:
            break;
        }
        const QLatin1String type(cmark_node_get_type_string(node));
        if (type == QLatin1String("strikethrough")) {
            m_writer.popFormat();
        } else if (type == QLatin1String("table") && m_inTable) {
            m_writer.endTable();
            m_inTable = false;
        } else if (type == QLatin1String("table_cell") && m_inTable) {
            m_html.closeInline();
            m_writer.endCell();
        } else if (type == QLatin1String("tasklist")) { // an item with a check box
            m_writer.setMarker({});
            m_writer.endBlock();
        }
    }

    void enterList(cmark_node *node)
    {
        m_writer.endBlock();
        m_lists.push_back({cmark_node_get_list_type(node) == CMARK_ORDERED_LIST,
                           cmark_node_get_list_start(node), m_writer.isTight()});
        m_writer.setTight(cmark_node_get_list_tight(node));
        m_writer.pushIndent(26);
    }

    void enterItem(cmark_node *node)
    {
        m_writer.endBlock();
        if (m_lists.empty())
            return;
        List &list = m_lists.back();
        static const std::array bullets{TextDecoration::markerDisc, TextDecoration::markerCircle,
                                        TextDecoration::markerSquare};
        if (QLatin1String(cmark_node_get_type_string(node)) == QLatin1String("tasklist"))
            m_writer.setMarker(cmark_gfm_extensions_get_tasklist_item_checked(node)
                                   ? TextDecoration::markerChecked
                                   : TextDecoration::markerUnchecked);
        else if (list.ordered)
            m_writer.setMarker(QString::number(list.next++) + QLatin1Char('.'));
        else
            m_writer.setMarker(bullets[std::min<size_t>(m_lists.size(), 3) - 1]);
        if (!cmark_node_first_child(node))
            m_writer.startBlock(); // an empty item still shows its marker
    }

    void enterCode(cmark_node *node)
    {
        QString code = restoreMath(literalOf(node), m_source.spans);
        while (code.endsWith(QLatin1Char('\n')))
            code.chop(1);
        const QString info = QString::fromUtf8(cmark_node_get_fence_info(node));
        static const QRegularExpression stop(QStringLiteral("[\\s{,]"));
        m_writer.codeBlock(code, info.section(stop, 0, 0));
    }

    bool enterTable(cmark_node *node)
    {
        m_row = -1;
        m_columns = cmark_gfm_extensions_get_table_columns(node);
        m_alignments = cmark_gfm_extensions_get_table_alignments(node);
        int rows = 0;
        for (cmark_node *row = cmark_node_first_child(node); row; row = cmark_node_next(row))
            ++rows;
        m_writer.endBlock();
        m_inTable = m_writer.beginTable(rows, m_columns);
        return m_inTable;
    }

    void enterCell()
    {
        if (!m_inTable || m_column >= m_columns)
            return;
        const uint8_t align = m_alignments ? m_alignments[m_column] : 0;
        const Qt::Alignment alignment = align == 'r'   ? Qt::AlignRight
                                        : align == 'c' ? Qt::AlignHCenter
                                                       : Qt::AlignLeft;
        m_writer.beginCell(m_row, m_column, m_row == 0, alignment);
    }

    void enterFootnote()
    {
        m_writer.endBlock();
        if (m_footnotes++ == 0)
            m_writer.rule();
        m_writer.pushIndent(26);
        m_writer.setMarker(QString::number(m_footnotes) + QLatin1Char('.'));
        m_writer.anchor(QStringLiteral("fn-%1").arg(m_footnotes));
    }

    void writeFootnoteMark(const QString &number)
    {
        QTextCharFormat overlay;
        overlay.setVerticalAlignment(QTextCharFormat::AlignSuperScript);
        overlay.setAnchor(true);
        overlay.setAnchorHref(QStringLiteral("#fn-") + number);
        overlay.setForeground(m_writer.theme().link);
        m_writer.pushFormat(overlay);
        m_writer.text(number);
        m_writer.popFormat();
    }

    QTextCharFormat linkFormat(cmark_node *node) const
    {
        QTextCharFormat overlay;
        const QString url =
            restoreMath(QString::fromUtf8(cmark_node_get_url(node)), m_source.spans);
        if (!isAllowedLink(url))
            return overlay;
        overlay.setAnchor(true);
        overlay.setAnchorHref(url);
        overlay.setForeground(m_writer.theme().link);
        overlay.setToolTip(QString::fromUtf8(cmark_node_get_title(node)));
        return overlay;
    }

    void writeImage(cmark_node *node)
    {
        const QString alt = plainTextOf(node);
        QString note;
        const QString url =
            restoreMath(QString::fromUtf8(cmark_node_get_url(node)), m_source.spans);
        if (auto object = m_block.makeImage(url, alt, {}, &note))
            m_writer.object(std::move(object));
        else
            writeImageNote(m_writer, alt, note);
    }

    std::unique_ptr<InlineObject> htmlImage(const HtmlToken &image)
    {
        QString note;
        auto object = m_block.makeImage(image, &note);
        if (!object)
            writeImageNote(m_writer, image.attribute(QLatin1String("alt")), note);
        return object;
    }

    // Text with formulas in it. `html`: white space collapses.
    void writeText(const QString &text, bool html)
    {
        static const QString open = QString::fromUcs4(&mathOpen, 1);
        static const QString close = QString::fromUcs4(&mathClose, 1);
        const auto plain = [&](const QString &part) {
            if (html)
                m_writer.htmlText(part);
            else
                m_writer.text(part);
        };
        qsizetype at = 0;
        for (;;) {
            const qsizetype start = text.indexOf(open, at);
            const qsizetype end = start < 0 ? -1 : text.indexOf(close, start);
            if (end < 0)
                break;
            plain(text.mid(at, start - at));
            bool ok = false;
            const int index = text.mid(start + open.size(), end - start - open.size()).toInt(&ok);
            if (ok && index >= 0 && index < static_cast<int>(m_source.spans.size()))
                writeMath(m_source.spans[static_cast<size_t>(index)]);
            at = end + close.size();
        }
        plain(text.mid(at));
    }

    void writeMath(const MathSpan &span)
    {
        auto object = m_block.makeMath(span, m_macros, m_writer.format().font());
        if (!span.display) {
            m_writer.object(std::move(object));
            return;
        }
        int index = 0;
        m_writer.displayObject(std::move(object), &index);
    }

    const ExtractedMath &m_source;
    const QString &m_macros;
    RichTextWriter &m_writer;
    RichBlock &m_block;
    HtmlWriter m_html;
    std::vector<List> m_lists;
    int m_row = -1, m_column = -1, m_columns = 0;
    const uint8_t *m_alignments = nullptr;
    bool m_inTable = false;
    int m_footnotes = 0;
};

} // namespace

void writeMarkdown(const ExtractedMath &source, const QString &macros, RichTextWriter &writer,
                   RichBlock &block)
{
    Walker(source, macros, writer, block).run();
}

void writeImageNote(RichTextWriter &writer, const QString &alt, const QString &note)
{
    writer.text(alt);
    QTextCharFormat quiet;
    quiet.setForeground(writer.theme().textFaint);
    quiet.setFontItalic(true);
    writer.pushFormat(quiet);
    writer.text((alt.isEmpty() ? QString() : QStringLiteral(" ")) + QLatin1Char('[') + note +
                QLatin1Char(']'));
    writer.popFormat();
}

} // namespace farcell
