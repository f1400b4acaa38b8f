#include "core/nbformat/cellwriter.h"

#include <algorithm>

namespace farcell::nbformat {

using json::cut;
using json::Member;
using json::Span;

namespace {

bool hasLineBreak(QByteArrayView space)
{
    return space.contains('\n') || space.contains('\r');
}

QByteArray afterLineBreak(QByteArrayView space)
{
    return space.sliced(std::max(space.lastIndexOf('\n'), space.lastIndexOf('\r')) + 1)
        .toByteArray();
}

} // namespace

Sequence::Sequence(QByteArrayView text, std::vector<Span> parts, const Layout &layout,
                   const QByteArray &base)
    : m_text(text)
    , m_parts(std::move(parts))
{
    m_commas.reserve(m_parts.size());
    for (const Span &part : m_parts)
        m_commas.push_back(text.indexOf(',', part.end));
    const QByteArray commaTail = layout.comma.mid(1);
    if (m_parts.empty()) {
        m_firstLead = layout.multiline ? layout.eol + base + layout.indent : QByteArray();
        m_nextLead = commaTail + m_firstLead;
        m_lastTrail = layout.multiline ? layout.eol + base : QByteArray();
        return;
    }
    m_commas.back() = text.size() - 1;
    m_firstLead = lead(0).toByteArray();
    m_lastTrail = trail(size() - 1).toByteArray();
    if (size() > 1)
        m_nextLead = lead(1).toByteArray();
    else if (hasLineBreak(m_firstLead))
        m_nextLead = commaTail + m_firstLead;
    else
        m_nextLead = layout.multiline ? QByteArray(" ") : commaTail;
}

Sequence Sequence::ofArray(QByteArrayView text, const Layout &layout, const QByteArray &base)
{
    return {text, json::itemsOf(text), layout, base};
}

Sequence Sequence::ofObject(QByteArrayView text, const std::vector<Member> &members,
                            const Layout &layout, const QByteArray &base)
{
    std::vector<Span> parts;
    parts.reserve(members.size());
    for (const Member &member : members)
        parts.push_back({member.key.begin, member.value.end});
    return {text, std::move(parts), layout, base};
}

QByteArrayView Sequence::lead(int index) const
{
    const auto i = static_cast<size_t>(index);
    return cut(m_text, {i == 0 ? 1 : m_commas[i - 1] + 1, m_parts[i].begin});
}

QByteArrayView Sequence::trail(int index) const
{
    const auto i = static_cast<size_t>(index);
    return cut(m_text, {m_parts[i].end, m_commas[i]});
}

void Sequence::append(const std::vector<Part> &parts, QByteArray &out) const
{
    out += m_text.front();
    for (size_t k = 0; k < parts.size(); ++k) {
        const Part &piece = parts[k];
        if (k == 0)
            out += m_firstLead;
        else if (piece.original > 0)
            out.append(lead(piece.original));
        else
            out += m_nextLead;
        if (piece.write)
            piece.write(out);
        else if (piece.text.isNull())
            out.append(part(piece.original));
        else
            out += piece.text;
        if (k + 1 == parts.size()) {
            out += m_lastTrail;
            break;
        }
        if (piece.original >= 0 && piece.original + 1 < size())
            out.append(trail(piece.original));
        out += ',';
    }
    out += m_text.back();
}

QByteArray Sequence::partIndent() const
{
    return afterLineBreak(hasLineBreak(m_firstLead) ? m_firstLead : m_nextLead);
}

bool Sequence::isMultiline() const
{
    return hasLineBreak(m_firstLead) || hasLineBreak(m_nextLead);
}

} // namespace farcell::nbformat
