// The part of NotebookView with the scratch cells beside the notebook.

#include "app/notebook/notebookview.h"
#include "app/notebook/scratchpane.h"
#include "app/notebook/settings.h"
#include "core/notebook/notebookdocument.h"

#include <QApplication>
#include <QSplitter>

namespace farcell {

bool NotebookView::isScratchFocused() const
{
    return m_scratch && m_scratch->isVisible() &&
           m_scratch->isAncestorOf(QApplication::focusWidget());
}

CellListView &NotebookView::focusedList() const
{
    return isScratchFocused() ? m_scratch->list() : *m_list;
}

CellActions &NotebookView::focusedActions() const
{
    return isScratchFocused() ? m_scratch->actions() : *m_actions;
}

NotebookDocument &NotebookView::focusedDocument() const
{
    return isScratchFocused() ? m_scratch->document() : *m_document;
}

const CellListView *NotebookView::listOf(const QWidget *widget) const
{
    const auto has = [widget](const CellListView &list) {
        return widget == &list || list.isAncestorOf(widget);
    };
    if (has(*m_list))
        return m_list;
    return m_scratch && has(m_scratch->list()) ? &m_scratch->list() : nullptr;
}

ScratchPane &NotebookView::scratch()
{
    if (m_scratch)
        return *m_scratch;
    m_scratch = new ScratchPane(*m_kernel, m_workspace.theme, m_workspace.render, m_columns);
    m_columns->addWidget(m_scratch);
    m_columns->setStretchFactor(0, 3);
    m_columns->setStretchFactor(1, 2);
    m_columns->setSizes({m_columns->width() * 3 / 5, m_columns->width() * 2 / 5});
    m_scratch->list().setLineNumbersVisible(m_workspace.settings.lineNumbers());
    connect(m_scratch, &ScratchPane::insertRequested, this, [this](const QString &source) {
        const int index = m_document->indexOf(m_list->currentCell()) + 1;
        m_list->setCurrentCell(m_document->insertCell(index, CellKind::Code, source));
        m_list->setFocus();
    });
    connect(m_scratch, &ScratchPane::linkActivated, this, &NotebookView::followLink);
    connect(m_scratch, &ScratchPane::openTextRequested, this,
            [this](const QString &title, const QString &text) {
                emit openTextRequested(title, text);
            });
    connect(m_scratch, &ScratchPane::commandRequested, this, &NotebookView::commandRequested);
    connect(m_scratch, &ScratchPane::cellMenuRequested, this, &NotebookView::cellMenuRequested);
    connect(m_scratch, &ScratchPane::closed, m_list, qOverload<>(&QWidget::setFocus));
    connect(&m_scratch->list(), &CellListView::modeChanged, this, &NotebookView::statusChanged);
    return *m_scratch;
}

void NotebookView::showScratch()
{
    scratch().open();
}

void NotebookView::copyToScratch()
{
    if (const Cell *cell = m_document->findCell(m_list->currentCell()))
        scratch().put(cell->source);
}

} // namespace farcell
