#pragma once

#include "core/nbformat/filestyle.h"
#include "core/notebook/notebookdocument.h"

#include <memory>

namespace farcell::nbformat {

// Notebooks of format 2 and 3, shown as format 4 (reference: nbformat's v4/convert.py). `content`
// has the notebook's metadata; the result has convertedFromV3 set and each cell's origin, so that
// an unedited file is still written as it was.
[[nodiscard]] NotebookContent convertVersion3(std::shared_ptr<FileStyle> file,
                                              NotebookContent content);

} // namespace farcell::nbformat
