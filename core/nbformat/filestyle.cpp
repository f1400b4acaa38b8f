#include "core/nbformat/filestyle.h"

#include <algorithm>
#include <cstring>

namespace farcell {

using json::cut;
using json::Member;
using nbformat::Layout;

namespace {

// What the escapes of a whole file tell about its writer.
struct EscapeCensus
{
    bool nonAscii = false;             // \u00e9
    bool upper = false, lower = false; // hex digits A-F, a-f
    bool slash = false;
    bool html = false;
};

bool isHtml(QByteArrayView digits)
{
    return digits.compare("003c", Qt::CaseInsensitive) == 0 ||
           digits.compare("003e", Qt::CaseInsensitive) == 0 || digits == "0026";
}

void countUnicodeEscape(QByteArrayView digits, EscapeCensus &census)
{
    census.html = census.html || isHtml(digits);
    const bool isAscii = digits.startsWith("00") && digits[2] < '8';
    const bool isSurrogate = (digits[0] | 0x20) == 'd' && digits[1] >= '8';
    census.nonAscii = census.nonAscii || (!isAscii && !isSurrogate);
    for (const char c : digits) {
        census.upper = census.upper || (c >= 'A' && c <= 'F');
        census.lower = census.lower || (c >= 'a' && c <= 'f');
    }
}

EscapeCensus escapesOf(QByteArrayView text)
{
    EscapeCensus census;
    const char *const end = text.data() + text.size();
    const char *p = text.data();
    while (p < end) {
        p = static_cast<const char *>(std::memchr(p, '\\', static_cast<size_t>(end - p)));
        if (p == nullptr || end - p < 2)
            break;
        census.slash = census.slash || p[1] == '/';
        if (p[1] == 'u' && end - p >= 6)
            countUnicodeEscape({p + 2, 4}, census);
        p += 2;
    }
    return census;
}

json::StringStyle stringStyleOf(QByteArrayView text)
{
    const EscapeCensus census = escapesOf(text);
    json::StringStyle style;
    style.ascii =
        census.nonAscii && std::none_of(text.begin(), text.end(), [](char c) { return c < 0; });
    style.upperHex = census.upper && !census.lower;
    style.slash = census.slash;
    style.html = census.html;
    return style;
}

QByteArray lineBreakIn(QByteArrayView space)
{
    if (space.contains("\r\n"))
        return "\r\n";
    return space.contains('\n') ? "\n" : "\r";
}

bool hasLineBreak(QByteArrayView space)
{
    return space.contains('\n') || space.contains('\r');
}

bool isSorted(QByteArrayView text, const std::vector<Member> &members)
{
    return std::is_sorted(members.begin(), members.end(), [text](const Member &a, const Member &b) {
        return cut(text, a.key) < cut(text, b.key);
    });
}

void detectSpacing(const FileStyle &file, Layout &layout)
{
    const QByteArrayView text = file.text;
    if (file.members.empty())
        return;
    const Member &first = file.members.front();
    const QByteArrayView lead = cut(text, {file.root.begin + 1, first.key.begin});
    layout.colon = cut(text, {first.key.end, first.value.begin}).toByteArray();
    layout.multiline = hasLineBreak(lead);
    if (layout.multiline) {
        layout.eol = lineBreakIn(lead);
        layout.indent =
            lead.sliced(std::max(lead.lastIndexOf('\n'), lead.lastIndexOf('\r')) + 1).toByteArray();
    }
    if (file.members.size() < 2)
        return;
    // From the comma on: somebody may have put it at the start of a line.
    QByteArrayView between = cut(text, {first.value.end, file.members[1].key.begin});
    between = between.sliced(between.indexOf(','));
    const qsizetype lineEnd = layout.multiline ? between.indexOf(layout.eol) : between.size();
    layout.comma = between.first(lineEnd < 0 ? 1 : lineEnd).toByteArray();
}

// How the cells of the file spell what a new cell will need, too.
void detectCellHabits(const FileStyle &file, Layout &layout)
{
    constexpr size_t enough = 200; // cells that say how the file was written
    int lists = 0;
    int strings = 0;
    for (size_t i = 0; i < std::min(enough, file.cells.size()); ++i) {
        const QByteArrayView cell = cut(file.text, file.cells[i]);
        const std::vector<Member> members = json::membersOf(cell);
        layout.sortedKeys = layout.sortedKeys && isSorted(cell, members);
        std::vector<QByteArray> keys;
        bool isCode = false;
        for (const Member &member : members) {
            const QByteArrayView key = cut(cell, member.key);
            const QByteArrayView value = cut(cell, member.value);
            keys.push_back(key.toByteArray());
            isCode = isCode || (key == "\"cell_type\"" && value == "\"code\"");
            if (key == "\"source\"" && value != "[]" && value != "\"\"")
                ++(value.front() == '[' ? lists : strings);
        }
        auto &order = isCode ? layout.codeKeys : layout.textKeys;
        if (order.size() < keys.size())
            order = std::move(keys);
    }
    if (lists + strings > 0)
        layout.textAsLists = lists >= strings;
}

} // namespace

const Layout &FileStyle::layout() const
{
    std::call_once(m_detectOnce, [this] {
        detectSpacing(*this, m_layout);
        m_layout.strings = stringStyleOf(text);
        m_layout.sortedKeys = isSorted(text, members);
        detectCellHabits(*this, m_layout);
        m_layout.splitAtAllBreaks = m_layout.sortedKeys;
    });
    return m_layout;
}

} // namespace farcell
