#include "app/editor/textmap.h"

namespace farcell {

namespace {

constexpr unsigned char continuationMask = 0xC0;
constexpr unsigned char continuation = 0x80;
constexpr unsigned char fourByteLead = 0xF0;

bool isContinuation(char c)
{
    return (static_cast<unsigned char>(c) & continuationMask) == continuation;
}

int unitsOfLead(char c)
{
    return static_cast<unsigned char>(c) >= fourByteLead ? 2 : 1;
}

bool hasLoneSurrogate(QStringView text)
{
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (!text[i].isSurrogate())
            continue;
        const bool pair =
            text[i].isHighSurrogate() && i + 1 < text.size() && text[i + 1].isLowSurrogate();
        if (!pair)
            return true;
        ++i;
    }
    return false;
}

} // namespace

QByteArray toEditorText(QStringView text)
{
    if (!hasLoneSurrogate(text))
        return text.toUtf8();
    QString repaired = text.toString();
    for (qsizetype i = 0; i < repaired.size(); ++i) {
        if (!repaired[i].isSurrogate())
            continue;
        const bool pair = repaired[i].isHighSurrogate() && i + 1 < repaired.size() &&
                          repaired[i + 1].isLowSurrogate();
        if (pair)
            ++i;
        else
            repaired[i] = QChar::ReplacementCharacter;
    }
    return repaired.toUtf8();
}

QString fromEditorText(const char *utf8, qsizetype length)
{
    return QString::fromUtf8(utf8, length);
}

int utf16Length(const char *utf8, qsizetype length)
{
    int units = 0;
    for (qsizetype i = 0; i < length; ++i) {
        if (!isContinuation(utf8[i]))
            units += unitsOfLead(utf8[i]);
    }
    return units;
}

qsizetype byteOffset(const char *utf8, qsizetype length, int utf16Position)
{
    int units = 0;
    for (qsizetype i = 0; i < length; ++i) {
        if (isContinuation(utf8[i]))
            continue;
        if (units + unitsOfLead(utf8[i]) > utf16Position)
            return i;
        units += unitsOfLead(utf8[i]);
    }
    return length;
}

} // namespace farcell
