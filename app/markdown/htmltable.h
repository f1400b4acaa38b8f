#pragma once

#include "app/markdown/htmltokens.h"

#include <vector>

namespace farcell {

// A cell of an HTML table: where its content is among the tokens, and what it covers.
struct HtmlTableCell
{
    HtmlToken tag;
    size_t from = 0, to = 0;
    int row = 0, column = 0, rowSpan = 1, columnSpan = 1;
    bool header = false;
};

// Reads rows and cells from after a <table> up to its </table>; `end` becomes the index after it.
// Tables inside cells belong to their cell.
[[nodiscard]] std::vector<HtmlTableCell> readHtmlTable(const std::vector<HtmlToken> &tokens,
                                                       size_t from, size_t &end);

} // namespace farcell
