#include "app/notebook/cellclipboard.h"

#include "core/nbformat/cellclipboard.h"

#include <QMimeData>

#include <utility>

namespace farcell {

namespace {

std::vector<Cell> cellsOf(const QByteArray &json)
{
    Result<std::vector<Cell>> cells = cellsFromClip(json);
    return cells ? std::move(*cells) : std::vector<Cell>();
}

} // namespace

QMimeData *CellClipboard::toMimeData(const std::vector<Cell> &cells)
{
    const CellClip clip = clipOf(cells);
    auto *data = new QMimeData;
    data->setData(QString::fromLatin1(cellClipboardMime), clip.json);
    data->setText(clip.text);
    data->setHtml(clip.html);
    return data;
}

std::vector<Cell> CellClipboard::fromMimeData(const QMimeData *data)
{
    const QString mime = QString::fromLatin1(cellClipboardMime);
    if (!data)
        return {};
    if (data->hasFormat(mime))
        return cellsOf(data->data(mime));
    const QString text = data->text();
    if (text.trimmed().isEmpty())
        return {};
    if (text.contains(QStringLiteral("\"cell_type\""))) {
        if (std::vector<Cell> cells = cellsOf(text.toUtf8()); !cells.empty())
            return cells;
    }
    Cell cell;
    cell.source = text;
    cell.metadata = JsonText(QByteArrayLiteral("{}"));
    return {cell};
}

} // namespace farcell
