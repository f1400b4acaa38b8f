#include "app/outputs/tablepart.h"

#include "app/theme/theme.h"

#include <QMimeData>
#include <QTextOption>
#include <QUrl>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

constexpr qreal padX = 10;
constexpr qreal padY = 4;
constexpr qreal widestColumn = 360; // longer text is wrapped
constexpr int judgedRows = 1000;    // later rows hardly change whether a column is of numbers

bool isNumber(const QString &text)
{
    if (text.isEmpty() || text == QLatin1String("NaN") || text == QLatin1String("…") ||
        text == QLatin1String("..."))
        return true;
    bool ok = false;
    QString plain = text;
    plain.remove(QLatin1Char(',')).remove(QLatin1Char('%')).remove(QLatin1Char('$'));
    plain.toDouble(&ok);
    return ok;
}

} // namespace

TablePart::TablePart(ThemeSource &theme, TableData data, QObject *parent)
    : OutputPart(parent)
    , m_theme(theme)
    , m_data(std::move(data))
    , m_numeric(static_cast<size_t>(m_data.columns), true)
{
    for (const Cell &cell : m_data.cells) {
        if (cell.row >= m_data.headerRows && !cell.header && cell.row < judgedRows &&
            m_numeric[static_cast<size_t>(cell.column)] && !isNumber(cell.text))
            m_numeric[static_cast<size_t>(cell.column)] = false;
    }
    measure();
}

QFont TablePart::fontOf(const Cell &cell) const
{
    QFont font = m_theme.theme().body;
    const bool strong = cell.style.bold.value_or(cell.header);
    font.setWeight(strong ? QFont::DemiBold : QFont::Normal);
    font.setItalic(cell.style.italic.value_or(false));
    font.setUnderline(cell.style.underline.value_or(false) || !cell.link.isEmpty());
    font.setStrikeOut(cell.style.strike.value_or(false));
    return font;
}

// The width of a cell's text, unwrapped.
qreal TablePart::textWidth(const Cell &cell, const QFontMetricsF &metrics)
{
    if (!cell.text.contains(QChar::LineSeparator))
        return metrics.horizontalAdvance(cell.text.left(400));
    qreal width = 0;
    for (const QString &line : cell.text.split(QChar::LineSeparator))
        width = std::max(width, metrics.horizontalAdvance(line.left(400)));
    return width;
}

void TablePart::measure()
{
    // Two fonts measure all cells; slanted and underlined text is as wide.
    Cell strongCell;
    strongCell.header = true;
    const QFontMetricsF strong(fontOf(strongCell));
    const QFontMetricsF plain(fontOf(Cell()));
    std::vector<qreal> natural;
    natural.reserve(m_data.cells.size());
    std::vector<qreal> widths(static_cast<size_t>(m_data.columns), 24);
    for (const Cell &cell : m_data.cells) {
        const bool bold = cell.style.bold.value_or(cell.header);
        natural.push_back(textWidth(cell, bold ? strong : plain));
        if (cell.columnSpan > 1)
            continue;
        qreal &width = widths[static_cast<size_t>(cell.column)];
        width = std::max(width, std::ceil(std::min(natural.back(), widestColumn) + 2 * padX + 2));
    }
    m_x.assign(1, 0);
    for (const qreal width : widths)
        m_x.push_back(m_x.back() + width);
    const qreal line = plain.height();
    std::vector<qreal> heights(static_cast<size_t>(m_data.rows), std::ceil(line + 2 * padY));
    for (size_t i = 0; i < m_data.cells.size(); ++i) {
        const Cell &cell = m_data.cells[i];
        const auto column = static_cast<size_t>(cell.column);
        const auto columnSpan = static_cast<size_t>(cell.columnSpan);
        const qreal room = m_x[column + columnSpan] - m_x[column] - 2 * padX;
        const bool fits = natural[i] <= room && !cell.text.contains(QChar::LineSeparator);
        if (fits || cell.rowSpan > 1)
            continue;
        const QRectF bounds = plain.boundingRect(
            QRectF(0, 0, room, 1e6), Qt::TextWordWrap | Qt::TextWrapAnywhere, cell.text);
        qreal &height = heights[static_cast<size_t>(cell.row)];
        height = std::max(height, std::ceil(std::min(bounds.height(), 12 * line) + 2 * padY));
    }
    m_y.assign(1, 0);
    for (const qreal height : heights)
        m_y.push_back(m_y.back() + height);
}

qreal TablePart::layout(qreal width)
{
    m_width = width;
    m_bar.setRange(m_x.back(), width);
    if (m_viewHeight <= 0)
        m_viewHeight = m_y.back();
    return m_y.back() + (m_bar.isNeeded() ? ScrollStrip::thickness + 2 : 1);
}

void TablePart::setViewport(qreal top, qreal height)
{
    m_viewTop = top;
    m_viewHeight = height;
}

QRectF TablePart::rectOf(const Cell &cell) const
{
    const auto column = static_cast<size_t>(cell.column);
    const auto row = static_cast<size_t>(cell.row);
    return {QPointF(m_x[column], m_y[row]),
            QPointF(m_x[column + static_cast<size_t>(cell.columnSpan)],
                    m_y[row + static_cast<size_t>(cell.rowSpan)])};
}

Qt::Alignment TablePart::alignmentOf(const Cell &cell) const
{
    const Qt::Alignment vertical = cell.rowSpan > 1 ? Qt::AlignTop : Qt::AlignVCenter;
    if (cell.style.align)
        return *cell.style.align | vertical;
    if (cell.column < m_data.headerColumns)
        return Qt::AlignLeft | vertical;
    if (cell.columnSpan > 1)
        return Qt::AlignHCenter | vertical;
    const bool numeric = m_numeric[static_cast<size_t>(cell.column)];
    return (numeric ? Qt::AlignRight : Qt::AlignLeft) | vertical;
}

// The index stays in view unless it would take most of it.
qreal TablePart::frozenWidth() const
{
    const qreal width = m_x[static_cast<size_t>(m_data.headerColumns)];
    return width < m_width * 0.5 ? width : 0;
}

qreal TablePart::frozenHeight() const
{
    const qreal height = m_y[static_cast<size_t>(m_data.headerRows)];
    return height < m_viewHeight * 0.6 ? height : 0;
}

qreal TablePart::stickyTop() const
{
    return std::clamp(m_viewTop, 0.0, std::max(0.0, m_y.back() - frozenHeight()));
}

QPoint TablePart::cellAt(QPointF pos) const
{
    const qreal x = pos.x() < frozenWidth() ? pos.x() : pos.x() + m_bar.value();
    const qreal y = pos.y() >= stickyTop() && pos.y() < stickyTop() + frozenHeight()
                        ? pos.y() - stickyTop()
                        : pos.y();
    const auto index = [](const std::vector<qreal> &edges, qreal at) {
        const auto next = std::upper_bound(edges.begin(), edges.end(), at);
        return std::clamp(static_cast<int>(next - edges.begin()) - 1, 0,
                          static_cast<int>(edges.size()) - 2);
    };
    if (m_data.rows == 0 || m_data.columns == 0)
        return {-1, -1};
    return {index(m_x, x), index(m_y, y)};
}

const TableData::Cell *TablePart::cellOf(QPoint at) const
{
    for (int row = at.y(); row >= 0 && row > at.y() - m_data.longestRowSpan; --row) {
        for (size_t i = m_data.rowStarts[static_cast<size_t>(row)];
             i < m_data.rowStarts[static_cast<size_t>(row) + 1]; ++i) {
            const Cell &cell = m_data.cells[i];
            if (at.x() >= cell.column && at.x() < cell.column + cell.columnSpan &&
                at.y() < cell.row + cell.rowSpan)
                return &cell;
        }
    }
    return nullptr;
}

QRect TablePart::selectedCells() const
{
    return hasSelection() ? QRect(m_anchor, m_caret).normalized() : QRect();
}

bool TablePart::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers)
{
    if (button != Qt::LeftButton)
        return false;
    if (m_bar.press(pos)) {
        emit repaintNeeded({});
        return true;
    }
    if (pos.x() > m_x.back() || pos.y() > m_y.back())
        return false;
    m_caret = cellAt(pos);
    if (!modifiers.testFlag(Qt::ShiftModifier) || m_anchor.x() < 0)
        m_anchor = m_caret;
    const Cell *cell = m_caret.x() >= 0 ? cellOf(m_caret) : nullptr;
    m_pressedLink = cell ? cell->link : QString();
    m_selecting = true;
    emit repaintNeeded({});
    return true;
}

bool TablePart::mouseMove(QPointF pos, Qt::MouseButtons buttons)
{
    if (m_bar.move(pos)) {
        emit repaintNeeded({});
        return true;
    }
    if (!m_selecting || !buttons.testFlag(Qt::LeftButton))
        return false;
    const QPoint caret = cellAt(pos);
    if (caret != m_caret) {
        m_caret = caret;
        m_pressedLink.clear();
        emit repaintNeeded({});
    }
    return true;
}

bool TablePart::mouseRelease(QPointF, Qt::MouseButton)
{
    if (m_bar.release())
        return true;
    if (!std::exchange(m_selecting, false))
        return false;
    if (!m_pressedLink.isEmpty())
        emit linkActivated(QUrl(m_pressedLink, QUrl::TolerantMode));
    return true;
}

bool TablePart::wheel(QPointF, QPoint pixelDelta, QPoint angleDelta)
{
    const QPointF pixels = wheelPixels(pixelDelta, angleDelta);
    if (std::abs(pixels.x()) <= std::abs(pixels.y()) || !m_bar.wheel(pixels.x()))
        return false;
    emit repaintNeeded({});
    return true;
}

Qt::CursorShape TablePart::cursorAt(QPointF pos) const
{
    if (m_bar.isNeeded() && m_bar.track().contains(pos))
        return Qt::ArrowCursor;
    const QPoint at = pos.x() > m_x.back() ? QPoint(-1, -1) : cellAt(pos);
    const Cell *cell = at.x() >= 0 ? cellOf(at) : nullptr;
    return cell && !cell->link.isEmpty() ? Qt::PointingHandCursor : Qt::ArrowCursor;
}

QString TablePart::toolTipAt(QPointF pos) const
{
    const QPoint at = cellAt(pos);
    const Cell *cell = at.x() >= 0 ? cellOf(at) : nullptr;
    return cell && cell->text.size() > 60 ? cell->text.left(2000) : QString();
}

void TablePart::clearSelection()
{
    m_anchor = m_caret = {-1, -1};
    emit repaintNeeded({});
}

void TablePart::selectAll()
{
    if (m_data.rows == 0 || m_data.columns == 0)
        return;
    m_anchor = {0, 0};
    m_caret = {m_data.columns - 1, m_data.rows - 1};
    emit repaintNeeded({});
}

QMimeData *TablePart::copySelection() const
{
    if (!hasSelection())
        return nullptr;
    const QRect area = selectedCells();
    QString text;
    QString html = QStringLiteral("<table>");
    for (int row = area.top(); row <= area.bottom(); ++row) {
        html += QStringLiteral("<tr>");
        for (int column = area.left(); column <= area.right(); ++column) {
            const Cell *cell = cellOf({column, row});
            const bool own = cell && cell->row == row && cell->column == column;
            QString value = own ? cell->text : QString();
            value.replace(QChar::LineSeparator, QLatin1Char(' '));
            text += (column > area.left() ? QStringLiteral("\t") : QString()) + value;
            html += QStringLiteral("<td>") + value.toHtmlEscaped() + QStringLiteral("</td>");
        }
        if (row < area.bottom())
            text += QLatin1Char('\n');
        html += QStringLiteral("</tr>");
    }
    auto *data = new QMimeData;
    data->setText(text);
    data->setHtml(html + QStringLiteral("</table>"));
    return data;
}

QString TablePart::plainText() const
{
    QString text;
    m_offsets.clear();
    for (size_t i = 0; i < m_data.cells.size(); ++i) {
        const Cell &cell = m_data.cells[i];
        if (i > 0)
            text += cell.row == m_data.cells[i - 1].row ? QLatin1Char('\t') : QLatin1Char('\n');
        m_offsets.emplace_back(text.size(), i);
        text += cell.text;
    }
    return text.replace(QChar::LineSeparator, QLatin1Char(' '));
}

void TablePart::setHighlights(const QList<std::pair<int, int>> &ranges, int current)
{
    if (m_offsets.empty() && !ranges.isEmpty())
        static_cast<void>(plainText());
    m_hits.clear();
    m_currentHit = current;
    for (const auto &[start, length] : ranges) {
        const auto next =
            std::upper_bound(m_offsets.begin(), m_offsets.end(), start,
                             [](int at, const auto &item) { return at < item.first; });
        m_hits.push_back(next == m_offsets.begin() ? 0 : (next - 1)->second);
    }
    emit repaintNeeded({});
}

QRectF TablePart::highlightRect(int index) const
{
    if (index < 0 || index >= static_cast<int>(m_hits.size()))
        return {};
    return rectOf(m_data.cells[m_hits[static_cast<size_t>(index)]]);
}

void TablePart::themeChanged()
{
    measure();
    emit heightChanged();
}

} // namespace farcell
