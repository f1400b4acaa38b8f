#include "app/celllist/celllistview_p.h"
#include "app/celllist/celltoolbar.h"
#include "app/editor/celleditor.h"
#include "app/editor/completionpopup.h"
#include "app/editor/helppopup.h"
#include "core/notebook/notebookdocument.h"

#include <QScopedValueRollback>

namespace farcell {

CellEditor *CellListView::Private::acquireEditor(const CellId &id)
{
    const Cell &cell = *document.findCell(id);
    const Language &language = cell.kind == CellKind::Code
                                   ? languageOfCell(cell.source, *kernelLanguage)
                               : cell.kind == CellKind::Markdown ? markdownLanguage()
                                                                 : plainLanguage();
    CellBuffer &buffer = buffers.obtain(id, cell.source, language);
    buffers.pin(id);
    CellEditor *editor = nullptr;
    if (!spare.isEmpty()) {
        editor = spare.takeLast();
    } else {
        editor = new CellEditor(theme, q.viewport());
        connectEditor(editor);
        editors.append(editor);
    }
    editor->bind(buffer);
    return editor;
}

void CellListView::Private::releaseEditor(CellEditor *editor)
{
    if (completions->isOpenFor(editor))
        completions->dismiss();
    const CellId id = editor->buffer()->cell;
    if (focusedCell == id) {
        focusedCell = {};
        q.setFocus(Qt::OtherFocusReason);
    }
    editor->unbind();
    buffers.unpin(id);
    editor->hide();
    spare.append(editor);
}

void CellListView::Private::connectEditor(CellEditor *editor)
{
    editor->setPopup(completions);
    editor->viewport()->installEventFilter(&q); // the pointer over an editor is over its cell
    connect(editor, &CellEditor::edited, this,
            [this, editor](int position, int removed, const QString &added) {
                onEdited(editor, position, removed, added);
            });
    connect(editor, &CellEditor::editGroupChanged, this,
            [this](bool open) { open ? document.beginMacro() : document.endMacro(); });
    connect(editor, &CellEditor::linesChanged, this, [this] { layoutNow(); });
    connect(editor, &CellEditor::caretMoved, this, [this, editor] {
        if (editor->buffer() && editor->buffer()->cell == focusedCell)
            revealCaret();
    });
    connect(editor, &CellEditor::leftUpwards, this,
            [this, editor](int x) { leaveEditor(editor, -1, x); });
    connect(editor, &CellEditor::leftDownwards, this,
            [this, editor](int x) { leaveEditor(editor, 1, x); });
    connect(editor, &CellEditor::escaped, this, [this] { q.leaveEditMode(); });
    connect(editor, &CellEditor::focusChanged, this,
            [this, editor](bool focused) { onEditorFocus(editor, focused); });
    connect(editor, &CellEditor::completionWanted, this, [this, editor](int position, bool asked) {
        completionAsked = asked ? position : -1;
        requestHelp(editor, position, true);
    });
    connect(editor, &CellEditor::toolTipWanted, this,
            [this, editor](int position) { requestHelp(editor, position, false); });
    connect(editor, &CellEditor::contextMenuWanted, this, [this, editor](const QPoint &global) {
        if (editor->buffer())
            emit q.cellMenuRequested(editor->buffer()->cell, global);
    });
}

void CellListView::Private::onEdited(CellEditor *editor, int position, int removed,
                                     const QString &added)
{
    if (!editor->buffer())
        return;
    const CellId id = editor->buffer()->cell;
    const QScopedValueRollback<CellId> guard(editing, id);
    document.editSource(id, position, removed, added);
}

void CellListView::Private::requestHelp(CellEditor *editor, int position, bool completion)
{
    if (!editor->buffer())
        return;
    const int request = ++requests;
    const CellId id = editor->buffer()->cell;
    if (completion) {
        latestCompletion = request;
        completionEditor = editor;
        emit q.completionRequested(request, id, position);
    } else {
        latestToolTip = request;
        toolTipEditor = editor;
        emit q.toolTipRequested(request, id, position);
    }
}

void CellListView::Private::onEditorFocus(CellEditor *editor, bool focused)
{
    if (!editor->buffer())
        return;
    const CellId id = editor->buffer()->cell;
    if (focused) {
        focusedCell = id;
        setCurrent(id, false);
        closeTextEditors(id);
        setMode(Mode::Edit);
        return;
    }
    if (focusedCell == id) {
        focusedCell = {};
        setMode(Mode::Command);
        layoutSoon(); // no longer pinned
    }
}

// Other text cells that show their source are rendered again.
void CellListView::Private::closeTextEditors(const CellId &except)
{
    QList<CellId> open; // a copy: what follows may add to the states
    for (const auto &[key, s] : states) {
        if (s->editing && key != except.toString())
            open.append(CellId(key));
    }
    for (const CellId &id : std::as_const(open)) {
        state(id).editing = false;
        if (CellRow *r = row(id)) {
            r->cellChanged();
            r->dropEditor();
        }
        layoutSoon();
    }
}

CellEditor *CellListView::Private::currentEditor() const
{
    const CellRow *r = row(current);
    return r ? r->editor() : nullptr;
}

void CellListView::Private::setMode(Mode to)
{
    if (mode == to)
        return;
    mode = to;
    repaintCell(current);
    emit q.modeChanged(to);
}

void CellListView::Private::setCurrent(const CellId &id, bool keepSelection)
{
    if (!keepSelection && selected != QSet<CellId>{id}) {
        const QSet<CellId> before = std::exchange(selected, {id});
        selectionAnchor = id;
        for (const CellId &cell : before)
            repaintCell(cell);
        emit q.selectedCellsChanged();
    }
    if (current == id)
        return;
    const CellId before = std::exchange(current, id);
    repaintCell(before);
    repaintCell(id);
    if (!focusedCell.isEmpty() && focusedCell != id)
        q.setFocus(Qt::OtherFocusReason); // the caret does not stay behind in another cell
    placeOverlays();
    emit q.currentCellChanged(id);
}

void CellListView::Private::selectRange(int from, int to)
{
    QSet<CellId> now;
    for (int i = std::min(from, to); i <= std::max(from, to); ++i) {
        if (i >= 0 && i < static_cast<int>(order.size()))
            now.insert(order[static_cast<size_t>(i)]);
    }
    selected = now;
    q.viewport()->update();
    emit q.selectedCellsChanged();
}

CellId CellListView::Private::neighbour(const CellId &id, int direction) const
{
    const int index = document.indexOf(id);
    const int next = index < 0 ? -1 : heights.visibleFrom(index + direction, direction);
    return next < 0 ? CellId() : order[static_cast<size_t>(next)];
}

void CellListView::Private::leaveEditor(CellEditor *editor, int direction, int pixelX)
{
    const CellId next = neighbour(editor->buffer()->cell, direction);
    if (next.isEmpty())
        return;
    const Cell *cell = document.findCell(next);
    const CellViewState *s = findState(next);
    if (cell->kind == CellKind::Markdown || (s && s->sourceCollapsed)) {
        q.setFocus(Qt::OtherFocusReason); // rendered text is passed in command mode
        q.setCurrentCell(next);
        return;
    }
    focusEditor(next);
    if (CellEditor *target = currentEditor()) {
        target->placeCaretAtLine(direction > 0, pixelX);
        revealCaret();
    }
}

void CellListView::Private::focusEditor(const CellId &id)
{
    const int index = document.indexOf(id);
    if (index < 0)
        return;
    setCurrent(id, false);
    settle.stop();
    flinging = false;
    layoutNow();
    const CellRow *before = row(id);
    if (!before || !before->editor())
        revealRow(index);
    CellRow &r = ensureRow(index);
    r.ensureEditor();
    if (!r.editor())
        return;
    layoutNow();
    r.editor()->show();
    r.editor()->setFocus(Qt::OtherFocusReason);
    revealCaret();
}

} // namespace farcell
