#include "app/shell/fuzzy.h"

namespace farcell {

namespace {

bool startsWord(const QString &text, qsizetype at)
{
    if (at == 0)
        return true;
    const QChar before = text.at(at - 1);
    return !before.isLetterOrNumber() || (before.isLower() && text.at(at).isUpper());
}

// Letters from `at` on, greedily, preferring the start of a word for each.
FuzzyMatch matchFrom(const QString &pattern, const QString &text, qsizetype at)
{
    FuzzyMatch match;
    for (const QChar wanted : pattern) {
        if (wanted.isSpace())
            continue;
        qsizetype found = -1;
        for (qsizetype i = at; i < text.size(); ++i) {
            if (text.at(i).toCaseFolded() != wanted.toCaseFolded())
                continue;
            const bool runs = !match.positions.isEmpty() && i == match.positions.last() + 1;
            if (found < 0 || runs || startsWord(text, i))
                found = i;
            if (runs || startsWord(text, i))
                break;
        }
        if (found < 0)
            return {};
        const bool runs = !match.positions.isEmpty() && found == match.positions.last() + 1;
        match.score += startsWord(text, found) ? 8 : (runs ? 6 : 1);
        match.positions.append(int(found));
        at = found + 1;
    }
    return match;
}

} // namespace

FuzzyMatch fuzzyMatch(const QString &pattern, const QString &text)
{
    const QString wanted = pattern.trimmed();
    if (wanted.isEmpty())
        return {1, {}};
    const qsizetype whole = text.indexOf(wanted, 0, Qt::CaseInsensitive);
    if (whole >= 0) {
        FuzzyMatch match;
        match.score = 1000 - int(qMin<qsizetype>(whole, 100)) + (startsWord(text, whole) ? 200 : 0);
        for (qsizetype i = 0; i < wanted.size(); ++i)
            match.positions.append(int(whole + i));
        return match;
    }
    FuzzyMatch best;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text.at(i).toCaseFolded() != wanted.front().toCaseFolded())
            continue;
        FuzzyMatch match = matchFrom(wanted, text, i);
        if (match.score > best.score)
            best = match;
    }
    return best;
}

} // namespace farcell
