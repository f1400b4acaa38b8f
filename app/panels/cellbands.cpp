#include "app/panels/cellbands.h"

#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "core/api/usage.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QDateTime>

#include <algorithm>

namespace farcell {

namespace {

constexpr std::size_t most = 5000; // of one notebook

double secondsOf(const QDateTime &time)
{
    return double(time.toMSecsSinceEpoch()) / 1000;
}

CellId cellNamed(const NotebookDocument &document, const QString &fileId)
{
    for (int i = 0; i < document.cellCount() && !fileId.isEmpty(); ++i) {
        if (document.cellAt(i).fileId == fileId)
            return document.cellAt(i).id;
    }
    return {};
}

} // namespace

CellBands::CellBands(QObject *parent)
    : QObject(parent)
{}

void CellBands::watch(NotebookView *notebook)
{
    connect(&notebook->session(), &NotebookSession::runStateChanged, this,
            [this, notebook](const CellId &cell) { follow(notebook, cell); });
    connect(&notebook->session(), &NotebookSession::usageReported, this,
            [this, notebook](const CellId &cell, const api::CellUsage &usage) {
                take(notebook, cell, usage, false);
                sort(notebook);
                emit changed(notebook);
            });
    connect(&notebook->kernel(), &KernelLink::connected, this,
            [this, notebook] { askEarlier(notebook); });
    connect(notebook, &QObject::destroyed, this, [this, notebook] { m_bands.remove(notebook); });
}

const std::vector<CellBand> &CellBands::bandsOf(const NotebookView *notebook) const
{
    static const std::vector<CellBand> none;
    const auto it = m_bands.constFind(notebook);
    return it == m_bands.constEnd() ? none : *it;
}

void CellBands::follow(NotebookView *notebook, const CellId &cell)
{
    const CellRunState state = notebook->session().runState(cell);
    std::vector<CellBand> &bands = m_bands[notebook];
    const auto open = std::find_if(bands.rbegin(), bands.rend(), [&cell](const CellBand &band) {
        return band.cell == cell && band.to == 0;
    });
    if (state.phase == CellRunState::Phase::Running) {
        if (open != bands.rend())
            return;
        CellBand band;
        band.cell = cell;
        band.from = secondsOf(state.startedAt);
        bands.push_back(band);
        if (bands.size() > most)
            bands.erase(bands.begin(), bands.begin() + long(most / 10));
    } else if (open != bands.rend()) {
        // An end that nobody measured is now.
        open->to = state.elapsed.count() > 0 ? open->from + double(state.elapsed.count()) / 1000
                                             : secondsOf(QDateTime::currentDateTimeUtc());
        open->hasFailed = state.phase != CellRunState::Phase::Succeeded;
    } else {
        return;
    }
    emit changed(notebook);
}

// The runtime measured it: its times also hold for what ran before this app was there.
void CellBands::take(NotebookView *notebook, const CellId &cell, const api::CellUsage &usage,
                     bool isEarlier)
{
    if (cell.isEmpty() || usage.startedAt <= 0)
        return;
    std::vector<CellBand> &bands = m_bands[notebook];
    const auto isKnown = [&usage](const CellBand &band) { return band.message == usage.message; };
    if (std::any_of(bands.begin(), bands.end(), isKnown))
        return;
    // Of the run that ended, or of the one that is just ending; what runs now is no earlier run.
    const auto last = [&](bool isOpen) {
        return std::find_if(bands.rbegin(), bands.rend(), [&](const CellBand &band) {
            return band.cell == cell && band.message.isEmpty() && (band.to == 0) == isOpen;
        });
    };
    auto mine = last(false);
    if (mine == bands.rend() && !isEarlier)
        mine = last(true);
    CellBand band;
    band.cell = cell;
    band.message = usage.message;
    band.from = usage.startedAt;
    band.to = usage.startedAt + usage.seconds;
    band.hasFailed = usage.status != api::CellUsage::Status::Ok;
    band.isServerTime = true;
    if (mine != bands.rend())
        *mine = band;
    else
        bands.push_back(band);
}

void CellBands::sort(const NotebookView *notebook)
{
    std::vector<CellBand> &bands = m_bands[notebook];
    std::stable_sort(bands.begin(), bands.end(),
                     [](const CellBand &a, const CellBand &b) { return a.from < b.from; });
}

void CellBands::askEarlier(NotebookView *notebook)
{
    const KernelLink &kernel = notebook->kernel();
    KernelControl *control = kernel.runtime() ? kernel.runtime()->control() : nullptr;
    if (!control || !kernel.connection())
        return;
    onFinished(control->usages(kernel.connection()->kernelId()), notebook,
               [this, notebook](const Result<std::vector<api::CellUsage>> &usages) {
                   if (!usages)
                       return;
                   for (const api::CellUsage &usage : *usages)
                       take(notebook, cellNamed(notebook->document(), usage.cellId), usage, true);
                   sort(notebook);
                   emit changed(notebook);
               });
}

} // namespace farcell
