#include "core/nbformat/cellwriter.h"
#include "core/nbformat/largebuffer.h"
#include "core/nbformat/notebookfile.h"

#include <algorithm>

namespace farcell {

using json::cut;
using json::Member;
using json::Span;
using nbformat::CellWriter;
using nbformat::Layout;
using nbformat::Sequence;
using nbformat::SequenceBuilder;

namespace {

bool usesIds(const NotebookContent &content)
{
    return content.nbformat > 4 || (content.nbformat == 4 && content.nbformatMinor >= 5);
}

bool sameCells(const NotebookContent &content)
{
    const FileStyle &file = *content.style;
    if (content.cells.size() != file.cells.size())
        return false;
    int index = 0;
    return std::all_of(content.cells.begin(), content.cells.end(), [&](const Cell &cell) {
        return nbformat::isUnchanged(cell, &file) && cell.origin->index == index++;
    });
}

bool sameMetadata(const NotebookContent &content)
{
    return content.metadata == content.style->metadata;
}

// The list of cells with the edited ones patched and the others as they are.
void appendCells(const NotebookContent &content, const Layout &layout, const QByteArray &base,
                 QByteArray &out)
{
    const FileStyle &file = *content.style;
    const bool hasList = file.cellsMember != nullptr;
    const QByteArrayView list =
        hasList ? cut(file.text, file.cellsMember->value) : QByteArrayView("[]");
    std::vector<Span> items;
    if (hasList) {
        const qsizetype start = file.cellsMember->value.begin;
        for (const Span &cell : file.cells)
            items.push_back({cell.begin - start, cell.end - start});
    }
    const Sequence sequence(list, std::move(items), layout, base);
    const QByteArray indent = sequence.partIndent();
    const CellWriter writer(&file, layout, usesIds(content));
    std::vector<Sequence::Part> parts;
    parts.reserve(content.cells.size());
    for (const Cell &cell : content.cells) {
        Sequence::Part part;
        const bool known = nbformat::isUnchanged(cell, &file);
        if (cell.origin && cell.origin->index < static_cast<int>(file.cells.size()) &&
            file.text.constData() + file.cells[static_cast<size_t>(cell.origin->index)].begin ==
                cell.origin->raw.constData())
            part.original = cell.origin->index;
        if (!known || part.original < 0)
            part.write = [&](QByteArray &to) { writer.append(cell, indent, to); };
        parts.push_back(std::move(part));
    }
    sequence.append(parts, out);
}

// The root object with new cells and metadata in it, everything else as it is.
QByteArray patchedFile(const NotebookContent &content)
{
    const FileStyle &file = *content.style;
    const Layout &layout = file.layout();
    std::vector<Member> members = file.members;
    const QByteArrayView root = cut(file.text, file.root);
    for (Member &member : members) {
        for (Span *const span : {&member.key, &member.value}) {
            span->begin -= file.root.begin;
            span->end -= file.root.begin;
        }
    }
    const Sequence sequence = Sequence::ofObject(root, members, layout, {});
    const QByteArray indent = sequence.partIndent();
    // Written straight into the result: the cells may be 100 MB.
    const auto writeMember = [&](QByteArrayView start, bool isCells) {
        return [&, start, isCells](QByteArray &to) {
            to.append(start);
            if (isCells)
                appendCells(content, layout, indent, to);
            else
                nbformat::appendPatchedObject(file.metadata.text(), content.metadata.text(), layout,
                                              indent, to);
        };
    };
    const bool cellsEdited = !sameCells(content);
    const bool metadataEdited = !sameMetadata(content);
    std::vector<Sequence::Part> parts;
    for (size_t i = 0; i < members.size(); ++i) {
        Sequence::Part part{static_cast<int>(i), {}, {}};
        const bool isCells = &file.members[i] == file.cellsMember;
        const bool isMetadata = &file.members[i] == file.metadataMember;
        if ((isCells && cellsEdited) || (isMetadata && metadataEdited))
            part.write =
                writeMember(cut(root, {members[i].key.begin, members[i].value.begin}), isCells);
        parts.push_back(std::move(part));
    }
    const QByteArray newMetadata = "\"metadata\"" + layout.colon;
    const QByteArray newCells = "\"cells\"" + layout.colon;
    if (file.metadataMember == nullptr && metadataEdited)
        parts.push_back({-1, {}, writeMember(newMetadata, false)});
    if (file.cellsMember == nullptr && cellsEdited)
        parts.insert(parts.begin(), {-1, {}, writeMember(newCells, true)});
    QByteArray text;
    nbformat::reserveLarge(text, file.text.size() + file.text.size() / 64 + 4096);
    text.append(file.text.constData(), file.root.begin);
    sequence.append(parts, text);
    text.append(cut(file.text, {file.root.end, file.text.size()}));
    return nbformat::encodeText(text, file.encoding);
}

// nbformat leaves these out of what it writes.
QByteArray withoutPrivate(const JsonText &object, std::initializer_list<QByteArrayView> keys)
{
    const QByteArray &text = object.text();
    if (text.isEmpty() || text.front() != '{')
        return "{}";
    QByteArray kept("{");
    for (const Member &member : json::membersOf(text)) {
        const QByteArrayView key = cut(text, member.key);
        if (std::find(keys.begin(), keys.end(), key) != keys.end())
            continue;
        if (kept.size() > 1)
            kept += ',';
        kept.append(cut(text, {member.key.begin, member.value.end}));
    }
    return kept + '}';
}

void appendAllCells(const NotebookContent &content, const Layout &layout, const QByteArray &base,
                    QByteArray &out)
{
    SequenceBuilder builder('[', layout, base, out);
    const CellWriter writer(nullptr, layout, usesIds(content));
    for (const Cell &cell : content.cells) {
        builder.next();
        if (!cell.metadata.text().contains("\"trusted\"")) {
            writer.append(cell, builder.inner(), out);
            continue;
        }
        Cell untrusted = cell; // a file must not say what this computer trusts
        untrusted.metadata = JsonText(withoutPrivate(cell.metadata, {"\"trusted\""}));
        writer.append(untrusted, builder.inner(), out);
    }
    builder.finish();
}

} // namespace

QByteArray serializeNotebook(const NotebookContent &content)
{
    const Layout layout;
    QByteArray out;
    if (content.style)
        nbformat::reserveLarge(out, content.style->text.size() + content.style->text.size() / 8);
    SequenceBuilder builder('{', layout, {}, out);
    builder.next();
    out += "\"cells\": ";
    appendAllCells(content, layout, builder.inner(), out);
    builder.next();
    out += "\"metadata\": ";
    nbformat::appendFormatted(
        withoutPrivate(content.metadata,
                       {"\"orig_nbformat\"", "\"orig_nbformat_minor\"", "\"signature\""}),
        layout, builder.inner(), out);
    builder.next();
    // Not in one expression: Qt 6.4 doubles a large array for "+= a + b".
    out += "\"nbformat\": ";
    out += QByteArray::number(content.nbformat);
    builder.next();
    out += "\"nbformat_minor\": ";
    out += QByteArray::number(content.nbformatMinor);
    builder.finish();
    out += '\n';
    return out;
}

QByteArray writeNotebook(const NotebookContent &content)
{
    if (!content.style)
        return content.convertedFromV3 ? QByteArray() : serializeNotebook(content);
    if (sameCells(content) && sameMetadata(content))
        return content.style->bytes;
    return content.convertedFromV3 ? QByteArray() : patchedFile(content);
}

void upgradeToV4(NotebookContent &content)
{
    if (!content.convertedFromV3)
        return;
    content.convertedFromV3 = false;
    content.style.reset();
    for (Cell &cell : content.cells)
        cell.origin.reset(); // what version 3 called things must not come along
}

} // namespace farcell
