#pragma once

#include "core/notebook/cell.h"

#include <QString>

#include <vector>

class QMimeData;

namespace farcell {

// Cells on the clipboard: in the forms of core/nbformat/cellclipboard.h, for other notebooks
// (nothing lost) and other programs. Stateless.
struct CellClipboard
{
    [[nodiscard]] static QMimeData *toMimeData(const std::vector<Cell> &cells); // caller owns
    // Cells of another notebook or window, a whole notebook copied as text, or plain text, which
    // becomes one code cell. Empty if there is nothing to paste.
    [[nodiscard]] static std::vector<Cell> fromMimeData(const QMimeData *data);
};

} // namespace farcell
