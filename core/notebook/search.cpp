#include "core/notebook/search.h"

#include "core/notebook/notebookdocument.h"

#include <QCoreApplication>

#include <algorithm>
#include <iterator>

namespace farcell {

namespace {

void collect(const QString &text, const QRegularExpression &pattern, const SearchHit &where,
             int limit, std::vector<SearchHit> &hits)
{
    QRegularExpressionMatchIterator matches = pattern.globalMatch(text);
    while (matches.hasNext() && static_cast<int>(hits.size()) < limit) {
        const QRegularExpressionMatch match = matches.next();
        if (match.capturedLength() == 0)
            continue;
        SearchHit hit = where;
        hit.position = static_cast<int>(match.capturedStart());
        hit.length = static_cast<int>(match.capturedLength());
        hit.fromEnd = static_cast<int>(text.size() - match.capturedStart());
        hits.push_back(hit);
    }
}

// The replacement with \n and $n filled in. "\\" and "$$" stand for themselves, \n and \t for a
// line break and a tab.
QString expanded(const QString &replacement, const QRegularExpressionMatch &match)
{
    QString result;
    for (qsizetype i = 0; i < replacement.size(); ++i) {
        const QChar c = replacement[i];
        const bool isMark = c == QLatin1Char('\\') || c == QLatin1Char('$');
        if (!isMark || i + 1 == replacement.size()) {
            result += c;
            continue;
        }
        const QChar next = replacement[++i];
        if (next.unicode() >= '0' && next.unicode() <= '9')
            result += match.captured(next.digitValue());
        else if (next == c)
            result += c;
        else if (c == QLatin1Char('\\') && next == QLatin1Char('n'))
            result += QLatin1Char('\n');
        else if (c == QLatin1Char('\\') && next == QLatin1Char('t'))
            result += QLatin1Char('\t');
        else
            result += QString(c) + next;
    }
    return result;
}

} // namespace

Result<QRegularExpression> patternOf(const SearchQuery &query)
{
    QString text = query.isRegex ? query.text : QRegularExpression::escape(query.text);
    if (query.wholeWords)
        text = QStringLiteral("(?<!\\w)(?:%1)(?!\\w)").arg(text);
    QRegularExpression::PatternOptions options =
        QRegularExpression::MultilineOption | QRegularExpression::UseUnicodePropertiesOption;
    if (!query.matchCase)
        options |= QRegularExpression::CaseInsensitiveOption;
    QRegularExpression pattern(text, options);
    if (!pattern.isValid())
        return fail(ErrorCode::InvalidData,
                    QCoreApplication::translate("Search", "The pattern is not valid: %1")
                        .arg(pattern.errorString()));
    return pattern;
}

QString searchableText(const Output &output)
{
    QString text;
    if (output.kind == OutputKind::Stream) {
        text = output.text;
    } else if (output.kind == OutputKind::Error) {
        text = output.traceback.isEmpty()
                   ? output.errorName + QStringLiteral(": ") + output.errorValue
                   : output.traceback.join(QLatin1Char('\n'));
    } else if (const JsonText *const plain = output.data.find(u"text/plain")) {
        text = plain->toMultilineString().value_or(QString());
    }
    if (text.contains(QChar(0x1b))) {
        static const QRegularExpression colours(QStringLiteral("\\x1b\\[[0-9;:?]*[ -/]*[@-~]"));
        text.remove(colours);
    }
    return text;
}

std::vector<SearchedCell> cellsToSearch(const NotebookDocument &document)
{
    std::vector<SearchedCell> cells;
    cells.reserve(static_cast<size_t>(document.cellCount()));
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        cells.push_back({cell.id, cell.source, cell.outputs});
    }
    return cells;
}

std::vector<SearchHit> findInNotebook(const NotebookDocument &document, const SearchQuery &query,
                                      int limit)
{
    return findInCells(cellsToSearch(document), query, limit);
}

std::vector<SearchHit> findInCells(const std::vector<SearchedCell> &cells, const SearchQuery &query,
                                   int limit, const std::atomic<bool> *cancelled)
{
    std::vector<SearchHit> hits;
    const Result<QRegularExpression> pattern = patternOf(query);
    if (!pattern || query.text.isEmpty())
        return hits;
    for (const SearchedCell &cell : cells) {
        if (static_cast<int>(hits.size()) >= limit)
            break;
        if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed))
            return {};
        SearchHit where;
        where.cell = cell.id;
        if (query.inSources)
            collect(cell.source, *pattern, where, limit, hits);
        if (!query.inOutputs)
            continue;
        where.place = SearchPlace::Output;
        for (const Output &output : cell.outputs.items()) {
            ++where.output;
            collect(searchableText(output), *pattern, where, limit, hits);
        }
    }
    return hits;
}

int replaceInNotebook(NotebookDocument &document, std::span<const SearchHit> hits,
                      const SearchQuery &query, const QString &replacement)
{
    const Result<QRegularExpression> pattern = patternOf(query);
    if (!pattern)
        return 0;
    std::vector<SearchHit> sorted;
    std::copy_if(hits.begin(), hits.end(), std::back_inserter(sorted),
                 [](const SearchHit &hit) { return hit.place == SearchPlace::Source; });
    // Back to front, so that positions stay right.
    std::stable_sort(sorted.begin(), sorted.end(), [](const SearchHit &a, const SearchHit &b) {
        return a.position > b.position;
    });
    int count = 0;
    document.beginMacro();
    for (const SearchHit &hit : sorted) {
        const Cell *const cell = document.findCell(hit.cell);
        if (cell == nullptr)
            continue;
        const QRegularExpressionMatch match =
            pattern->match(cell->source, hit.position, QRegularExpression::NormalMatch,
                           QRegularExpression::AnchorAtOffsetMatchOption);
        if (!match.hasMatch() || match.capturedLength() != hit.length)
            continue;
        const QString text = query.isRegex ? expanded(replacement, match) : replacement;
        document.editSource(hit.cell, hit.position, hit.length, text);
        ++count;
    }
    document.endMacro();
    return count;
}

} // namespace farcell
