#include "app/markdown/htmltable.h"

#include <QSet>

#include <algorithm>

namespace farcell {

namespace {

int spanOf(const HtmlToken &token, QLatin1String name)
{
    return std::clamp(token.attribute(name).toInt(), 1, 1000);
}

} // namespace

std::vector<HtmlTableCell> readHtmlTable(const std::vector<HtmlToken> &tokens, size_t from,
                                         size_t &end)
{
    std::vector<HtmlTableCell> cells;
    QSet<qint64> taken;
    int depth = 1;
    int row = -1;
    int column = 0;
    bool inCell = false;
    const auto closeCell = [&](size_t at) {
        if (inCell)
            cells.back().to = at;
        inCell = false;
    };
    size_t i = from;
    for (; i < tokens.size() && depth > 0; ++i) {
        const HtmlToken &token = tokens[i];
        if (token.name == QLatin1String("table"))
            depth += token.kind == HtmlToken::Kind::Start ? 1 : -1;
        if (depth > 1 || token.kind == HtmlToken::Kind::Text)
            continue;
        const bool cellTag = token.name == QLatin1String("td") || token.name == QLatin1String("th");
        if (depth == 0 || token.name == QLatin1String("tr") || cellTag)
            closeCell(i);
        if (token.isStart(QLatin1String("tr"))) {
            ++row;
            column = 0;
        } else if (cellTag && token.kind == HtmlToken::Kind::Start) {
            row = std::max(row, 0);
            while (taken.contains(qint64(row) << 20 | column))
                ++column;
            HtmlTableCell cell{token, i + 1, i + 1, row, column, 1, 1, false};
            cell.rowSpan = spanOf(token, QLatin1String("rowspan"));
            cell.columnSpan = spanOf(token, QLatin1String("colspan"));
            cell.header = token.name == QLatin1String("th");
            for (int r = 0; r < cell.rowSpan && cell.rowSpan * cell.columnSpan < 10'000; ++r)
                for (int c = 0; c < cell.columnSpan; ++c)
                    taken.insert(qint64(row + r) << 20 | (column + c));
            column += cell.columnSpan;
            cells.push_back(std::move(cell));
            inCell = true;
        }
    }
    closeCell(i);
    end = i;
    return cells;
}

} // namespace farcell
