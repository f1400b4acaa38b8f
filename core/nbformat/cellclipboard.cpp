#include "core/nbformat/cellclipboard.h"

#include "core/nbformat/cellwriter.h"
#include "core/nbformat/exporters.h"
#include "core/nbformat/notebookfile.h"

#include <utility>

namespace farcell {

using nbformat::CellWriter;
using nbformat::Layout;
using nbformat::SequenceBuilder;

CellClip clipOf(std::span<const Cell> cells)
{
    Layout layout;
    layout.multiline = false;
    layout.comma = ", ";
    CellClip clip;
    QStringList sources;
    SequenceBuilder builder('[', layout, {}, clip.json);
    const CellWriter writer(nullptr, layout, true);
    for (const Cell &cell : cells) {
        builder.next();
        writer.append(cell, {}, clip.json);
        sources.append(cell.source);
        clip.html += cell.kind == CellKind::Markdown
                         ? nbformat::markdownToHtml(nbformat::withInlineAttachments(cell))
                         : QStringLiteral("<pre>%1</pre>\n").arg(cell.source.toHtmlEscaped());
    }
    builder.finish();
    clip.text = sources.join(QStringLiteral("\n\n"));
    return clip;
}

Result<std::vector<Cell>> cellsFromClip(const QByteArray &json)
{
    const QByteArray trimmed = json.trimmed();
    QByteArray notebook = trimmed;
    if (trimmed.startsWith('['))
        notebook = R"({"cells": )" + trimmed + R"(, "nbformat": 4, "nbformat_minor": 5})";
    else if (!trimmed.contains("\"cells\"") && !trimmed.contains("\"worksheets\""))
        notebook = R"({"cells": [)" + trimmed + R"(], "nbformat": 4, "nbformat_minor": 5})";
    Result<NotebookContent> content = readNotebook(notebook);
    if (!content)
        return tl::unexpected(content.error());
    upgradeToV4(*content);
    std::erase_if(content->cells, [](const Cell &cell) { return cell.typeName.isEmpty(); });
    return std::move(content->cells);
}

} // namespace farcell
