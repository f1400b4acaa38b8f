#pragma once

#include "app/blocks/scrollbox.h"
#include "app/outputs/outputpart.h"
#include "app/outputs/tabledata.h"

#include <QFont>
#include <QFontMetricsF>

namespace farcell {

class ThemeSource;

// A table of an HTML output, a DataFrame above all: header and index stay while the rest scrolls,
// quiet stripes, the colours of pandas' Styler, cells selected like in a spreadsheet. GUI thread.
class TablePart : public OutputPart
{
    Q_OBJECT
public:
    TablePart(ThemeSource &theme, TableData data, QObject *parent = nullptr);

    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    void setViewport(qreal top, qreal height) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    bool mouseMove(QPointF pos, Qt::MouseButtons buttons) override;
    bool mouseRelease(QPointF pos, Qt::MouseButton button) override;
    bool wheel(QPointF pos, QPoint pixelDelta, QPoint angleDelta) override;
    [[nodiscard]] Qt::CursorShape cursorAt(QPointF pos) const override;
    [[nodiscard]] QString toolTipAt(QPointF pos) const override;
    [[nodiscard]] bool hasSelection() const override { return m_anchor.x() >= 0; }
    void clearSelection() override;
    void selectAll() override;
    [[nodiscard]] QMimeData *copySelection() const override;
    [[nodiscard]] QString plainText() const override;
    void setHighlights(const QList<std::pair<int, int>> &ranges, int current) override;
    [[nodiscard]] QRectF highlightRect(int index) const override;
    void themeChanged() override;

private:
    using Cell = TableData::Cell;

    void measure();
    [[nodiscard]] static qreal textWidth(const Cell &cell, const QFontMetricsF &metrics);
    [[nodiscard]] QFont fontOf(const Cell &cell) const;
    [[nodiscard]] QRectF rectOf(const Cell &cell) const; // without any scrolling
    [[nodiscard]] Qt::Alignment alignmentOf(const Cell &cell) const;
    [[nodiscard]] qreal frozenWidth() const;
    [[nodiscard]] qreal frozenHeight() const;
    [[nodiscard]] qreal stickyTop() const;          // where the header is drawn now
    [[nodiscard]] QPoint cellAt(QPointF pos) const; // column, row; (-1, -1) outside
    [[nodiscard]] const Cell *cellOf(QPoint at) const;
    [[nodiscard]] QRect selectedCells() const;
    void paintRows(QPainter &painter, const QRectF &area, int firstRow, int lastRow, bool frozen,
                   qreal shiftX, qreal shiftY);
    void paintCell(QPainter &painter, const Cell &cell, const QRectF &rect);
    void paintCellBack(QPainter &painter, const Cell &cell, const QRectF &rect);
    [[nodiscard]] QColor inkOf(const Cell &cell) const;

    ThemeSource &m_theme;
    TableData m_data;
    std::vector<qreal> m_x, m_y; // edges of columns and rows
    std::vector<bool> m_numeric; // columns of numbers are aligned right
    ScrollStrip m_bar{Qt::Horizontal};
    qreal m_width = 0;
    qreal m_viewTop = 0, m_viewHeight = 0;
    QPoint m_anchor{-1, -1}, m_caret{-1, -1};
    bool m_selecting = false;
    QString m_pressedLink;
    std::vector<size_t> m_hits; // cells
    int m_currentHit = -1;
    mutable std::vector<std::pair<qsizetype, size_t>> m_offsets; // of cells in plainText()
};

} // namespace farcell
