#pragma once

#include "app/blocks/inlineobjects.h"

#include <QTextCursor>
#include <QTextDocument>
#include <QTextTable>

#include <algorithm>
#include <memory>
#include <vector>

namespace farcell {

struct Theme;

// Writes structured text into a QTextDocument with the app's look: paragraphs, headings, lists,
// quotes, code, tables. Markdown and HTML both go through it. Used once, while building.
//
// Nesting (quotes, lists) is kept in block formats, not in frames, so depth costs nothing.
class RichTextWriter
{
public:
    RichTextWriter(QTextDocument &document, InlineObjects &objects, const Theme &theme);

    [[nodiscard]] const Theme &theme() const { return m_theme; }
    [[nodiscard]] QTextCharFormat format() const { return m_formats.back(); }
    [[nodiscard]] bool atBlockStart() const;
    [[nodiscard]] qreal indent() const { return m_indents.back(); }

    // --- text inside a paragraph
    void text(const QString &text);
    void htmlText(const QString &text); // white space collapses as in HTML
    void lineBreak();
    int object(std::unique_ptr<InlineObject> object);
    void pushFormat(const QTextCharFormat &overlay);
    void popFormat();
    void codeSpan(const QString &code);
    void anchor(const QString &name); // marks the next text

    // --- paragraphs
    void startBlock(qreal before = 0, qreal after = 10);
    void endBlock() { m_open = false; }
    void startHeading(int level, const QString &anchorName);
    void endHeading();
    void rule();
    void codeBlock(const QString &code, const QString &language);
    void displayObject(std::unique_ptr<InlineObject> object, int *index);

    // --- nesting
    void pushIndent(qreal pixels);
    void popIndent();
    void pushQuote();
    void popQuote();
    // At least this much space before the next paragraph.
    void gapBefore(qreal pixels) { m_gap = std::max(m_gap, pixels); }
    void setMarker(const QString &marker) { m_marker = marker; }
    void setTight(bool tight) { m_tight = tight; }
    [[nodiscard]] bool isTight() const { return m_tight; }
    void pushAlignment(Qt::Alignment alignment) { m_alignments.push_back(alignment); }
    void popAlignment();

    // --- tables
    bool beginTable(int rows, int columns); // false: too deep or empty, write the text plainly
    void beginCell(int row, int column, bool header, Qt::Alignment alignment,
                   const QColor &background = {});
    void mergeCells(int row, int column, int rowSpan, int columnSpan);
    void endCell();
    void endTable();

private:
    void insertBlock(QTextBlockFormat format);
    [[nodiscard]] QTextBlockFormat blockFormat(qreal before, qreal after) const;

    QTextDocument &m_document;
    InlineObjects &m_objects;
    const Theme &m_theme;
    QTextCursor m_cursor;
    std::vector<QTextCharFormat> m_formats;
    std::vector<qreal> m_indents{0};
    std::vector<qreal> m_quotes; // x of the bars
    std::vector<Qt::Alignment> m_alignments{Qt::AlignLeft};
    QString m_marker;
    QString m_anchor;
    bool m_open = false; // text goes into the current block
    bool m_fresh = true; // the current block is empty and unused
    bool m_tight = false;
    qreal m_gap = 0;
    QTextTableCellFormat m_cellFormat; // of the open cell; set when it is complete
    QTextTableCell m_cell;
    struct OpenTable
    {
        QTextTable *table = nullptr;
        std::vector<qreal> indents, quotes;
        bool tight = false;
    };
    std::vector<OpenTable> m_tables;
};

} // namespace farcell
