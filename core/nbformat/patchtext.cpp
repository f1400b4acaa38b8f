// Replacing JSON values in a file so that whatever stays the same keeps its spelling.
#include "core/nbformat/cellwriter.h"

#include <QHash>

#include <algorithm>

namespace farcell::nbformat {

using json::cut;
using json::Member;
using json::Span;

namespace {

QByteArray decodedKey(QByteArrayView text, const Member &member)
{
    QByteArray key;
    json::decodeUtf8(cut(text, member.key), key);
    return key;
}

QByteArray newMember(QByteArrayView key, QByteArrayView value, const Layout &layout,
                     const QByteArray &base)
{
    QByteArray text;
    json::respellString(key, layout.strings, text);
    text += layout.colon;
    appendFormatted(value, layout, base, text);
    return text;
}

// Where a key that the object did not have goes.
size_t placeFor(const QByteArray &key, const std::vector<QByteArray> &keys, const Layout &layout)
{
    if (!layout.sortedKeys)
        return keys.size();
    return static_cast<size_t>(
        std::find_if(keys.begin(), keys.end(), [&key](const QByteArray &k) { return k > key; }) -
        keys.begin());
}

} // namespace

void appendPatchedObject(QByteArrayView old, QByteArrayView next, const Layout &layout,
                         const QByteArray &base, QByteArray &out)
{
    const std::vector<Member> before = json::membersOf(old);
    const std::vector<Member> after = json::membersOf(next);
    if (before.empty() || next.isEmpty() || next.front() != '{' || after.empty()) {
        appendFormatted(next, layout, base, out);
        return;
    }
    const Sequence sequence = Sequence::ofObject(old, before, layout, base);
    Layout inner = layout;
    inner.multiline = layout.multiline && sequence.isMultiline();
    const QByteArray indent = sequence.partIndent();

    QHash<QByteArray, QByteArrayView> wanted;
    for (const Member &member : after)
        wanted.insert(decodedKey(next, member), cut(next, member.value));
    QHash<QByteArray, size_t> lastOf; // only the last of doubled keys counts, and is changed
    for (size_t i = 0; i < before.size(); ++i)
        lastOf.insert(decodedKey(old, before[i]), i);

    std::vector<Sequence::Part> parts;
    std::vector<QByteArray> keys;
    for (size_t i = 0; i < before.size(); ++i) {
        const QByteArray key = decodedKey(old, before[i]);
        const auto found = wanted.constFind(key);
        if (found == wanted.constEnd())
            continue;
        Sequence::Part part{static_cast<int>(i), {}, {}};
        const QByteArrayView value = cut(old, before[i].value);
        if (lastOf.value(key) == i && value != *found) {
            part.text = cut(old, {before[i].key.begin, before[i].value.begin}).toByteArray();
            if (value.front() == '{')
                appendPatchedObject(value, *found, inner, indent, part.text);
            else
                appendFormatted(*found, inner, indent, part.text);
        }
        parts.push_back(std::move(part));
        keys.push_back(key);
    }
    for (const Member &member : after) {
        const QByteArray key = decodedKey(next, member);
        if (lastOf.contains(key) || std::find(keys.begin(), keys.end(), key) != keys.end())
            continue;
        const auto at = static_cast<qsizetype>(placeFor(key, keys, layout));
        parts.insert(parts.begin() + at,
                     {-1, newMember(cut(next, member.key), wanted.value(key), inner, indent)});
        keys.insert(keys.begin() + at, key);
    }
    sequence.append(parts, out);
}

void appendPatchedLines(QByteArrayView old, QStringView text, const Layout &layout,
                        const QByteArray &base, QByteArray &out)
{
    const std::vector<Span> items = json::itemsOf(old);
    const bool plain = std::all_of(items.begin(), items.end(),
                                   [old](const Span &item) { return old[item.begin] == '"'; });
    const std::vector<QStringView> lines = splitLines(text, layout);
    if (!plain || lines.empty()) {
        appendText(text, true, layout, base, out);
        return;
    }
    const auto isSame = [&](size_t item, size_t line) {
        return json::decodeString(cut(old, items[item])) == lines[line];
    };
    const size_t shorter = std::min(items.size(), lines.size());
    size_t head = 0;
    while (head < shorter && isSame(head, head))
        ++head;
    size_t tail = 0;
    while (tail < shorter - head && isSame(items.size() - 1 - tail, lines.size() - 1 - tail))
        ++tail;
    std::vector<Sequence::Part> parts;
    for (size_t i = 0; i < lines.size(); ++i) {
        Sequence::Part part;
        if (i < head) {
            part.original = static_cast<int>(i);
        } else if (i >= lines.size() - tail) {
            part.original = static_cast<int>(i + items.size() - lines.size());
        } else {
            part.text = QByteArray("");
            json::encodeString(lines[i], layout.strings, part.text);
        }
        parts.push_back(std::move(part));
    }
    Sequence(old, items, layout, base).append(parts, out);
}

} // namespace farcell::nbformat
