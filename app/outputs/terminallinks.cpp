#include "app/outputs/terminallinks.h"

#include <QRegularExpression>

namespace farcell {

namespace {

constexpr qsizetype longestLine = 20'000; // a longer line is data, not prose

void findUrls(const QString &line, std::vector<TerminalLink> &links)
{
    if (!line.contains(QStringLiteral("://")))
        return;
    static const QRegularExpression pattern(
        QStringLiteral(R"(\b(?:https?|ftp)://[^\s<>"'`\x{2502}\x{3001}\x{3002}]+)"));
    for (auto it = pattern.globalMatch(line); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        QString url = match.captured();
        // Punctuation at the end belongs to the sentence; a bracket only if it was not opened.
        while (!url.isEmpty()) {
            const QChar last = url.back();
            const bool unopened = last == QLatin1Char(')') && !url.contains(QLatin1Char('('));
            if (!unopened && !QStringLiteral(".,;:!?]}").contains(last))
                break;
            url.chop(1);
        }
        links.push_back(
            {static_cast<int>(match.capturedStart()), static_cast<int>(url.size()), url});
    }
}

void findCells(const QString &line, std::vector<TerminalLink> &links)
{
    const bool candidate = line.contains(QStringLiteral("In [")) ||
                           line.contains(QStringLiteral("In[")) ||
                           line.contains(QStringLiteral("<ipython-input-"));
    if (!candidate)
        return;
    static const QRegularExpression pattern(QStringLiteral(
        R"((?:(?:Cell|Input) In ?\[(\d{1,9})\](?:,? line:? ?(\d{1,9}))?)|<ipython-input-(\d{1,9})-[0-9a-fA-F]+>(?:", line (\d{1,9})|:(\d{1,9}))?)"));
    for (auto it = pattern.globalMatch(line); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        const QString count = match.captured(1) + match.captured(3);
        const QString at = match.captured(2) + match.captured(4) + match.captured(5);
        QString target = QStringLiteral("farcell-cell:in/") + count;
        if (!at.isEmpty())
            target += QLatin1Char('#') + at;
        links.push_back({static_cast<int>(match.capturedStart()),
                         static_cast<int>(match.capturedLength()), target});
    }
}

} // namespace

std::vector<TerminalLink> findLinks(const QString &line)
{
    std::vector<TerminalLink> links;
    if (line.size() > longestLine)
        return links;
    findUrls(line, links);
    findCells(line, links);
    return links;
}

} // namespace farcell
