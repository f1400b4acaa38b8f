#include "core/nbformat/cellwriter.h"

#include <QHash>

#include <algorithm>
#include <array>
#include <utility>

namespace farcell::nbformat {

using json::cut;
using json::Member;
using json::Span;

namespace {

constexpr std::array<QByteArrayView, 7> knownKeys{
    "\"attachments\"", "\"cell_type\"", "\"execution_count\"", "\"id\"",
    "\"metadata\"",    "\"outputs\"",   "\"source\""};

bool isKnown(QByteArrayView key)
{
    return std::find(knownKeys.begin(), knownKeys.end(), key) != knownKeys.end();
}

bool isSameText(const QString &a, const QString &b)
{
    return a.constData() == b.constData() ? a.size() == b.size() : a == b;
}

bool sameOutputs(const OutputList &a, const OutputList &b)
{
    return a.isSameAs(b) || (a.isEmpty() && b.isEmpty());
}

QByteArrayView rawMember(const Cell &cell, QByteArrayView wanted)
{
    QByteArrayView found;
    if (!cell.origin)
        return found;
    const QByteArray &raw = cell.origin->raw;
    for (const Member &member : json::membersOf(raw)) {
        if (cut(raw, member.key) == wanted)
            found = cut(raw, member.value);
    }
    return found;
}

// Keys of the cell in the order the file's own cells have them.
void putInOrder(std::vector<QByteArrayView> &keys, const std::vector<QByteArray> &model,
                bool sorted)
{
    if (sorted) {
        std::sort(keys.begin(), keys.end(),
                  [](QByteArrayView a, QByteArrayView b) { return a.chopped(1) < b.chopped(1); });
        return;
    }
    const auto rank = [&model](QByteArrayView key) {
        return std::find(model.begin(), model.end(), key) - model.begin();
    };
    std::stable_sort(keys.begin(), keys.end(),
                     [&rank](QByteArrayView a, QByteArrayView b) { return rank(a) < rank(b); });
}

// The known keys that a cell has when written anew. What its file gave it against the rules it
// keeps.
std::vector<QByteArrayView> keysOf(const Cell &cell, bool withIds)
{
    const bool isCode = cell.kind == CellKind::Code;
    const Cell *const read = cell.origin ? &cell.origin->read : nullptr;
    const bool sameType = read != nullptr && cell.kind == read->kind;
    const bool keepsId = read != nullptr && cell.fileId == read->fileId;
    std::vector<QByteArrayView> keys;
    for (const QByteArrayView key : knownKeys) {
        if (key == "\"attachments\"" && cell.attachments.isNull())
            continue;
        if (key == "\"id\"" && (!cell.fileId || (!withIds && !keepsId)))
            continue;
        if ((key == "\"execution_count\"" || key == "\"outputs\"") && !isCode &&
            (!sameType || rawMember(cell, key).isEmpty()))
            continue;
        keys.push_back(key);
    }
    return keys;
}

// Whether a member of the cell must be written, kept or left out.
enum class Fate
{
    Keep,
    Write,
    Drop
};

Fate fateOf(QByteArrayView key, const Cell &cell, bool withIds)
{
    const Cell &read = cell.origin->read;
    const bool typeChanged = cell.kind != read.kind || cell.typeName != read.typeName;
    const auto writeIf = [](bool changed) { return changed ? Fate::Write : Fate::Keep; };
    if (key == "\"cell_type\"")
        return writeIf(typeChanged);
    if (key == "\"id\"")
        return writeIf(withIds && cell.fileId && cell.fileId != read.fileId);
    if (key == "\"source\"")
        return writeIf(!isSameText(cell.source, read.source));
    if (key == "\"metadata\"")
        return writeIf(cell.metadata != read.metadata);
    if (key == "\"attachments\"") {
        if (cell.attachments == read.attachments)
            return Fate::Keep;
        return cell.attachments.isNull() ? Fate::Drop : Fate::Write;
    }
    if (typeChanged)
        return cell.kind == CellKind::Code ? Fate::Write : Fate::Drop;
    if (key == "\"execution_count\"")
        return writeIf(cell.executionCount != read.executionCount);
    return writeIf(!sameOutputs(cell.outputs, read.outputs));
}

} // namespace

bool isUnchanged(const Cell &cell, const FileStyle *file)
{
    if (!cell.origin || file == nullptr)
        return false;
    const char *const raw = cell.origin->raw.constData();
    if (raw < file->text.constData() || raw >= file->text.constData() + file->text.size())
        return false;
    const Cell &read = cell.origin->read;
    return cell.kind == read.kind && cell.typeName == read.typeName && cell.fileId == read.fileId &&
           isSameText(cell.source, read.source) && cell.metadata == read.metadata &&
           cell.attachments == read.attachments && cell.executionCount == read.executionCount &&
           sameOutputs(cell.outputs, read.outputs);
}

CellWriter::CellWriter(const FileStyle *file, const Layout &layout, bool withIds)
    : m_file(file)
    , m_layout(layout)
    , m_withIds(withIds)
{}

bool CellWriter::isFromFile(const Cell &cell) const
{
    if (m_file == nullptr || !cell.origin || !cell.origin->raw.startsWith('{'))
        return false;
    const char *const raw = cell.origin->raw.constData();
    const QByteArray &text = m_file->text;
    return raw >= text.constData() && raw < text.constData() + text.size();
}

void CellWriter::append(const Cell &cell, const QByteArray &base, QByteArray &out) const
{
    if (isUnchanged(cell, m_file))
        out += cell.origin->raw;
    else if (isFromFile(cell))
        appendPatched(cell, base, out);
    else
        appendNew(cell, base, out);
}

void CellWriter::appendNew(const Cell &cell, const QByteArray &base, QByteArray &out) const
{
    std::vector<QByteArrayView> keys = keysOf(cell, m_withIds);
    QHash<QByteArrayView, QByteArrayView> unknown;
    if (cell.origin && cell.origin->hasUnknownMembers) {
        const QByteArray &raw = cell.origin->raw;
        for (const Member &member : json::membersOf(raw)) {
            const QByteArrayView key = cut(raw, member.key);
            if (isKnown(key))
                continue;
            if (!unknown.contains(key))
                keys.push_back(key);
            unknown.insert(key, cut(raw, member.value));
        }
    }
    putInOrder(keys, cell.kind == CellKind::Code ? m_layout.codeKeys : m_layout.textKeys,
               m_layout.sortedKeys);
    SequenceBuilder builder('{', m_layout, base, out);
    for (const QByteArrayView key : keys) {
        builder.next();
        json::respellString(key, m_layout.strings, out);
        out += m_layout.colon;
        if (unknown.contains(key))
            appendFormatted(unknown.value(key), m_layout, builder.inner(), out);
        else
            appendField(cell, key, {}, m_layout, builder.inner(), out);
    }
    builder.finish();
}

void CellWriter::appendPatched(const Cell &cell, const QByteArray &base, QByteArray &out) const
{
    const QByteArrayView raw = cell.origin->raw;
    const std::vector<Member> members = json::membersOf(raw);
    const Sequence sequence = Sequence::ofObject(raw, members, m_layout, base);
    Layout layout = m_layout;
    layout.multiline = sequence.isMultiline();
    const QByteArray indent = layout.multiline ? sequence.partIndent() : QByteArray();

    QHash<QByteArrayView, size_t> lastOf; // of doubled keys the last one counts
    for (size_t i = 0; i < members.size(); ++i)
        lastOf.insert(cut(raw, members[i].key), i);
    std::vector<Sequence::Part> parts;
    for (size_t i = 0; i < members.size(); ++i) {
        const QByteArrayView key = cut(raw, members[i].key);
        const Fate fate = isKnown(key) ? fateOf(key, cell, m_withIds) : Fate::Keep;
        if (fate == Fate::Drop)
            continue;
        Sequence::Part part{static_cast<int>(i), {}, {}};
        if (fate == Fate::Write && lastOf.value(key) == i) {
            part.text = cut(raw, {members[i].key.begin, members[i].value.begin}).toByteArray();
            appendField(cell, key, cut(raw, members[i].value), layout, indent, part.text);
        }
        parts.push_back(std::move(part));
    }
    for (const QByteArrayView key : knownKeys) {
        if (lastOf.contains(key) || fateOf(key, cell, m_withIds) != Fate::Write)
            continue;
        const auto keyOf = [&](const Sequence::Part &part) {
            const QByteArrayView text =
                part.original >= 0 ? sequence.part(part.original) : QByteArrayView(part.text);
            return text.first(text.indexOf('"', 1) + 1);
        };
        const auto at = layout.sortedKeys
                            ? std::find_if(parts.begin(), parts.end(),
                                           [&](const auto &part) { return keyOf(part) > key; })
                            : parts.end();
        Sequence::Part part{-1, key.toByteArray() + layout.colon, {}};
        appendField(cell, key, {}, layout, indent, part.text);
        parts.insert(at, std::move(part));
    }
    sequence.append(parts, out);
}

void CellWriter::appendField(const Cell &cell, QByteArrayView key, QByteArrayView old,
                             const Layout &layout, const QByteArray &base, QByteArray &out) const
{
    const auto patch = [&](const QByteArray &next) {
        if (old.isEmpty() || old.front() != '{')
            appendFormatted(next, layout, base, out);
        else
            appendPatchedObject(old, next, layout, base, out);
    };
    if (key == "\"cell_type\"")
        json::encodeString(typeNameOf(cell), layout.strings, out);
    else if (key == "\"id\"")
        json::encodeString(cell.fileId.value_or(QString()), layout.strings, out);
    else if (key == "\"source\"")
        appendSource(cell, old, layout, base, out);
    else if (key == "\"metadata\"")
        patch(cell.metadata.isNull() ? QByteArray("{}") : cell.metadata.text());
    else if (key == "\"attachments\"" && old.isEmpty())
        appendAttachments(cell.attachments.text(), layout, base, out);
    else if (key == "\"attachments\"")
        patch(cell.attachments.text());
    else if (key == "\"execution_count\"")
        out += cell.executionCount ? QByteArray::number(*cell.executionCount) : QByteArray("null");
    else
        appendOutputs(cell, old, layout, base, out);
}

void CellWriter::appendSource(const Cell &cell, QByteArrayView old, const Layout &layout,
                              const QByteArray &base, QByteArray &out) const
{
    if (!old.isEmpty() && old.front() == '[')
        appendPatchedLines(old, cell.source, layout, base, out);
    else if (!old.isEmpty() && old.front() == '"')
        appendText(cell.source, false, layout, base, out);
    else if (cell.origin && !cell.source.isEmpty() && !cell.origin->source.isNull() &&
             isSameText(cell.source, cell.origin->read.source))
        appendTextValue(cell.origin->source.text(), layout.textAsLists, layout, base, out);
    else
        appendText(cell.source, layout.textAsLists, layout, base, out);
}

// Outputs that still are what the file has keep their text; see Output::origin.
void CellWriter::appendOutputs(const Cell &cell, QByteArrayView old, const Layout &layout,
                               const QByteArray &base, QByteArray &out) const
{
    const QByteArray &untouched = cell.outputs.text().text();
    if (!untouched.isNull() && untouched.startsWith('[')) {
        SequenceBuilder builder('[', layout, base, out);
        json::Scanner scanner(untouched);
        std::vector<Member> members;
        scanner.array([&] { // one walk for the list and its objects: they may be large
            builder.next();
            members.clear();
            Span item{scanner.position(), 0};
            const bool isObject = scanner.current() == '{';
            const bool ok = isObject ? scanner.object([&](Span key) {
                members.push_back({key, {}});
                return scanner.value(members.back().value);
            })
                                     : scanner.skipValue();
            item.end = scanner.position();
            if (isObject) {
                putInOrder(members, untouched, layout);
                appendOutputMembers(untouched, members, layout, builder.inner(), out);
            } else {
                appendFormatted(cut(untouched, item), layout, builder.inner(), out);
            }
            return ok;
        });
        builder.finish();
        return;
    }
    const bool wasList = !old.isEmpty() && old.front() == '[';
    const QByteArrayView list = wasList ? old : QByteArrayView("[]");
    const std::vector<Span> items = json::itemsOf(list);
    QHash<const char *, int> indexOf;
    for (size_t i = 0; i < items.size(); ++i)
        indexOf.insert(list.data() + items[i].begin, static_cast<int>(i));
    const Sequence sequence(list, items, layout, base);
    const QByteArray indent = layout.multiline ? sequence.partIndent() : QByteArray();
    std::vector<Sequence::Part> parts;
    for (const Output &output : cell.outputs.items()) {
        Sequence::Part part;
        if (!output.origin.isNull())
            part.original = indexOf.value(output.origin.text().constData(), -1);
        if (part.original < 0) {
            part.text = QByteArray("");
            appendOutput(output, layout, indent, part.text);
        }
        parts.push_back(std::move(part));
    }
    sequence.append(parts, out);
}

void CellWriter::appendOutput(const Output &output, const Layout &layout, const QByteArray &base,
                              QByteArray &out) const
{
    if (output.origin.isNull())
        appendOutputFields(output, layout, base, out);
    else
        appendOutputText(output.origin.text(), layout, base, out);
}

} // namespace farcell::nbformat
