#pragma once

#include <QString>

#include <atomic>
#include <vector>

namespace farcell {

// Where the lines of a very long text begin: 10^7 of them in a few hundred kB. A line longer than
// `longest` counts as several. Keeps a copy of the text, which costs nothing. A value, any thread.
class LineIndex
{
public:
    static constexpr int longest = 2'000; // UTF-16 units

    LineIndex() = default;
    // Reads the whole text; gives up and is empty once `cancelled`.
    explicit LineIndex(QString text, const std::atomic<bool> *cancelled = nullptr);

    [[nodiscard]] const QString &text() const { return m_text; }
    [[nodiscard]] qint64 count() const { return m_count; } // a final newline opens no line
    [[nodiscard]] int widest() const { return m_widest; }  // UTF-16 units of the longest line
    [[nodiscard]] qsizetype startOf(qint64 line) const;    // count(): behind the last one
    [[nodiscard]] QStringView line(qint64 line) const;     // without its newline
    [[nodiscard]] qint64 lineAt(qsizetype position) const;

private:
    static constexpr qint64 step = 64; // lines from one known place to the next

    // Where the line that begins at `start` ends, and where the next one begins.
    struct Extent
    {
        qsizetype end = 0, next = 0;
    };
    [[nodiscard]] Extent extentAt(qsizetype start) const;

    QString m_text;
    std::vector<qsizetype> m_starts; // of each step-th line
    qint64 m_count = 0;
    int m_widest = 0;
};

// Where `wanted` is found in a text, in order, at most `limit` times; nothing once `cancelled`.
[[nodiscard]] std::vector<qsizetype> findAll(const QString &text, const QString &wanted,
                                             Qt::CaseSensitivity sensitivity, size_t limit,
                                             const std::atomic<bool> *cancelled = nullptr);

} // namespace farcell
