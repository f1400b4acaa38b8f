#pragma once

#include "app/markdown/cssstyle.h"
#include "app/markdown/htmltokens.h"

#include <QString>

#include <vector>

namespace farcell {

// A table ready to be shown: text and looks of each cell, and where it stands. A value.
struct TableData
{
    struct Cell
    {
        QString text;
        CssStyle style;
        QString link;
        int row = 0, column = 0, rowSpan = 1, columnSpan = 1;
        bool header = false;
    };

    std::vector<Cell> cells;       // by row, then by column
    std::vector<size_t> rowStarts; // first cell of each row, and the end
    int rows = 0, columns = 0;
    int headerRows = 0;    // leading rows of headers only
    int headerColumns = 0; // leading columns that are headers in every body row
    int longestRowSpan = 1;
    int rowsCut = 0; // rows left out because there are too many
    QString caption;

    static constexpr int maxRows = 5000;
};

// Reads the table that starts after the <table> token at `from`; `end` becomes the index after it.
[[nodiscard]] TableData readTable(const std::vector<HtmlToken> &tokens, size_t from, size_t &end,
                                  const CssSheet &sheet);
// True if every cell holds text only, so that nothing is lost in a TableData.
[[nodiscard]] bool isPlainTable(const std::vector<HtmlToken> &tokens, size_t from);

} // namespace farcell
