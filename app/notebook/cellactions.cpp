#include "app/notebook/cellactions.h"

#include "app/celllist/celllistview.h"
#include "app/notebook/cellclipboard.h"
#include "core/notebook/collapse.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"
#include "core/notebook/outline.h"

#include <QClipboard>
#include <QGuiApplication>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

std::vector<CellId> toVector(const QList<CellId> &ids)
{
    return {ids.begin(), ids.end()};
}

} // namespace

CellActions::CellActions(NotebookDocument &document, SectionFolds &folds, CellListView &list,
                         QObject *parent)
    : QObject(parent)
    , m_document(document)
    , m_folds(folds)
    , m_list(list)
{}

int CellActions::currentIndex() const
{
    return m_document.indexOf(m_list.currentCell());
}

// Below a collapsed heading means below all that it hides.
int CellActions::insertionIndex(Where where) const
{
    const int current = currentIndex();
    if (current < 0)
        return m_document.cellCount();
    if (where == Where::Above)
        return current;
    return current + 1 + int(m_folds.hiddenCells(m_list.currentCell()).size());
}

QList<CellId> CellActions::expanded(const QList<CellId> &ids) const
{
    const std::vector<CellId> all = m_folds.withHiddenCells(toVector(ids));
    return {all.begin(), all.end()};
}

void CellActions::insert(CellKind kind, Where where)
{
    insertAt(insertionIndex(where), kind);
}

void CellActions::insertAt(int index, CellKind kind)
{
    const CellId id = m_document.insertCell(index, kind);
    m_list.setCurrentCell(id);
    m_list.enterEditMode();
}

void CellActions::insertSection(Where where)
{
    int level = 1;
    const int current = currentIndex();
    for (const Section &section : outlineOf(m_document)) {
        if (section.first <= current && current < section.end)
            level = section.level;
    }
    const CellId id = m_document.insertCell(insertionIndex(where), CellKind::Markdown,
                                            QString(level, QLatin1Char('#')) + QLatin1Char(' ') +
                                                tr("New section"));
    m_list.setCurrentCell(id);
    m_list.enterEditMode();
}

void CellActions::remove()
{
    removeCells(expanded(m_list.selectedCells()));
}

void CellActions::removeCells(const QList<CellId> &ids)
{
    if (ids.isEmpty())
        return;
    const int first = m_document.indexOf(ids.first());
    m_document.beginMacro();
    m_document.removeCells(toVector(ids));
    if (m_document.cellCount() == 0)
        m_document.insertCell(0, CellKind::Code);
    m_document.endMacro();
    const int next = std::clamp(first, 0, m_document.cellCount() - 1);
    m_list.setCurrentCell(m_document.cellAt(next).id);
}

void CellActions::moveSelected(int direction)
{
    const QList<CellId> ids = expanded(m_list.selectedCells());
    if (ids.isEmpty())
        return;
    const int first = m_document.indexOf(ids.first());
    const int last = m_document.indexOf(ids.last());
    int target = 0;
    if (direction < 0) {
        if (first == 0)
            return;
        target = first - 1;
        // Over a collapsed section as a whole.
        while (target > 0 && m_folds.isHidden(target))
            --target;
    } else {
        if (last + 1 >= m_document.cellCount())
            return;
        const CellId next = m_document.cellAt(last + 1).id;
        target = last + 2 + int(m_folds.hiddenCells(next).size());
    }
    moveTo(ids, target);
}

void CellActions::moveTo(const QList<CellId> &ids, int index)
{
    const CellId current = m_list.currentCell();
    const QList<CellId> selected = m_list.selectedCells();
    m_document.moveCells(toVector(expanded(ids)), index);
    m_list.setCurrentCell(current);
    m_list.setSelectedCells(selected);
}

void CellActions::split()
{
    const CellId id = m_list.currentCell();
    const QList<int> positions = m_list.cursorPositions();
    if (id.isEmpty() || positions.isEmpty())
        return;
    const int index = m_document.indexOf(id);
    const int before = m_document.cellCount();
    m_document.splitCell(id, std::vector<int>(positions.begin(), positions.end()));
    const int made = m_document.cellCount() - before;
    m_list.setCurrentCell(m_document.cellAt(index + made).id);
    m_list.enterEditMode();
}

void CellActions::merge()
{
    QList<CellId> ids = m_list.selectedCells();
    if (ids.size() == 1) { // with the one below, as Colab does
        const int next = m_document.indexOf(ids.first()) + 1;
        if (next >= m_document.cellCount())
            return;
        ids.append(m_document.cellAt(next).id);
    }
    if (ids.size() < 2)
        return;
    m_list.leaveEditMode();
    m_document.mergeCells(toVector(ids));
    m_list.setCurrentCell(ids.first());
}

void CellActions::convert(CellKind kind)
{
    const QList<CellId> ids = m_list.selectedCells();
    m_document.beginMacro();
    for (const CellId &id : ids) {
        if (const Cell *cell = m_document.findCell(id); cell && cell->kind != kind)
            m_document.setKind(id, kind);
    }
    m_document.endMacro();
}

void CellActions::copy()
{
    std::vector<Cell> cells;
    for (const CellId &id : expanded(m_list.selectedCells())) {
        if (const Cell *cell = m_document.findCell(id))
            cells.push_back(*cell);
    }
    if (!cells.empty())
        QGuiApplication::clipboard()->setMimeData(CellClipboard::toMimeData(cells));
}

void CellActions::cut()
{
    copy();
    remove();
}

void CellActions::paste(Where where)
{
    std::vector<Cell> cells = CellClipboard::fromMimeData(QGuiApplication::clipboard()->mimeData());
    if (cells.empty())
        return;
    const int index = insertionIndex(where);
    const int count = int(cells.size());
    m_document.insertCells(index, std::move(cells));
    QList<CellId> pasted;
    for (int i = index; i < index + count; ++i)
        pasted.append(m_document.cellAt(i).id);
    m_list.setCurrentCell(pasted.last());
    m_list.setSelectedCells(pasted);
}

void CellActions::selectAll()
{
    QList<CellId> ids;
    for (int i = 0; i < m_document.cellCount(); ++i)
        ids.append(m_document.cellAt(i).id);
    m_list.leaveEditMode();
    m_list.setSelectedCells(ids);
}

void CellActions::selectFocused()
{
    m_list.leaveEditMode();
    m_list.setCurrentCell(m_list.currentCell());
}

void CellActions::undo()
{
    reveal(m_document.undo());
}

void CellActions::redo()
{
    reveal(m_document.redo());
}

void CellActions::reveal(const CellId &id)
{
    if (id.isEmpty() || !m_document.findCell(id))
        return;
    if (id != m_list.currentCell())
        m_list.setCurrentCell(id);
    m_list.reveal(id);
}

void CellActions::clearOutputs()
{
    m_document.clearOutputs(toVector(expanded(m_list.selectedCells())));
}

void CellActions::clearAllOutputs()
{
    std::vector<CellId> ids;
    ids.reserve(static_cast<size_t>(m_document.cellCount()));
    for (int i = 0; i < m_document.cellCount(); ++i)
        ids.push_back(m_document.cellAt(i).id);
    m_document.clearOutputs(ids);
}

void CellActions::toggleOutputs()
{
    const QList<CellId> ids = m_list.selectedCells();
    for (const CellId &id : ids) {
        if (const Cell *cell = m_document.findCell(id))
            setOutputsCollapsed(m_document, id, !areOutputsCollapsed(*cell));
    }
}

void CellActions::toggleSources()
{
    const QList<CellId> ids = m_list.selectedCells();
    for (const CellId &id : ids) {
        if (const Cell *cell = m_document.findCell(id))
            setSourceCollapsed(m_document, id, !isSourceCollapsed(*cell));
    }
}

void CellActions::goToNextAfterRun()
{
    m_list.leaveEditMode();
    const int next = insertionIndex(Where::Below);
    if (next >= m_document.cellCount()) {
        insertAt(next, CellKind::Code);
        return;
    }
    m_list.setCurrentCell(m_document.cellAt(next).id);
}

std::vector<CellId> CellActions::codeCells(Range range) const
{
    const int current = currentIndex();
    int first = 0;
    int end = m_document.cellCount();
    switch (range) {
    case Range::All:
        break;
    case Range::Before:
        end = std::max(0, current);
        break;
    case Range::After:
        first = std::max(0, current);
        break;
    case Range::Section:
        // The innermost section around the current cell; without one, everything.
        for (const Section &section : outlineOf(m_document)) {
            if (section.first <= current && current < section.end) {
                first = section.first;
                end = section.end;
            }
        }
        break;
    case Range::Current:
    case Range::Selected: {
        std::vector<CellId> ids;
        const QList<CellId> chosen =
            range == Range::Current ? QList<CellId>{m_list.currentCell()} : m_list.selectedCells();
        for (const CellId &id : expanded(chosen)) {
            const Cell *cell = m_document.findCell(id);
            if (cell && cell->kind == CellKind::Code)
                ids.push_back(id);
        }
        return ids;
    }
    }
    std::vector<CellId> ids;
    for (int i = first; i < end; ++i) {
        if (m_document.cellAt(i).kind == CellKind::Code)
            ids.push_back(m_document.cellAt(i).id);
    }
    return ids;
}

std::vector<CellId> CellActions::hiddenCodeCells(const CellId &heading) const
{
    std::vector<CellId> ids;
    for (const CellId &id : m_folds.hiddenCells(heading)) {
        const Cell *cell = m_document.findCell(id);
        if (cell && cell->kind == CellKind::Code)
            ids.push_back(id);
    }
    return ids;
}

} // namespace farcell
