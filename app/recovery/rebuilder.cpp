#include "app/recovery/rebuilder.h"

#include "core/nbformat/filestyle.h"

#include <algorithm>
#include <utility>

namespace farcell::recovery {

namespace {

// Outputs that the base has as well are taken from there: so saving keeps their bytes.
void takeKnownOutputs(std::vector<Output> &outputs, const OutputList &known)
{
    for (Output &output : outputs) {
        if (output.origin.isNull())
            continue;
        const auto same =
            std::find_if(known.items().begin(), known.items().end(),
                         [&output](const Output &other) { return other.origin == output.origin; });
        if (same != known.items().end())
            output = *same;
    }
}

} // namespace

Rebuilder::Rebuilder(ReadBase readBase)
    : m_readBase(std::move(readBase))
{}

void Rebuilder::startFrom(const Base &base)
{
    m_cells.clear();
    m_order = base.cells;
    m_content = {};
    std::optional<NotebookContent> content = m_readBase(base);
    if (!content || content->cells.size() != base.cells.size())
        return;
    for (size_t i = 0; i < base.cells.size(); ++i)
        m_cells.emplace(base.cells[i], std::move(content->cells[i]));
    content->cells.clear();
    m_content = std::move(*content);
}

void Rebuilder::add(Batch batch)
{
    m_head = batch.head;
    if (batch.base)
        startFrom(*batch.base);
    for (CellChange &change : batch.cells)
        apply(std::move(change));
    if (batch.order)
        m_order = std::move(*batch.order);
    if (batch.metadata)
        m_content.metadata = *batch.metadata;
}

void Rebuilder::apply(CellChange change)
{
    if (!change.cell && !m_cells.contains(change.id))
        return;
    Cell &cell = m_cells[change.id];
    const OutputList known = cell.origin ? cell.origin->read.outputs : OutputList();
    if (change.cell) {
        Cell next = std::move(*change.cell);
        if (cell.origin)
            next.origin = cell.origin;
        if (next.outputs.text() == known.text() && !known.text().isNull())
            next.outputs = known;
        else if (next.outputs.text().isNull())
            next.outputs = cell.outputs;
        cell = std::move(next);
    }
    if (change.outputsFrom >= 0) {
        takeKnownOutputs(change.outputs, known);
        std::vector<Output> outputs = cell.outputs.items();
        outputs.resize(std::min(outputs.size(), static_cast<size_t>(change.outputsFrom)));
        std::move(change.outputs.begin(), change.outputs.end(), std::back_inserter(outputs));
        cell.outputs = OutputList(std::move(outputs));
    }
    for (const auto &[index, text] : change.appended) {
        if (index < 0 || index >= cell.outputs.size())
            continue;
        Output &output = cell.outputs.edit()[static_cast<size_t>(index)];
        output.origin = JsonText();
        output.text += text;
    }
}

RecoveredNotebook Rebuilder::finish()
{
    RecoveredNotebook recovered{m_head, std::move(m_content), 0};
    for (const CellId &id : m_order) {
        const auto found = m_cells.find(id);
        if (found == m_cells.end()) {
            ++recovered.missingCells;
            continue;
        }
        found->id = newCellId(); // the old ones may be taken in this run of the program
        recovered.content.cells.push_back(std::move(*found));
        m_cells.erase(found);
    }
    return recovered;
}

} // namespace farcell::recovery
