#include "app/runtime/cellcosts.h"

#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "core/base/jsonmembers.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QFuture>

namespace farcell {

namespace {

using nlohmann::ordered_json;

constexpr const char *key = "farcell";
constexpr const char *usageKey = "usage";

void addTo(std::optional<double> &sum, const std::optional<double> &more)
{
    if (more)
        sum = sum.value_or(0) + *more;
}

void add(CostSum &sum, const api::CellUsage &usage)
{
    ++sum.runs;
    sum.seconds += usage.seconds;
    addTo(sum.cpuSeconds, usage.cpuSeconds);
    if (usage.gpu) {
        addTo(sum.gpuSeconds, usage.gpu->seconds);
        addTo(sum.energy, usage.gpu->energy);
    }
}

std::optional<api::CellUsage> writtenIn(const Cell &cell)
{
    if (!cell.metadata.text().contains(key))
        return std::nullopt; // most have none: do not parse them
    const nlohmann::json metadata = cell.metadata.toJson();
    auto usage = api::cellUsageFromJson(memberOf(memberOf(metadata, key), usageKey));
    return usage ? std::optional(*std::move(usage)) : std::nullopt;
}

} // namespace

CellCosts::CellCosts(QObject *parent)
    : QObject(parent)
{}

void CellCosts::watch(NotebookView *notebook)
{
    m_ledgers.insert(notebook, {});
    connect(&notebook->session(), &NotebookSession::usageReported, this,
            [this, notebook](const CellId &cell, const api::CellUsage &usage) {
                take(notebook, cell, usage);
                emit changed(notebook);
            });
    connect(&notebook->kernel(), &KernelLink::connected, this,
            [this, notebook] { askEarlier(notebook); });
    NotebookDocument &document = notebook->document();
    const auto tell = [this, notebook] { emit changed(notebook); };
    connect(&document, &NotebookDocument::contentReset, this, tell);
    connect(&document, &NotebookDocument::cellsRemoved, this, tell);
    connect(&document, &NotebookDocument::cellsInserted, this, tell);
    connect(&document, &NotebookDocument::cellsMoved, this, tell);
    connect(notebook, &QObject::destroyed, this, [this, notebook] { m_ledgers.remove(notebook); });
}

void CellCosts::take(NotebookView *notebook, const CellId &cell, const api::CellUsage &usage)
{
    const auto found = m_ledgers.find(notebook);
    if (found == m_ledgers.end() || found->seen.contains(usage.message))
        return;
    found->seen.insert(usage.message);
    add(found->sum, usage);
    CellCost &cost = found->cells[cell];
    ++cost.runs;
    if (cost.runs == 1 || usage.startedAt >= cost.last.startedAt)
        cost.last = usage;
}

// What ran before this window was there.
void CellCosts::askEarlier(NotebookView *notebook)
{
    const auto found = m_ledgers.find(notebook);
    KernelLink &kernel = notebook->kernel();
    if (found == m_ledgers.end() || !kernel.connection() || !kernel.runtime() ||
        !kernel.runtime()->control() || found->asked == kernel.connection()->kernelId())
        return;
    found->asked = kernel.connection()->kernelId();
    onFinished(kernel.runtime()->control()->usages(found->asked), notebook,
               [this, notebook](const Result<std::vector<api::CellUsage>> &usages) {
                   if (!usages)
                       return;
                   QHash<QString, CellId> byName;
                   const NotebookDocument &document = notebook->document();
                   for (int i = 0; i < document.cellCount(); ++i) {
                       const Cell &cell = document.cellAt(i);
                       byName.insert(cell.fileId.value_or(cell.id.toString()), cell.id);
                   }
                   for (const api::CellUsage &usage : *usages) {
                       if (const CellId cell = byName.value(usage.cellId); !cell.isEmpty())
                           take(notebook, cell, usage);
                   }
                   emit changed(notebook);
               });
}

QHash<CellId, CellCost> CellCosts::costsOf(const NotebookView &notebook) const
{
    const QHash<CellId, CellCost> measured = m_ledgers.value(&notebook).cells;
    QHash<CellId, CellCost> costs;
    const NotebookDocument &document = notebook.document();
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        if (const auto known = measured.constFind(cell.id); known != measured.constEnd())
            costs.insert(cell.id, *known);
        else if (const auto written = writtenIn(cell))
            costs.insert(cell.id, {*written, 0});
    }
    return costs;
}

CostSum CellCosts::sumOf(const NotebookView &notebook) const
{
    return m_ledgers.value(&notebook).sum;
}

void CellCosts::writeTo(NotebookView &notebook) const
{
    NotebookDocument &document = notebook.document();
    const QHash<CellId, CellCost> costs = costsOf(notebook);
    document.beginMacro();
    for (auto cost = costs.constBegin(); cost != costs.constEnd(); ++cost) {
        const Cell *cell = document.findCell(cost.key());
        ordered_json metadata = cell->metadata.toJson();
        if (!metadata.is_object())
            metadata = ordered_json::object();
        ordered_json usage = api::toJson(cost->last);
        usage.erase("cell_id"); // the cell itself says it
        if (!memberOf(metadata, key).is_object())
            metadata[key] = ordered_json::object();
        metadata[key][usageKey] = std::move(usage);
        document.setCellMetadata(cost.key(), metadata);
    }
    document.endMacro();
}

bool CellCosts::isWrittenIn(const NotebookDocument &document)
{
    for (int i = 0; i < document.cellCount(); ++i) {
        if (writtenIn(document.cellAt(i)))
            return true;
    }
    return false;
}

void CellCosts::removeFrom(NotebookDocument &document)
{
    document.beginMacro();
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        if (!writtenIn(cell))
            continue;
        ordered_json metadata = cell.metadata.toJson();
        metadata[key].erase(usageKey);
        if (metadata[key].empty())
            metadata.erase(key);
        document.setCellMetadata(cell.id, metadata);
    }
    document.endMacro();
}

} // namespace farcell
