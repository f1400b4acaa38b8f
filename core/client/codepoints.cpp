#include "core/client/codepoints.h"

namespace farcell {

namespace {

// How many UTF-16 units the code point at `index` takes.
int unitsAt(QStringView text, int index)
{
    const bool isPair = text[index].isHighSurrogate() && index + 1 < text.size() &&
                        text[index + 1].isLowSurrogate();
    return isPair ? 2 : 1;
}

} // namespace

int codePointPosition(QStringView text, int utf16Position)
{
    int points = 0;
    int index = 0;
    while (index < text.size()) {
        const int units = unitsAt(text, index);
        if (index + units > utf16Position)
            break;
        index += units;
        ++points;
    }
    return points;
}

int utf16Position(QStringView text, int codePointPosition)
{
    int index = 0;
    for (int point = 0; point < codePointPosition && index < text.size(); ++point)
        index += unitsAt(text, index);
    return index;
}

} // namespace farcell
