#pragma once

#include "core/base/result.h"
#include "core/notebook/notebookdocument.h"

#include <QByteArray>
#include <QString>

#include <span>
#include <vector>

namespace farcell {

// The clipboard type that JupyterLab uses for a JSON list of cells.
inline constexpr const char *cellClipboardMime = "application/vnd.jupyter.cells";

// Copied cells in the forms other programs understand.
struct CellClip
{
    QByteArray json; // for cellClipboardMime: a list of nbformat 4.5 cells
    QString text;    // the sources, with an empty line between cells
    QString html;    // code as <pre>, text cells rendered
};

[[nodiscard]] CellClip clipOf(std::span<const Cell> cells);

// Cells from clipboard JSON: a list of cells, one cell, or a whole notebook.
[[nodiscard]] Result<std::vector<Cell>> cellsFromClip(const QByteArray &json);

} // namespace farcell
