#pragma once

#include "core/base/ids.h"

#include <QHash>

#include <vector>

namespace farcell {

class NotebookDocument;
class SectionFolds;

// What folded sections mean for the rows of a list, read in one pass.
struct FoldFacts
{
    std::vector<bool> hidden;       // by cell index
    QHash<CellId, int> hiddenCells; // every heading -> cells hidden under it now (0: open)
};

[[nodiscard]] FoldFacts foldFacts(const SectionFolds &folds, const NotebookDocument &document);

} // namespace farcell
