#include "core/notebook/lineindex.h"

#include <QStringMatcher>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr qsizetype searchedAtOnce = qsizetype{4} << 20; // characters between looks at `cancelled`

} // namespace

LineIndex::LineIndex(QString text, const std::atomic<bool> *cancelled)
    : m_text(std::move(text))
{
    qsizetype at = 0;
    while (at < m_text.size()) {
        if (m_count % step == 0) {
            if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
                *this = LineIndex();
                return;
            }
            m_starts.push_back(at);
        }
        const Extent extent = extentAt(at);
        m_widest = std::max(m_widest, static_cast<int>(extent.end - at));
        at = extent.next;
        ++m_count;
    }
}

LineIndex::Extent LineIndex::extentAt(qsizetype start) const
{
    const qsizetype reach = std::min<qsizetype>(m_text.size(), start + longest + 1);
    const QStringView near = QStringView(m_text).sliced(start, reach - start);
    const qsizetype newline = near.indexOf(u'\n');
    if (newline >= 0)
        return {start + newline, start + newline + 1};
    if (near.size() <= longest)
        return {reach, reach};
    // Not between the halves of a character.
    const qsizetype end = start + longest - (near[longest - 1].isHighSurrogate() ? 1 : 0);
    return {end, end};
}

qsizetype LineIndex::startOf(qint64 line) const
{
    if (line >= m_count)
        return m_text.size();
    qsizetype at = m_starts[static_cast<size_t>(line / step)];
    for (qint64 i = line / step * step; i < line; ++i)
        at = extentAt(at).next;
    return at;
}

QStringView LineIndex::line(qint64 line) const
{
    if (line < 0 || line >= m_count)
        return {};
    const qsizetype start = startOf(line);
    return QStringView(m_text).sliced(start, extentAt(start).end - start);
}

qint64 LineIndex::lineAt(qsizetype position) const
{
    if (m_count == 0)
        return 0;
    const auto after = std::upper_bound(m_starts.begin(), m_starts.end(), position);
    qint64 line = std::max<qint64>(0, after - m_starts.begin() - 1) * step;
    qsizetype at = m_starts[static_cast<size_t>(line / step)];
    while (line + 1 < m_count) {
        const qsizetype next = extentAt(at).next;
        if (next > position)
            break;
        at = next;
        ++line;
    }
    return line;
}

std::vector<qsizetype> findAll(const QString &text, const QString &wanted,
                               Qt::CaseSensitivity sensitivity, size_t limit,
                               const std::atomic<bool> *cancelled)
{
    std::vector<qsizetype> found;
    if (wanted.isEmpty())
        return found;
    const QStringMatcher matcher(wanted, sensitivity);
    const QStringView whole(text);
    for (qsizetype from = 0; from < whole.size() && found.size() < limit;) {
        if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed))
            return {};
        const qsizetype reach = std::min(whole.size(), from + searchedAtOnce + wanted.size() - 1);
        const QStringView part = whole.first(reach);
        qsizetype at = matcher.indexIn(part, from);
        while (at >= 0 && found.size() < limit) {
            found.push_back(at);
            from = at + wanted.size();
            at = matcher.indexIn(part, from);
        }
        from = std::max(from, reach == whole.size() ? reach : reach - wanted.size() + 1);
    }
    return found;
}

} // namespace farcell
