#pragma once

#include "core/base/ids.h"

namespace farcell {

class NotebookDocument;
struct Cell;

// Whether a cell's metadata says that its source or its outputs are to be hidden: JupyterLab's
// `jupyter.source_hidden` and `collapsed`, the older `jupyter.outputs_hidden` and `hide_input`,
// and Colab's `cellView`.
[[nodiscard]] bool isSourceCollapsed(const Cell &cell);
[[nodiscard]] bool areOutputsCollapsed(const Cell &cell);

// Writes it with the keys that the notebook uses already. Not an undo step.
void setSourceCollapsed(NotebookDocument &document, const CellId &id, bool collapsed);
void setOutputsCollapsed(NotebookDocument &document, const CellId &id, bool collapsed);

} // namespace farcell
