#include "core/notebook/outline.h"

#include "core/notebook/notebookdocument.h"

#include <QRegularExpression>

#include <array>
#include <optional>

namespace farcell {

namespace {

struct Heading
{
    int level = 1;
    QString title;
};

// Heading text as a person reads it: no emphasis marks, links or tags.
QString withoutMarkup(QString text)
{
    static const std::array<std::pair<QRegularExpression, QString>, 6> rules{{
        {QRegularExpression(QStringLiteral("<[^<>]*>")), QString()},
        {QRegularExpression(QStringLiteral(R"(!?\[([^\]]*)\]\([^()]*\))")), QStringLiteral("\\1")},
        {QRegularExpression(QStringLiteral(R"((\*\*|__)(?=\S)(.+?)(?<=\S)\1)")),
         QStringLiteral("\\2")},
        {QRegularExpression(QStringLiteral(R"((?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?!\w))")),
         QStringLiteral("\\1")},
        {QRegularExpression(QStringLiteral(R"((?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w))")),
         QStringLiteral("\\1")},
        {QRegularExpression(QStringLiteral("`+([^`]*)`+")), QStringLiteral("\\1")},
    }};
    for (const auto &[pattern, replacement] : rules)
        text.replace(pattern, replacement);
    return text.simplified();
}

// The heading that the first line of text is, if it is one: "## Title", or "Title" over "---".
std::optional<Heading> headingOf(QStringView source)
{
    qsizetype start = 0;
    while (start < source.size() && source[start].isSpace())
        ++start;
    while (start > 0 && source[start - 1] != QLatin1Char('\n'))
        --start;
    const QStringView rest = source.sliced(start);
    const qsizetype lineEnd = rest.indexOf(QLatin1Char('\n'));
    QStringView line = lineEnd < 0 ? rest : rest.first(lineEnd);
    const QStringView trimmed = line.trimmed();
    if (trimmed.isEmpty() || line.indexOf(trimmed.front()) > 3 || line.front() == QLatin1Char('\t'))
        return std::nullopt; // nothing, or indented code

    int level = 0;
    while (level < trimmed.size() && trimmed[level] == QLatin1Char('#'))
        ++level;
    if (level > 0) {
        if (level > 6 || (trimmed.size() > level && !trimmed[level].isSpace()))
            return std::nullopt;
        QString title = trimmed.sliced(level).trimmed().toString();
        static const QRegularExpression closing(QStringLiteral("(^|\\s+)#+$"));
        title.remove(closing);
        return Heading{level, withoutMarkup(title)};
    }
    if (lineEnd < 0)
        return std::nullopt;
    const QStringView below = rest.sliced(lineEnd + 1);
    const qsizetype belowEnd = below.indexOf(QLatin1Char('\n'));
    const QString underline = (belowEnd < 0 ? below : below.first(belowEnd)).trimmed().toString();
    static const QRegularExpression lineOf(QStringLiteral("^(=+|-+)$"));
    static const QRegularExpression otherBlock(QStringLiteral("^([-*+>|]|\\d+[.)]|```|~~~)"));
    if (!lineOf.match(underline).hasMatch() || otherBlock.match(trimmed.toString()).hasMatch())
        return std::nullopt;
    return Heading{underline.front() == QLatin1Char('=') ? 1 : 2,
                   withoutMarkup(trimmed.toString())};
}

} // namespace

std::vector<Section> outlineOf(const NotebookDocument &document)
{
    std::vector<Section> sections;
    std::vector<size_t> open; // sections that reach to where we are, outermost first
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        if (cell.kind != CellKind::Markdown)
            continue;
        const auto heading = headingOf(cell.source);
        if (!heading)
            continue;
        while (!open.empty() && sections[open.back()].level >= heading->level) {
            sections[open.back()].end = i;
            open.pop_back();
        }
        open.push_back(sections.size());
        sections.push_back({cell.id, heading->title, heading->level, i, document.cellCount()});
    }
    return sections;
}

} // namespace farcell
