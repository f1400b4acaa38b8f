#include "app/celllist/foldfacts.h"

#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

namespace farcell {

FoldFacts foldFacts(const SectionFolds &folds, const NotebookDocument &document)
{
    FoldFacts facts;
    const int count = document.cellCount();
    facts.hidden.resize(static_cast<size_t>(count), false);
    for (int i = 0; i < count; ++i)
        facts.hidden[static_cast<size_t>(i)] = folds.isHidden(i);
    for (const Section &section : folds.sections())
        facts.hiddenCells.insert(section.heading, folds.hiddenCount(section.heading));
    return facts;
}

} // namespace farcell
