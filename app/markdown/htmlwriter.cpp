#include "app/markdown/htmlwriter.h"

#include "app/blocks/contrast.h"
#include "app/blocks/inlineobjects.h"
#include "app/blocks/textdecorations.h"
#include "app/markdown/cssstyle.h"
#include "app/markdown/htmltable.h"
#include "app/markdown/richtextwriter.h"
#include "app/theme/theme.h"

#include <algorithm>
#include <array>

namespace farcell {

namespace {

constexpr size_t maxOpen = 256; // deeper nesting is written flat

bool isOneOf(const QString &name, std::initializer_list<const char *> names)
{
    return std::any_of(names.begin(), names.end(),
                       [&name](const char *other) { return name == QLatin1String(other); });
}

bool isVoid(const QString &name)
{
    return isOneOf(name, {"br", "hr", "img", "input", "wbr", "col", "source", "track"});
}

std::optional<Qt::Alignment> alignmentOf(const HtmlToken &token)
{
    const QString align = token.attribute(QLatin1String("align")).toLower();
    if (align == QLatin1String("center") || token.name == QLatin1String("center"))
        return Qt::AlignHCenter;
    if (align == QLatin1String("right"))
        return Qt::AlignRight;
    if (align == QLatin1String("left") || align == QLatin1String("justify"))
        return Qt::AlignLeft;
    return std::nullopt;
}

} // namespace

HtmlWriter::HtmlWriter(RichTextWriter &writer, ImageMaker images, TextWriter text)
    : m_writer(writer)
    , m_images(std::move(images))
    , m_text(std::move(text))
{}

void HtmlWriter::write(const std::vector<HtmlToken> &tokens)
{
    write(tokens, 0, tokens.size());
}

void HtmlWriter::write(const std::vector<HtmlToken> &tokens, size_t from, size_t to)
{
    for (size_t i = from; i < to; ++i) {
        const HtmlToken &token = tokens[i];
        if (token.isStart(QLatin1String("table")) && m_hiddenDepth == 0) {
            i = writeTable(tokens, i + 1, to) - 1;
            continue;
        }
        if (token.kind == HtmlToken::Kind::Text)
            writeText(token);
        else if (token.kind == HtmlToken::Kind::Start)
            start(token);
        else
            end(token.name);
    }
}

void HtmlWriter::writeText(const HtmlToken &token)
{
    if (m_hiddenDepth > 0)
        return;
    if (m_preDepth > 0) {
        QString text = token.text;
        m_writer.text(text.replace(QLatin1Char('\n'), QChar::LineSeparator));
    } else {
        m_text(token.text);
    }
}

void HtmlWriter::start(const HtmlToken &token)
{
    const QString &name = token.name;
    const QString anchor =
        token.attribute(QLatin1String("id")) +
        (name == QLatin1String("a") ? token.attribute(QLatin1String("name")) : QString());
    if (!anchor.isEmpty() && m_hiddenDepth == 0)
        m_writer.anchor(anchor);
    if (m_hiddenDepth == 0) {
        if (name == QLatin1String("br")) {
            m_writer.lineBreak();
        } else if (name == QLatin1String("hr")) {
            m_writer.rule();
        } else if (name == QLatin1String("img")) {
            if (auto object = m_images(token))
                m_writer.object(std::move(object));
        } else if (name == QLatin1String("input") &&
                   token.attribute(QLatin1String("type")) == QLatin1String("checkbox")) {
            bool checked = false;
            for (const auto &[key, value] : token.attributes)
                checked = checked || key == QLatin1String("checked");
            m_writer.text(checked ? QStringLiteral("☑ ") : QStringLiteral("☐ "));
        }
    }
    if (isVoid(name) || m_open.size() >= maxOpen)
        return;
    Open open;
    open.name = name;
    const CssStyle style = parseCssDeclarations(token.attribute(QLatin1String("style")));
    bool hiddenAttribute = false;
    for (const auto &[key, value] : token.attributes)
        hiddenAttribute = hiddenAttribute || key == QLatin1String("hidden");
    open.hidden = style.hidden.value_or(false) || hiddenAttribute ||
                  isOneOf(name, {"select", "option", "button", "textarea", "datalist"});
    if (open.hidden)
        ++m_hiddenDepth;
    if (m_hiddenDepth == 0) {
        applyStyle(token, open);
        if (!startInline(token, open))
            startBlockElement(token, open);
    }
    m_open.push_back(std::move(open));
}

QColor HtmlWriter::readable(const QColor &ink, const CssStyle &style) const
{
    const QColor page = m_writer.theme().surface;
    return readableOn(ink, style.background ? blended(*style.background, page) : page);
}

void HtmlWriter::applyStyle(const HtmlToken &token, Open &open)
{
    const CssStyle style = parseCssDeclarations(token.attribute(QLatin1String("style")));
    QTextCharFormat overlay;
    if (style.color)
        overlay.setForeground(readable(*style.color, style));
    if (style.background)
        overlay.setBackground(*style.background);
    // Text on a colour that its author chose was meant for a light page.
    if (style.background && !style.color && m_writer.theme().dark &&
        style.background->lightnessF() > 0.6F)
        overlay.setForeground(QColor(0x1f, 0x20, 0x24));
    if (style.bold)
        overlay.setFontWeight(*style.bold ? QFont::Bold : QFont::Normal);
    if (style.italic)
        overlay.setFontItalic(*style.italic);
    if (style.underline)
        overlay.setFontUnderline(*style.underline);
    if (style.strike)
        overlay.setFontStrikeOut(*style.strike);
    if (style.fontSize || style.monospace.value_or(false)) {
        QFont font =
            style.monospace.value_or(false) ? m_writer.theme().code : m_writer.format().font();
        if (style.fontSize)
            font.setPixelSize(static_cast<int>(*style.fontSize));
        overlay.setFont(font);
    }
    if (overlay.propertyCount() > 0) {
        m_writer.pushFormat(overlay);
        open.format = true;
    }
    const auto alignment = style.align ? style.align : alignmentOf(token);
    if (alignment && token.name != QLatin1String("img")) {
        m_writer.pushAlignment(*alignment);
        open.alignment = true;
    }
}

// Inline elements; true if it was one.
bool HtmlWriter::startInline(const HtmlToken &token, Open &open)
{
    const QString &name = token.name;
    QTextCharFormat overlay;
    const Theme &theme = m_writer.theme();
    if (isOneOf(name, {"b", "strong"})) {
        overlay.setFontWeight(QFont::Bold);
    } else if (isOneOf(name, {"i", "em", "cite", "dfn", "var", "address"})) {
        overlay.setFontItalic(true);
    } else if (isOneOf(name, {"u", "ins"})) {
        overlay.setFontUnderline(true);
    } else if (isOneOf(name, {"s", "del", "strike"})) {
        overlay.setFontStrikeOut(true);
    } else if (name == QLatin1String("sub")) {
        overlay.setVerticalAlignment(QTextCharFormat::AlignSubScript);
    } else if (name == QLatin1String("sup")) {
        overlay.setVerticalAlignment(QTextCharFormat::AlignSuperScript);
    } else if (name == QLatin1String("mark")) {
        overlay.setBackground(theme.warningSoft);
    } else if (isOneOf(name, {"code", "kbd", "samp", "tt"})) {
        QFont font = theme.code;
        font.setPixelSize(std::max(8, m_writer.format().font().pixelSize() - 1));
        overlay.setFont(font);
        if (m_preDepth == 0)
            overlay.setProperty(TextDecoration::Pill, name == QLatin1String("kbd") ? 2 : 1);
    } else if (isOneOf(name, {"small", "big"})) {
        QFont font = m_writer.format().font();
        font.setPixelSize(std::max(8, font.pixelSize() + (name == QLatin1String("big") ? 3 : -2)));
        overlay.setFont(font);
    } else if (name == QLatin1String("font")) {
        if (const auto color = parseCssColor(token.attribute(QLatin1String("color"))))
            overlay.setForeground(readable(*color, {}));
        static constexpr std::array sizes{14, 10, 12, 14, 17, 21, 28, 40};
        const int size = token.attribute(QLatin1String("size")).toInt();
        if (size >= 1 && size <= 7) {
            QFont font = m_writer.format().font();
            font.setPixelSize(sizes.at(static_cast<size_t>(size)));
            overlay.setFont(font);
        }
    } else if (name == QLatin1String("a")) {
        const QString href = token.attribute(QLatin1String("href"));
        if (!href.isEmpty()) {
            overlay.setAnchor(true);
            overlay.setAnchorHref(href);
            overlay.setForeground(theme.link);
        }
        overlay.setToolTip(token.attribute(QLatin1String("title")));
    } else if (!isOneOf(name, {"span", "q", "abbr", "acronym", "bdi", "bdo", "label", "nobr",
                               "time", "output", "meter", "progress", "map", "area", "picture"})) {
        return false;
    }
    if (overlay.propertyCount() > 0) {
        if (open.format) { // a style came first: both go with the element
            QTextCharFormat both = overlay;
            both.merge(m_writer.format());
            m_writer.popFormat();
            both = m_writer.format();
            both.merge(overlay);
            const CssStyle style = parseCssDeclarations(token.attribute(QLatin1String("style")));
            if (style.color)
                both.setForeground(readable(*style.color, style));
            if (style.background)
                both.setBackground(*style.background);
            m_writer.pushFormat(both);
        } else {
            m_writer.pushFormat(overlay);
            open.format = true;
        }
    }
    return true;
}

void HtmlWriter::startBlockElement(const HtmlToken &token, Open &open)
{
    const QString &name = token.name;
    open.block = true;
    if (name.size() == 2 && name[0] == QLatin1Char('h') && name[1].isDigit()) {
        m_writer.startHeading(name[1].digitValue(), token.attribute(QLatin1String("id")));
        return;
    }
    m_writer.endBlock();
    if (name == QLatin1String("blockquote")) {
        m_writer.pushQuote();
        open.quote = true;
    } else if (isOneOf(name, {"ul", "ol", "dl"})) {
        m_lists.push_back({name == QLatin1String("ol"),
                           std::max(1, token.attribute(QLatin1String("start")).toInt())});
        m_writer.pushIndent(26);
        open.indent = open.list = true;
    } else if (name == QLatin1String("li")) {
        if (!m_lists.empty() && m_lists.back().ordered)
            m_writer.setMarker(QString::number(m_lists.back().next++) + QLatin1Char('.'));
        else
            m_writer.setMarker(m_lists.size() < 2 ? TextDecoration::markerDisc
                                                  : TextDecoration::markerCircle);
        m_writer.startBlock(0, 3);
    } else if (name == QLatin1String("dd")) {
        m_writer.pushIndent(26);
        open.indent = true;
    } else if (name == QLatin1String("summary") || name == QLatin1String("dt") ||
               name == QLatin1String("caption")) {
        QTextCharFormat bold;
        bold.setFontWeight(QFont::DemiBold);
        m_writer.pushFormat(bold);
        open.format = true;
    } else if (name == QLatin1String("pre")) {
        ++m_preDepth;
        QTextCharFormat code;
        code.setFont(m_writer.theme().code);
        m_writer.pushFormat(code);
        open.format = true;
        m_writer.startBlock(4, 10);
    } else if (name == QLatin1String("p")) {
        m_writer.startBlock();
    }
}

void HtmlWriter::end(const QString &name)
{
    const auto found = std::find_if(m_open.rbegin(), m_open.rend(),
                                    [&name](const Open &open) { return open.name == name; });
    if (found == m_open.rend())
        return;
    const auto keep = static_cast<size_t>(m_open.rend() - found) - 1;
    while (m_open.size() > keep) {
        const Open open = std::move(m_open.back());
        m_open.pop_back();
        close(open);
    }
}

void HtmlWriter::close(const Open &open)
{
    if (open.hidden)
        --m_hiddenDepth;
    const bool heading = open.name.size() == 2 && open.name[0] == QLatin1Char('h') &&
                         open.name[1].isDigit() && open.block;
    if (heading)
        m_writer.endHeading();
    if (open.quote)
        m_writer.popQuote();
    if (open.list && !m_lists.empty())
        m_lists.pop_back();
    if (open.list && m_lists.empty())
        m_writer.gapBefore(10);
    if (open.indent)
        m_writer.popIndent();
    if (open.name == QLatin1String("pre") && open.block)
        --m_preDepth;
    if (open.format)
        m_writer.popFormat();
    if (open.alignment)
        m_writer.popAlignment();
    if (open.block && !heading) {
        m_writer.setMarker({});
        m_writer.endBlock();
    }
}

void HtmlWriter::closeAll()
{
    while (!m_open.empty()) {
        const Open open = std::move(m_open.back());
        m_open.pop_back();
        close(open);
    }
}

void HtmlWriter::closeInline()
{
    while (!m_open.empty() && !m_open.back().block) {
        const Open open = std::move(m_open.back());
        m_open.pop_back();
        close(open);
    }
}

size_t HtmlWriter::writeTable(const std::vector<HtmlToken> &tokens, size_t from, size_t to)
{
    size_t end = from;
    const std::vector<HtmlTableCell> cells = readHtmlTable(tokens, from, end);
    int rows = 0;
    int columns = 0;
    for (const HtmlTableCell &cell : cells) {
        rows = std::max(rows, cell.row + 1);
        columns = std::max(columns, cell.column + cell.columnSpan);
    }
    m_writer.endBlock();
    if (!m_writer.beginTable(rows, columns)) {
        for (const HtmlTableCell &cell : cells) {
            write(tokens, cell.from, cell.to);
            m_writer.endBlock();
        }
        return std::min(end, to);
    }
    for (const HtmlTableCell &cell : cells) {
        if (cell.columnSpan > 1 || cell.rowSpan > 1)
            m_writer.mergeCells(cell.row, cell.column, std::min(cell.rowSpan, rows - cell.row),
                                cell.columnSpan);
        const CssStyle style = parseCssDeclarations(cell.tag.attribute(QLatin1String("style")));
        const auto given = style.align ? style.align : alignmentOf(cell.tag);
        m_writer.beginCell(cell.row, cell.column, cell.header,
                           given.value_or(cell.header ? Qt::AlignHCenter : Qt::AlignLeft),
                           style.background.value_or(QColor()));
        const std::vector<Open> outer = std::exchange(m_open, {});
        write(tokens, cell.from, cell.to);
        closeAll();
        m_open = outer;
        m_writer.endCell();
    }
    m_writer.endTable();
    return std::min(end, to);
}

} // namespace farcell
