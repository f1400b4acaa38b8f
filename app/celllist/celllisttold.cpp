#include "app/celllist/celllistview.h"
#include "app/celllist/celllistview_p.h"
#include "app/editor/celleditor.h"
#include "app/editor/completionpopup.h"
#include "app/editor/helppopup.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMimeData>

#include <utility>

namespace farcell {

// --- what NotebookView tells

void CellListView::setRunState(const CellId &id, const CellRunState &run)
{
    using Phase = CellRunState::Phase;
    CellViewState &state = d->state(id);
    const bool starts = run.phase == Phase::Running && state.run.phase != Phase::Running;
    const bool ends = run.phase != Phase::Running && d->follow == id;
    const bool costIsNew = run.usage.has_value() != state.run.usage.has_value();
    state.run = run;
    if (starts && !std::exchange(state.note, {}).isEmpty() && d->row(id))
        d->row(id)->stateChanged();
    if (costIsNew)
        d->rowChanged(id); // lines below its button
    if (starts) {
        const int index = d->document.indexOf(id);
        const bool known = index >= 0 && index < d->heights.size();
        const qint64 bottom = known ? d->rowTop(index) + d->heights.height(index) : 0;
        // Run by itself, perhaps going on to the next; whoever runs all reads where they are.
        const bool watched = id == d->current || d->neighbour(id, 1) == d->current;
        if (watched && known && bottom >= d->scrollY() && bottom <= d->scrollY() + d->viewHeight())
            d->follow = id;
    }
    if (ends) {
        d->layoutNow(); // its last output is still followed
        d->follow = {};
    }
    d->repaintCell(id);
    d->updateTick();
}

void CellListView::setQueuePlaces(std::span<const CellId> queued)
{
    int place = 0;
    for (const CellId &id : queued) {
        ++place;
        if (std::exchange(d->state(id).run.queuePosition, place) != place)
            d->repaintCell(id);
    }
}

void CellListView::setKernelLanguage(const QString &language)
{
    d->kernelLanguage = &languageByName(language);
    d->context.language = d->kernelLanguage;
    for (const auto &[key, row] : d->rows)
        row->sourceChanged();
}

void CellListView::setBaseDirectory(const QString &directory)
{
    d->context.baseDirectory = directory;
    for (const auto &[key, row] : d->rows)
        row->baseDirectoryChanged();
}

void CellListView::setLineNumbersVisible(bool visible)
{
    d->context.lineNumbers = visible;
    for (const auto &[key, row] : d->rows) {
        if (row->editor())
            row->editor()->setLineNumbers(visible && row->cell()->kind == CellKind::Code);
    }
}

void CellListView::setCodeWrapped(bool wrapped)
{
    d->context.wrapCode = wrapped;
    for (const auto &[key, row] : d->rows) {
        if (row->editor())
            row->editor()->setWrap(wrapped || row->cell()->kind != CellKind::Code);
    }
    d->layoutSoon();
}

void CellListView::setReadOnly(bool readOnly)
{
    d->context.readOnly = readOnly;
    for (const auto &[key, row] : d->rows) {
        if (row->editor())
            row->editor()->setEditable(!readOnly && row->cell()->kind != CellKind::Unknown);
    }
    d->placeOverlays();
}

void CellListView::showInput(const CellId &id, const QString &prompt, bool password)
{
    d->state(id).input = CellViewState::Input{prompt, password};
    const int index = d->document.indexOf(id);
    if (index < 0)
        return;
    d->ensureRow(index).stateChanged();
    d->revealRow(index);
    d->layoutNow();
}

void CellListView::hideInput(const CellId &id)
{
    d->state(id).input.reset();
    if (CellRow *row = d->row(id))
        row->stateChanged();
}

void CellListView::setNote(const CellId &id, const QString &markdown)
{
    d->state(id).note = markdown;
    if (CellRow *row = d->row(id))
        row->stateChanged();
    else
        d->forgetHeight(id);
}

QString CellListView::note(const CellId &id) const
{
    const CellRow *row = d->row(id);
    return row && row->note() ? row->note()->plainText() : QString();
}

void CellListView::setOutputsCollapsed(const CellId &id, bool collapsed)
{
    d->state(id).outputsCollapsed = collapsed;
    if (CellRow *row = d->row(id))
        row->stateChanged();
    else
        d->forgetHeight(id);
}

void CellListView::setSourceCollapsed(const CellId &id, bool collapsed)
{
    if (std::exchange(d->state(id).sourceCollapsed, collapsed) != collapsed)
        emit sourceCollapsedChanged(id, collapsed);
    if (CellRow *row = d->row(id))
        row->stateChanged();
    else
        d->forgetHeight(id);
    d->layoutSoon();
}

void CellListView::foldsChanged()
{
    d->updateFolds();
}

void CellListView::reveal(const CellId &id, int position)
{
    d->folds.reveal(id);
    const int index = d->document.indexOf(id);
    if (index < 0)
        return;
    d->updateFolds();
    d->setCurrent(id, false);
    d->revealRow(index, position < 0 ? QRect() : d->ensureRow(index).sourceLineRect(position));
    d->layoutNow();
    if (position >= 0) {
        d->revealRow(index, d->ensureRow(index).sourceLineRect(position));
        if (CellEditor *editor = d->currentEditor())
            editor->setCaret(position);
    }
}

void CellListView::setHighlights(const QList<Highlight> &found, int current)
{
    const QHash<CellId, Private::CellHits> before = std::exchange(d->hits, {});
    d->currentHit = {};
    for (qsizetype i = 0; i < found.size(); ++i) {
        const Highlight &hit = found[i];
        Private::CellHits &cell = d->hits[hit.cell];
        const bool isCurrent = i == current;
        if (isCurrent)
            d->currentHit = hit.cell;
        if (hit.output < 0) {
            cell.currentSource =
                isCurrent ? static_cast<int>(cell.source.size()) : cell.currentSource;
            cell.source.append({hit.position, hit.length});
        } else {
            cell.currentOutput =
                isCurrent ? static_cast<int>(cell.output.size()) : cell.currentOutput;
            cell.output.append({hit.output, hit.position, hit.length, hit.fromEnd});
        }
    }
    for (const auto &[key, row] : d->rows) {
        const Private::CellHits cell = d->hits.value(row->id());
        if (d->hits.contains(row->id()) || before.contains(row->id()))
            row->setHighlights(cell.source, cell.currentSource, cell.output, cell.currentOutput);
    }
    viewport()->update();
}

bool CellListView::revealHighlight()
{
    const int index = d->document.indexOf(d->currentHit);
    if (index < 0)
        return false;
    d->revealRow(index, d->ensureRow(index).highlightRect());
    const QRect place = d->ensureRow(index).highlightRect(); // measured by now
    d->revealRow(index, place);
    return !place.isNull();
}

void CellListView::showCompletions(int request, const QList<Completion> &matches, int start, int)
{
    CellEditor *editor = d->completionEditor;
    const bool stale =
        request != d->latestCompletion || !editor || !editor->buffer() || !editor->hasFocus();
    if (stale)
        return;
    QList<CompletionItem> items;
    items.reserve(matches.size());
    for (const Completion &match : matches)
        items.append({match.text, match.type, match.signature});
    // A reply that comes late is shown, but nothing is put in by itself then.
    const bool asked = d->completionAsked == editor->caret();
    d->completions->open(*editor, std::move(items), start, asked);
}

void CellListView::showToolTip(int request, const QString &text)
{
    CellEditor *editor = d->toolTipEditor;
    if (request == d->latestToolTip && editor && editor->buffer() && editor->hasFocus())
        d->help->open(*editor, text);
}

bool CellListView::copyRenderedSelection()
{
    for (const auto &[key, row] : d->rows) {
        for (const Block *block :
             {row->text(), static_cast<Block *>(row->outputs()), row->note()}) {
            if (!block || !block->hasSelection())
                continue;
            if (QMimeData *data = block->copySelection()) {
                QGuiApplication::clipboard()->setMimeData(data);
                return true;
            }
        }
    }
    return false;
}

int CellListView::editorCount() const
{
    return static_cast<int>(d->editors.size());
}

QRect CellListView::cellRect(const CellId &id) const
{
    const int index = d->document.indexOf(id);
    if (index < 0 || index >= d->heights.size() || d->heights.height(index) == 0)
        return {};
    return {0, static_cast<int>(d->rowTop(index) - d->scrollY()), viewport()->width(),
            d->heights.height(index)};
}

void CellListView::finishLayout()
{
    if (d->foldTimer.isActive()) {
        d->foldTimer.stop();
        d->updateFolds();
    }
    d->settle.stop();
    d->flinging = false;
    d->layoutNow();
}

} // namespace farcell
