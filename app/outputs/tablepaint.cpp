// The painting half of TablePart.
#include "app/outputs/tablepart.h"

#include "app/blocks/contrast.h"
#include "app/theme/theme.h"

#include <QPainter>

#include <algorithm>

namespace farcell {

namespace {

constexpr qreal padX = 10;
constexpr qreal padY = 4;

} // namespace

void TablePart::paint(QPainter &painter, const QRectF &exposed)
{
    if (m_data.rows == 0 || m_data.columns == 0)
        return;
    const Theme &theme = m_theme.theme();
    const auto rowAt = [this](qreal y) {
        const auto next = std::upper_bound(m_y.begin(), m_y.end(), y);
        return std::clamp(static_cast<int>(next - m_y.begin()) - 1, 0, m_data.rows - 1);
    };
    const qreal top = std::max(0.0, exposed.top());
    const int first = std::max(m_data.headerRows, rowAt(top) - m_data.longestRowSpan + 1);
    const int last = rowAt(exposed.bottom());
    const qreal frozenX = frozenWidth();
    const qreal head = m_y[static_cast<size_t>(m_data.headerRows)];
    const qreal sticky = frozenHeight() > 0 ? stickyTop() : 0;
    const qreal shownWidth = std::min(m_width, m_x.back());
    const QRectF body(frozenX, sticky + head, shownWidth - frozenX, m_y.back() - sticky - head);
    const QRectF index(0, body.top(), frozenX, body.height());

    painter.save();
    paintRows(painter, body, first, last, false, -m_bar.value(), 0);
    if (frozenX > 0)
        paintRows(painter, index, first, last, true, 0, 0);
    if (m_data.headerRows > 0) {
        const QRectF headBody(frozenX, sticky, body.width(), head);
        paintRows(painter, headBody, 0, m_data.headerRows - 1, false, -m_bar.value(), sticky);
        if (frozenX > 0)
            paintRows(painter, QRectF(0, sticky, frozenX, head), 0, m_data.headerRows - 1, true, 0,
                      sticky);
        painter.fillRect(QRectF(0, sticky + head - 1, shownWidth, 1), theme.borderStrong);
    }
    painter.fillRect(QRectF(0, m_y.back(), shownWidth, 1), theme.border);
    if (frozenX > 0 && m_bar.value() > 0)
        painter.fillRect(QRectF(frozenX - 1, sticky, 1, m_y.back() - sticky), theme.border);
    painter.restore();
    if (m_bar.isNeeded()) {
        const qreal bottom = std::min(m_y.back() + ScrollStrip::thickness + 2,
                                      m_viewTop + std::max(m_viewHeight, 60.0));
        m_bar.setTrack(QRectF(frozenX, bottom - ScrollStrip::thickness, m_width - frozenX - 12,
                              ScrollStrip::thickness));
        m_bar.paint(painter, theme);
    }
}

// Paints the cells of some rows that belong to the frozen or the scrolling columns.
void TablePart::paintRows(QPainter &painter, const QRectF &area, int firstRow, int lastRow,
                          bool frozen, qreal shiftX, qreal shiftY)
{
    if (area.isEmpty() || firstRow > lastRow)
        return;
    const Theme &theme = m_theme.theme();
    painter.save();
    painter.setClipRect(area, Qt::IntersectClip);
    painter.fillRect(area, theme.surface);
    for (int row = firstRow; row <= lastRow; ++row) {
        const auto at = static_cast<size_t>(row);
        const bool stripe = row >= m_data.headerRows && (row - m_data.headerRows) % 2 == 1;
        if (stripe) {
            QColor tint = theme.surfaceSunken;
            tint.setAlphaF(0.55F);
            painter.fillRect(
                QRectF(area.left(), m_y[at] + shiftY, area.width(), m_y[at + 1] - m_y[at]), tint);
        }
    }
    const int frozenColumns = frozenWidth() > 0 ? m_data.headerColumns : 0;
    for (int row = firstRow; row <= lastRow; ++row) {
        for (size_t i = m_data.rowStarts[static_cast<size_t>(row)];
             i < m_data.rowStarts[static_cast<size_t>(row) + 1]; ++i) {
            const Cell &cell = m_data.cells[i];
            if ((cell.column < frozenColumns) != frozen)
                continue;
            const QRectF rect = rectOf(cell).translated(shiftX, shiftY);
            if (rect.right() < area.left() || rect.left() > area.right())
                continue;
            paintCellBack(painter, cell, rect);
            const auto hit = std::find(m_hits.begin(), m_hits.end(), i);
            if (hit != m_hits.end())
                painter.fillRect(rect, hit - m_hits.begin() == m_currentHit ? theme.findHitCurrent
                                                                            : theme.findHit);
            paintCell(painter, cell, rect);
        }
    }
    painter.restore();
}

void TablePart::paintCellBack(QPainter &painter, const Cell &cell, const QRectF &rect)
{
    const Theme &theme = m_theme.theme();
    if (cell.style.background)
        painter.fillRect(rect, *cell.style.background);
    if (cell.style.barFraction > 0)
        painter.fillRect(QRectF(rect.left(), rect.top() + 2, rect.width() * cell.style.barFraction,
                                rect.height() - 4),
                         cell.style.barColor);
    if (hasSelection() &&
        selectedCells().intersects(QRect(cell.column, cell.row, cell.columnSpan, cell.rowSpan)))
        painter.fillRect(rect, theme.selection);
    // Groups of a MultiIndex are told apart by a hairline.
    if (cell.rowSpan > 1 && cell.row > m_data.headerRows)
        painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), 1), theme.border);
}

QColor TablePart::inkOf(const Cell &cell) const
{
    const Theme &theme = m_theme.theme();
    QColor paper = theme.surface;
    if (cell.style.background)
        paper = blended(*cell.style.background, paper);
    if (cell.style.color) // with a background of its own the author chose both
        return cell.style.background ? *cell.style.color : readableOn(*cell.style.color, paper);
    if (!cell.link.isEmpty())
        return readableOn(theme.link, paper);
    if (cell.style.background && contrast(theme.text, paper) < 4)
        return paper.lightnessF() > 0.5F ? QColor(0x1c, 0x1d, 0x21) : QColor(0xf4, 0xf4, 0xf6);
    if (cell.header && cell.column < m_data.headerColumns && cell.row >= m_data.headerRows)
        return theme.textMuted;
    return theme.text;
}

void TablePart::paintCell(QPainter &painter, const Cell &cell, const QRectF &rect)
{
    if (cell.text.isEmpty())
        return;
    painter.setFont(fontOf(cell));
    painter.setPen(inkOf(cell));
    const QRectF inner = rect.adjusted(padX, padY, -padX, -padY);
    painter.drawText(inner,
                     static_cast<int>(alignmentOf(cell)) | Qt::TextWordWrap | Qt::TextWrapAnywhere,
                     cell.text);
}

} // namespace farcell
