#pragma once

#include <QList>
#include <QString>

namespace farcell {

// How well `pattern` fits `text` when its letters may be spread over it: higher is better, 0 is
// no match. Starts of words and runs of letters count more. `positions`: what to emphasise.
struct FuzzyMatch
{
    int score = 0;
    QList<int> positions;
};
[[nodiscard]] FuzzyMatch fuzzyMatch(const QString &pattern, const QString &text);

} // namespace farcell
