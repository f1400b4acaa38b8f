#include "core/nbformat/exporters.h"

#include <QRegularExpression>

#include <algorithm>

namespace farcell::nbformat {

namespace {

// A fence longer than any in the text.
QString fenceFor(const QString &text)
{
    static const QRegularExpression ticks(QStringLiteral("`{3,}"));
    qsizetype longest = 2;
    for (auto it = ticks.globalMatch(text); it.hasNext();)
        longest = std::max(longest, it.next().capturedLength());
    return {longest + 1, QLatin1Char('`')};
}

// The language that a cell magic names, else the notebook's.
QString fenceLanguage(const QString &source, const QString &language)
{
    static const QRegularExpression magic(
        QStringLiteral("^%%(bash|sh|html|javascript|js|latex|perl|ruby|sql|R|svg|markdown)\\b"));
    const auto match = magic.match(source);
    return match.hasMatch() ? match.captured(1) : language;
}

QString indented(const QString &text)
{
    QStringList lines = withoutTerminalCodes(text).split(QLatin1Char('\n'));
    for (QString &line : lines)
        line.prepend(QStringLiteral("    "));
    return lines.join(QLatin1Char('\n'));
}

QString textOf(const MimeBundle &data, QStringView mime)
{
    const JsonText *const value = data.find(mime);
    return value != nullptr ? value->toMultilineString().value_or(QString()) : QString();
}

QString dataMarkdown(const MimeBundle &data)
{
    for (const char *const mime : {"text/markdown", "text/html", "text/latex"}) {
        QString text = textOf(data, QString::fromLatin1(mime));
        const bool needsPicture = qstrcmp(mime, "text/html") == 0 && !pictureUrl(data).isEmpty();
        if (!text.isEmpty() && !needsPicture)
            return text;
    }
    if (const QString url = pictureUrl(data); !url.isEmpty())
        return QStringLiteral("![output](%1)").arg(url);
    const QString plain = textOf(data, u"text/plain");
    return plain.isEmpty() ? QString() : indented(plain);
}

QString outputMarkdown(const Output &output)
{
    switch (output.kind) {
    case OutputKind::Stream:
        return indented(output.text);
    case OutputKind::Error:
        return indented(output.traceback.isEmpty()
                            ? output.errorName + QStringLiteral(": ") + output.errorValue
                            : output.traceback.join(QLatin1Char('\n')));
    case OutputKind::DisplayData:
    case OutputKind::ExecuteResult:
        return dataMarkdown(output.data);
    case OutputKind::Unknown:
        break;
    }
    return {};
}

} // namespace

QString toMarkdown(const NotebookContent &content)
{
    const QString language = languageOf(content).name;
    QStringList blocks;
    for (const Cell &cell : content.cells) {
        if (cell.kind != CellKind::Code) {
            blocks.append(withInlineAttachments(cell));
            continue;
        }
        const QString fence = fenceFor(cell.source);
        blocks.append(fence + fenceLanguage(cell.source, language) + QLatin1Char('\n') +
                      cell.source + QLatin1Char('\n') + fence);
        for (const Output &output : cell.outputs.items()) {
            const QString text = outputMarkdown(output);
            if (!text.isEmpty())
                blocks.append(text);
        }
    }
    return blocks.join(QStringLiteral("\n\n")) + QLatin1Char('\n');
}

} // namespace farcell::nbformat
