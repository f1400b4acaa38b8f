#include "app/markdown/richtextwriter.h"

#include "app/blocks/textdecorations.h"
#include "app/markdown/codehighlight.h"
#include "app/theme/theme.h"

#include <QTextBlock>
#include <QTextTable>

#include <algorithm>
#include <array>

namespace farcell {

namespace {

constexpr int maxNesting = 12; // deeper quotes and lists are indented no further
constexpr int maxTableDepth = 3;
constexpr int maxCells = 200'000;
constexpr qreal quoteStep = 16;
constexpr qreal lineDistance = 5; // extra pixels between lines

int bodyPixels(const Theme &theme)
{
    return std::max(1, theme.body.pixelSize()) + 1; // text to read, not a control's label
}

QColor colorOf(CodeSpan::Kind kind, const Theme &theme)
{
    switch (kind) {
    case CodeSpan::Kind::Keyword:
        return theme.syntax.keyword;
    case CodeSpan::Kind::Builtin:
        return theme.syntax.builtin;
    case CodeSpan::Kind::String:
        return theme.syntax.string;
    case CodeSpan::Kind::Number:
        return theme.syntax.number;
    case CodeSpan::Kind::Comment:
        return theme.syntax.comment;
    case CodeSpan::Kind::Function:
        return theme.syntax.function;
    case CodeSpan::Kind::Decorator:
        return theme.syntax.decorator;
    case CodeSpan::Kind::Magic:
        return theme.syntax.magic;
    }
    return theme.syntax.plain;
}

} // namespace

RichTextWriter::RichTextWriter(QTextDocument &document, InlineObjects &objects, const Theme &theme)
    : m_document(document)
    , m_objects(objects)
    , m_theme(theme)
    , m_cursor(&document)
{
    QFont font = theme.body;
    font.setPixelSize(bodyPixels(theme));
    document.setDefaultFont(font);
    QTextCharFormat base;
    base.setFont(font);
    m_formats.push_back(base);
}

bool RichTextWriter::atBlockStart() const
{
    return !m_open || m_cursor.atBlockStart();
}

QTextBlockFormat RichTextWriter::blockFormat(qreal before, qreal after) const
{
    QTextBlockFormat format;
    format.setTopMargin(before);
    format.setBottomMargin(m_tight ? 3 : after);
    format.setLeftMargin(m_indents.back());
    format.setLineHeight(lineDistance, QTextBlockFormat::LineDistanceHeight);
    format.setAlignment(m_alignments.back());
    if (!m_quotes.empty()) {
        QVariantList bars;
        for (const qreal x : m_quotes)
            bars.append(x);
        format.setProperty(TextDecoration::QuoteBars, bars);
    }
    return format;
}

void RichTextWriter::insertBlock(QTextBlockFormat format)
{
    format.setTopMargin(std::max(format.topMargin(), std::exchange(m_gap, 0)));
    if (!m_marker.isEmpty())
        format.setProperty(TextDecoration::Marker, std::exchange(m_marker, {}));
    if (m_fresh) {
        m_cursor.setBlockFormat(format);
        m_cursor.setBlockCharFormat(m_formats.back());
        m_cursor.setCharFormat(m_formats.back());
        m_fresh = false;
    } else {
        m_cursor.insertBlock(format, m_formats.back());
    }
    m_open = true;
}

void RichTextWriter::startBlock(qreal before, qreal after)
{
    insertBlock(blockFormat(before, after));
}

void RichTextWriter::text(const QString &text)
{
    if (text.isEmpty())
        return;
    if (!m_open)
        startBlock();
    QTextCharFormat format = m_formats.back();
    if (!m_anchor.isEmpty()) {
        format.setAnchorNames({std::exchange(m_anchor, {})});
        m_cursor.insertText(text.left(1), format);
        m_cursor.insertText(text.mid(1), m_formats.back());
        return;
    }
    m_cursor.insertText(text, format);
}

void RichTextWriter::htmlText(const QString &source)
{
    QString collapsed;
    bool space = false;
    for (const QChar c : source) {
        const bool blank = c == QLatin1Char(' ') || c == QLatin1Char('\n') ||
                           c == QLatin1Char('\t') || c == QLatin1Char('\r') ||
                           c == QLatin1Char('\f');
        if (!blank) {
            if (space)
                collapsed += QLatin1Char(' ');
            collapsed += c;
        }
        space = blank;
    }
    if (space)
        collapsed += QLatin1Char(' ');
    const bool atStart = atBlockStart();
    if (atStart && collapsed.startsWith(QLatin1Char(' ')))
        collapsed.remove(0, 1);
    if (atStart && collapsed.trimmed().isEmpty())
        return;
    text(collapsed);
}

void RichTextWriter::lineBreak()
{
    if (!m_open)
        startBlock();
    m_cursor.insertText(QString(QChar::LineSeparator), m_formats.back());
}

int RichTextWriter::object(std::unique_ptr<InlineObject> object)
{
    if (!m_open)
        startBlock();
    return m_objects.insert(m_cursor, std::move(object), m_formats.back());
}

void RichTextWriter::displayObject(std::unique_ptr<InlineObject> object, int *index)
{
    // A paragraph that was only opened for this formula becomes its line.
    m_fresh = m_fresh || (m_open && m_cursor.atBlockStart());
    endBlock();
    pushAlignment(Qt::AlignHCenter);
    const bool tight = std::exchange(m_tight, false);
    startBlock(4, 12);
    m_tight = tight;
    *index = m_objects.insert(m_cursor, std::move(object), m_formats.back());
    popAlignment();
    m_open = false;
}

void RichTextWriter::pushFormat(const QTextCharFormat &overlay)
{
    QTextCharFormat format = m_formats.back();
    format.merge(overlay);
    m_formats.push_back(format);
}

void RichTextWriter::popFormat()
{
    if (m_formats.size() > 1)
        m_formats.pop_back();
}

void RichTextWriter::codeSpan(const QString &code)
{
    QTextCharFormat format;
    QFont font = m_theme.code;
    font.setBold(m_formats.back().font().bold());
    font.setItalic(m_formats.back().font().italic());
    const int around = m_formats.back().font().pixelSize();
    font.setPixelSize(std::max(8, around - (around > 16 ? 2 : 1)));
    format.setFont(font);
    format.setProperty(TextDecoration::Pill, 1);
    pushFormat(format);
    text(code);
    popFormat();
}

void RichTextWriter::anchor(const QString &name)
{
    m_anchor = name;
}

void RichTextWriter::startHeading(int level, const QString &anchorName)
{
    static constexpr std::array scale{1.86, 1.5, 1.25, 1.1, 1.0, 0.93};
    const auto index = static_cast<size_t>(std::clamp(level, 1, 6) - 1);
    QTextCharFormat overlay;
    QFont font = m_formats.back().font();
    font.setPixelSize(static_cast<int>(std::lround(bodyPixels(m_theme) * scale[index])));
    font.setWeight(level <= 2 ? QFont::Bold : QFont::DemiBold);
    overlay.setFont(font);
    if (level == 6)
        overlay.setForeground(m_theme.textMuted);
    pushFormat(overlay);
    const bool first = m_fresh && m_document.isEmpty();
    const bool tight = std::exchange(m_tight, false);
    QTextBlockFormat format = blockFormat(first ? 2 : level <= 2 ? 20 : 16, level <= 2 ? 12 : 8);
    m_tight = tight;
    format.setLineHeight(3, QTextBlockFormat::LineDistanceHeight);
    format.setHeadingLevel(level);
    insertBlock(format);
    anchor(anchorName);
}

void RichTextWriter::endHeading()
{
    m_anchor.clear();
    popFormat();
    endBlock();
}

void RichTextWriter::rule()
{
    QTextBlockFormat format = blockFormat(6, 10);
    format.setProperty(TextDecoration::Rule, true);
    insertBlock(format);
    endBlock();
}

void RichTextWriter::codeBlock(const QString &code, const QString &language)
{
    const bool tight = std::exchange(m_tight, false);
    QTextBlockFormat format = blockFormat(24, 26);
    m_tight = tight;
    format.setLeftMargin(m_indents.back() + 14);
    format.setRightMargin(14);
    format.setAlignment(Qt::AlignLeft);
    format.setProperty(TextDecoration::BoxLeft, m_indents.back());
    format.setLineHeight(3, QTextBlockFormat::LineDistanceHeight);
    QTextCharFormat plain;
    plain.setFont(m_theme.code);
    plain.setForeground(m_theme.syntax.plain);
    m_formats.push_back(plain);
    insertBlock(format);
    QString shown = code;
    shown.replace(QLatin1Char('\t'), QStringLiteral("    "));
    const std::vector<CodeSpan> spans = highlightCode(shown, language);
    shown.replace(QLatin1Char('\n'), QChar::LineSeparator);
    int at = 0;
    for (const CodeSpan &span : spans) {
        m_cursor.insertText(shown.mid(at, span.start - at), plain);
        QTextCharFormat colored = plain;
        colored.setForeground(colorOf(span.kind, m_theme));
        colored.setFontItalic(span.kind == CodeSpan::Kind::Comment);
        m_cursor.insertText(shown.mid(span.start, span.length), colored);
        at = span.start + span.length;
    }
    m_cursor.insertText(shown.mid(at), plain);
    m_formats.pop_back();
    endBlock();
}

void RichTextWriter::pushIndent(qreal pixels)
{
    const bool deep = m_indents.size() > maxNesting;
    m_indents.push_back(m_indents.back() + (deep ? 0 : pixels));
}

void RichTextWriter::popIndent()
{
    if (m_indents.size() > 1)
        m_indents.pop_back();
}

void RichTextWriter::pushQuote()
{
    if (m_quotes.size() < maxNesting)
        m_quotes.push_back(m_indents.back() + 2);
    else
        m_quotes.push_back(m_quotes.back());
    pushIndent(quoteStep);
    QTextCharFormat overlay;
    overlay.setForeground(m_theme.textMuted);
    pushFormat(overlay);
}

void RichTextWriter::popQuote()
{
    if (!m_quotes.empty())
        m_quotes.pop_back();
    popIndent();
    popFormat();
    endBlock();
}

void RichTextWriter::popAlignment()
{
    if (m_alignments.size() > 1)
        m_alignments.pop_back();
}

bool RichTextWriter::beginTable(int rows, int columns)
{
    if (rows < 1 || columns < 1 || rows > maxCells / columns || m_tables.size() >= maxTableDepth)
        return false;
    QTextTableFormat format;
    format.setBorder(0);
    format.setBorderCollapse(true);
    format.setCellPadding(0);
    format.setCellSpacing(0);
    format.setTopMargin(4);
    format.setBottomMargin(20);
    format.setLeftMargin(m_indents.back());
    if (m_alignments.back() & Qt::AlignHCenter)
        format.setAlignment(Qt::AlignHCenter);
    if (!m_fresh)
        m_cursor.insertBlock(QTextBlockFormat(), m_formats.front());
    QTextTable *table = m_cursor.insertTable(rows, columns, format);
    m_tables.push_back(
        {table, std::exchange(m_indents, {0}), std::exchange(m_quotes, {}), m_tight});
    m_tight = false;
    return true;
}

void RichTextWriter::beginCell(int row, int column, bool header, Qt::Alignment alignment,
                               const QColor &background)
{
    QTextTable *table = m_tables.back().table;
    QTextTableCell cell = table->cellAt(row, column);
    QTextTableCellFormat format;
    format.setLeftPadding(10);
    format.setRightPadding(10);
    format.setTopPadding(5);
    format.setBottomPadding(5);
    format.setBottomBorder(header ? 1.5 : 0.5);
    format.setBottomBorderStyle(QTextFrameFormat::BorderStyle_Solid);
    format.setBottomBorderBrush(header ? m_theme.borderStrong : m_theme.border);
    format.setVerticalAlignment(QTextCharFormat::AlignMiddle);
    if (background.isValid())
        format.setBackground(background);
    // Set last: a cell's format lives in the same place as its first paragraph's.
    m_cellFormat = format;
    m_cell = cell;
    m_cursor = cell.firstCursorPosition();
    m_alignments.push_back(alignment);
    QTextCharFormat overlay;
    if (header)
        overlay.setFontWeight(QFont::DemiBold);
    pushFormat(overlay);
    m_fresh = true;
    m_open = false;
    QTextBlockFormat block = blockFormat(0, 0);
    block.setLineHeight(2, QTextBlockFormat::LineDistanceHeight);
    insertBlock(block);
}

void RichTextWriter::mergeCells(int row, int column, int rowSpan, int columnSpan)
{
    m_tables.back().table->mergeCells(row, column, rowSpan, columnSpan);
}

void RichTextWriter::endCell()
{
    m_cell.setFormat(m_cellFormat);
    popFormat();
    popAlignment();
    m_open = false;
}

void RichTextWriter::endTable()
{
    OpenTable open = std::move(m_tables.back());
    m_tables.pop_back();
    m_cursor = open.table->lastCursorPosition();
    m_cursor.movePosition(QTextCursor::NextCharacter);
    m_indents = std::move(open.indents);
    m_quotes = std::move(open.quotes);
    m_tight = open.tight;
    // The empty block after a table takes the next paragraph; alone it must have no height.
    QTextCharFormat tiny;
    QFont font = m_formats.front().font();
    font.setPixelSize(1);
    tiny.setFont(font);
    m_cursor.setBlockCharFormat(tiny);
    gapBefore(8);
    m_fresh = true;
    m_open = false;
}

} // namespace farcell
