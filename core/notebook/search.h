#pragma once

#include "core/base/result.h"
#include "core/notebook/cell.h"

#include <QRegularExpression>
#include <QString>

#include <atomic>
#include <span>
#include <vector>

namespace farcell {

class NotebookDocument;

struct SearchQuery
{
    QString text;
    bool matchCase = false;
    bool wholeWords = false;
    bool isRegex = false;
    bool inSources = true;
    bool inOutputs = false; // streams, tracebacks and text/plain; never replaced
};

// The pattern that a query means. Error: what is wrong with the regular expression.
[[nodiscard]] Result<QRegularExpression> patternOf(const SearchQuery &query);

enum class SearchPlace
{
    Source,
    Output
};

struct SearchHit
{
    CellId cell;
    SearchPlace place = SearchPlace::Source;
    int output = -1;  // which output of the cell
    int position = 0; // UTF-16 units in the source, or in searchableText() of the output
    int length = 0;
    int fromEnd = 0; // of an output: from the position to the end of that text
};

// What is searched of a cell; shares its texts with the document, so that another thread can search
// while the document changes.
struct SearchedCell
{
    CellId id;
    QString source;
    OutputList outputs;
};
[[nodiscard]] std::vector<SearchedCell> cellsToSearch(const NotebookDocument &document);

// The text of an output that is searched, as a view shows it: without terminal colours.
[[nodiscard]] QString searchableText(const Output &output);

// Hits in document order: a cell's source, then its outputs. Empty matches are no hits. Stops at
// `limit` hits.
[[nodiscard]] std::vector<SearchHit> findInNotebook(const NotebookDocument &document,
                                                    const SearchQuery &query, int limit = 100'000);
// The same on any thread; nothing once `cancelled`.
[[nodiscard]] std::vector<SearchHit> findInCells(const std::vector<SearchedCell> &cells,
                                                 const SearchQuery &query, int limit = 100'000,
                                                 const std::atomic<bool> *cancelled = nullptr);

// Replaces hits in sources, as one undo step; hits whose text is no longer a match are left
// alone. With a regular expression \1 … \9 and $1 … $9 stand for groups, \0 and $0 for the match.
// Returns how many were replaced.
int replaceInNotebook(NotebookDocument &document, std::span<const SearchHit> hits,
                      const SearchQuery &query, const QString &replacement);

} // namespace farcell
