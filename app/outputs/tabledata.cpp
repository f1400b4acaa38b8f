#include "app/outputs/tabledata.h"

#include "app/markdown/htmltable.h"

#include <algorithm>

namespace farcell {

namespace {

constexpr int maxColumns = 2000;
constexpr qsizetype maxCellText = 20'000;

// The text between two tokens, white space collapsed, line breaks where the HTML has them.
QString textOf(const std::vector<HtmlToken> &tokens, size_t from, size_t to, TableData::Cell &cell)
{
    QString text;
    for (size_t i = from; i < to && text.size() < maxCellText; ++i) {
        const HtmlToken &token = tokens[i];
        if (token.kind == HtmlToken::Kind::Text)
            text += token.text;
        else if (token.isStart(QLatin1String("br")) || token.isEnd(QLatin1String("p")) ||
                 token.isEnd(QLatin1String("div")) || token.isEnd(QLatin1String("li")))
            text += QChar::LineSeparator;
        else if (token.isStart(QLatin1String("a")))
            cell.link = token.attribute(QLatin1String("href"));
        else if (token.isStart(QLatin1String("b")) || token.isStart(QLatin1String("strong")))
            cell.style.bold = true;
        else if (token.isStart(QLatin1String("i")) || token.isStart(QLatin1String("em")))
            cell.style.italic = true;
    }
    QString lines;
    for (const QString &line : text.split(QChar::LineSeparator)) {
        const QString simple = line.simplified();
        if (!simple.isEmpty())
            lines += (lines.isEmpty() ? QString() : QString(QChar::LineSeparator)) + simple;
    }
    return lines;
}

void countHeaders(TableData &table)
{
    for (int row = 0; row < table.rows; ++row) {
        const auto first = table.cells.begin() +
                           static_cast<std::ptrdiff_t>(table.rowStarts[static_cast<size_t>(row)]);
        const auto last = table.cells.begin() + static_cast<std::ptrdiff_t>(
                                                    table.rowStarts[static_cast<size_t>(row) + 1]);
        const bool all = first != last && std::all_of(first, last, [](const TableData::Cell &cell) {
                             return cell.header;
                         });
        if (!all)
            break;
        table.headerRows = row + 1;
    }
    if (table.headerRows == table.rows) // a table of headers has no header
        table.headerRows = 0;
    std::vector<int> headers(static_cast<size_t>(table.columns), 0);
    for (const TableData::Cell &cell : table.cells) {
        if (cell.header && cell.row >= table.headerRows && cell.columnSpan == 1)
            headers[static_cast<size_t>(cell.column)] += cell.rowSpan;
    }
    const int body = table.rows - table.headerRows;
    while (table.headerColumns < table.columns && table.headerColumns < 4 &&
           headers[static_cast<size_t>(table.headerColumns)] >= body && body > 0)
        ++table.headerColumns;
}

} // namespace

TableData readTable(const std::vector<HtmlToken> &tokens, size_t from, size_t &end,
                    const CssSheet &sheet)
{
    TableData table;
    const std::vector<HtmlTableCell> source = readHtmlTable(tokens, from, end);
    for (size_t i = from; i < end; ++i) {
        if (!tokens[i].isStart(QLatin1String("caption")))
            continue;
        TableData::Cell unused;
        size_t close = i + 1;
        while (close < end && !tokens[close].isEnd(QLatin1String("caption")))
            ++close;
        table.caption = textOf(tokens, i + 1, close, unused);
        break;
    }
    int lastRow = -1;
    for (const HtmlTableCell &origin : source) {
        if (origin.row >= TableData::maxRows) {
            table.rowsCut = std::max(table.rowsCut, origin.row - TableData::maxRows + 1);
            continue;
        }
        if (origin.column >= maxColumns)
            continue;
        TableData::Cell cell;
        cell.style = sheet.styleOf(origin.tag);
        if (cell.style.hidden.value_or(false))
            continue;
        cell.text = textOf(tokens, origin.from, origin.to, cell);
        cell.row = origin.row;
        cell.column = origin.column;
        cell.rowSpan = std::min(origin.rowSpan, TableData::maxRows - origin.row);
        cell.columnSpan = std::min(origin.columnSpan, maxColumns - origin.column);
        cell.header = origin.header;
        for (; lastRow < cell.row; ++lastRow)
            table.rowStarts.push_back(table.cells.size());
        table.rows = std::max(table.rows, cell.row + 1);
        table.columns = std::max(table.columns, cell.column + cell.columnSpan);
        table.longestRowSpan = std::max(table.longestRowSpan, cell.rowSpan);
        table.cells.push_back(std::move(cell));
    }
    table.rowStarts.push_back(table.cells.size());
    for (TableData::Cell &cell : table.cells)
        cell.rowSpan = std::min(cell.rowSpan, table.rows - cell.row);
    countHeaders(table);
    return table;
}

bool isPlainTable(const std::vector<HtmlToken> &tokens, size_t from)
{
    for (size_t i = from; i < tokens.size(); ++i) {
        const HtmlToken &token = tokens[i];
        if (token.isEnd(QLatin1String("table")))
            return true;
        if (token.isStart(QLatin1String("table")) || token.isStart(QLatin1String("img")) ||
            token.isStart(QLatin1String("ul")) || token.isStart(QLatin1String("pre")) ||
            token.isStart(QLatin1String("progress")))
            return false;
    }
    return true;
}

} // namespace farcell
