// The part of MainWindow that shows and closes pages.

#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/notebook/textpage.h"
#include "app/panels/cellbands.h"
#include "app/panels/filespanel.h"
#include "app/panels/outlinepanel.h"
#include "app/panels/queuepanel.h"
#include "app/panels/resourcemonitor.h"
#include "app/runtime/cellcosts.h"
#include "app/runtime/costpanel.h"
#include "app/shell/commandregistry.h"
#include "app/shell/mainwindow.h"
#include "app/shell/menus.h"
#include "app/shell/notebooktoolbar.h"
#include "app/shell/runnotifier.h"
#include "app/shell/startpage.h"
#include "app/shell/statusbar.h"
#include "app/shell/tabstrip.h"
#include "core/client/notebooksession.h"

#include <QCloseEvent>
#include <QDir>
#include <QMenu>
#include <QMessageBox>
#include <QStackedWidget>
#include <QTimer>

namespace farcell {

void MainWindow::addPage(Page *page)
{
    m_pages->addWidget(page);
    connect(page, &Page::titleChanged, this, [this, page] { refreshTab(page); });
    connect(page, &Page::modifiedChanged, this, [this, page] { refreshTab(page); });
    const int index = m_tabs->addPage(page, {page->title(), page->place(), page->icon()});
    refreshTab(page);
    m_tabs->setCurrentIndex(index);
    goToPage(index);
}

NotebookView *MainWindow::addNotebook()
{
    auto *notebook = new NotebookView(m_workspace, this);
    wireNotebook(notebook);
    addPage(notebook);
    return notebook;
}

void MainWindow::wireNotebook(NotebookView *notebook)
{
    connect(notebook, &NotebookView::statusChanged, this, [this, notebook] {
        if (notebook != currentNotebook())
            return;
        m_toolBar->refresh();
        tellCurrentKernel();
    });
    m_runs->watch(notebook);
    m_bands->watch(notebook);
    m_costs->watch(notebook);
    connect(notebook, &NotebookView::commandRequested, m_commands.get(), &CommandRegistry::trigger);
    connect(notebook, &NotebookView::openTextRequested, this, &MainWindow::openText);
    connect(notebook, &NotebookView::openLinkRequested, this, &MainWindow::openLink);
    connect(notebook, &NotebookView::cellMenuRequested, this, &MainWindow::showCellMenu);
    connect(notebook, &NotebookView::savedAway, this, [this, notebook] { pageSaved(notebook); });
    connect(notebook, &NotebookView::saveCancelled, this,
            [this, notebook] { pageNotSaved(notebook); });
    connect(&notebook->file(), &DocumentFile::saved, this, [this, notebook] {
        if (notebook->file().place().isLocal())
            m_workspace.settings.addRecentFile(notebook->file().place().path);
    });
    connect(notebook, &NotebookView::broken, this, [this, notebook] {
        if (notebook == currentNotebook())
            pageChanged();
    });
    connect(&notebook->file(), &DocumentFile::contentLoaded, this, [this, notebook] {
        takeUpRun(notebook);
        if (notebook->file().place().isLocal())
            m_workspace.settings.addRecentFile(notebook->file().place().path);
        if (notebook == currentNotebook())
            pageChanged();
    });
}

void MainWindow::goToPage(int index)
{
    QWidget *page = m_tabs->pageAt(index);
    m_pages->setCurrentWidget(page ? page : m_start);
    pageChanged();
}

void MainWindow::pageChanged()
{
    Page *page = currentPage();
    NotebookView *notebook = currentNotebook();
    m_toolBar->setVisible(notebook != nullptr && !notebook->isBroken());
    m_monitor->setNotebook(notebook);
    m_toolBar->setNotebook(notebook);
    m_outline->setNotebook(notebook);
    m_status->setNotebook(notebook);
    m_queue->setNotebook(notebook);
    m_costPanel->setNotebook(notebook);
    tellCurrentKernel();
    if (m_panel == Panel::Files)
        showFilesPanel();
    m_saveSoon.start();
    setWindowTitle(page ? tr("%1 – Farcell").arg(page->title()) : QStringLiteral("Farcell"));
    m_tabs->parentWidget()->setVisible(m_tabs->count() > 0);
    if (page)
        page->takeFocus();
    else
        m_start->setFocus();
}

void MainWindow::refreshTab(const Page *page)
{
    const int index = m_tabs->indexOfPage(page);
    if (index < 0)
        return;
    m_tabs->setTabState(index,
                        {page->title(), page->place(), page->icon(), page->isModified(), false});
    if (page == currentPage())
        setWindowTitle(tr("%1 – Farcell").arg(page->title()));
}

void MainWindow::showFilesPanel()
{
    const NotebookView *notebook = currentNotebook();
    Runtime *runtime = notebook ? notebook->kernel().runtime() : m_workspace.runtimes.preferred();
    if (!runtime || (runtime == m_files->runtime() && !runtime->isLocal()))
        return;
    QString directory;
    if (runtime->isLocal()) {
        const QString local = notebook ? notebook->file().place().directory() : QString();
        directory = runtime->pathOfLocalFile(local.isEmpty() ? QDir::homePath() : local);
    }
    m_files->setRuntime(runtime, directory);
}

void MainWindow::showFolder(const QString &path)
{
    Runtime *local = m_workspace.runtimes.local();
    showPanel(Panel::Files, false);
    m_files->setRuntime(local, local->pathOfLocalFile(path));
}

void MainWindow::closePage(int index)
{
    auto *page = qobject_cast<Page *>(m_tabs->pageAt(index));
    if (!page)
        return;
    if (!page->isModified()) {
        removePage(page);
        return;
    }
    // What is being written needs no question, unless it fails or is edited meanwhile.
    if (const auto *notebook = qobject_cast<NotebookView *>(page);
        notebook && notebook->file().isSaving()) {
        m_closeWhenSaved = page;
        return;
    }
    m_tabs->setCurrentIndex(index);
    askToSave(page);
}

void MainWindow::askToSave(Page *page)
{
    auto *box = new QMessageBox(
        QMessageBox::NoIcon, tr("Save changes"), tr("Save the changes to %1?").arg(page->title()),
        QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
    box->setDefaultButton(QMessageBox::Save);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::finished, this, [this, page = QPointer(page)](int choice) {
        if (!page)
            return;
        auto *notebook = qobject_cast<NotebookView *>(page);
        auto *text = qobject_cast<TextPage *>(page);
        if (!page->isModified()) {
            removePage(page);
        } else if (choice == QMessageBox::Discard) {
            if (notebook)
                notebook->discardJournal();
            removePage(page);
        } else if (choice == QMessageBox::Save) {
            m_closeWhenSaved = page;
            if (notebook)
                notebook->save();
            else if (text)
                text->save();
        } else {
            m_closing = false;
        }
    });
    // Saved by itself meanwhile, as after the end of a run: nothing is left to ask.
    connect(page, &Page::modifiedChanged, box, [box, page] {
        if (!page->isModified())
            QTimer::singleShot(0, box, &QDialog::reject); // not while the page is telling this
    });
    box->open();
}

void MainWindow::pageSaved(Page *page)
{
    if (page != m_closeWhenSaved)
        return;
    m_closeWhenSaved = nullptr;
    // Not right here: the page itself is telling this.
    QTimer::singleShot(0, page, [this, page] { closePage(m_tabs->indexOfPage(page)); });
}

void MainWindow::pageNotSaved(const Page *page)
{
    if (page == m_closeWhenSaved)
        m_closeWhenSaved = nullptr;
    m_closing = false;
}

void MainWindow::removePage(Page *page)
{
    if (!page)
        return;
    const int index = m_tabs->indexOfPage(page);
    if (auto *notebook = qobject_cast<NotebookView *>(page)) {
        // The kernel of a closed notebook on this computer would only use memory; on a runtime
        // elsewhere it may be meant to go on.
        KernelLink &kernel = notebook->kernel();
        if (kernel.runtime() && kernel.runtime()->isLocal())
            kernel.shutdown();
    }
    m_pages->removeWidget(page);
    page->deleteLater();
    m_tabs->removeTab(index);
    goToPage(m_tabs->currentIndex());
    if (m_closing)
        QTimer::singleShot(0, this, &MainWindow::finishClosing);
}

// Asks page by page; goes on when each is saved or discarded.
void MainWindow::finishClosing()
{
    const QList<Page *> open = pages();
    for (Page *page : open) {
        if (page->isModified()) {
            closePage(m_tabs->indexOfPage(page));
            return;
        }
    }
    for (Page *page : open) {
        if (auto *notebook = qobject_cast<NotebookView *>(page);
            notebook && notebook->kernel().runtime() && notebook->kernel().runtime()->isLocal())
            notebook->kernel().shutdown();
    }
    hide();
    emit quitRequested();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    event->ignore();
    saveSession();
    m_closing = true;
    finishClosing();
}

void MainWindow::showCellMenu(const CellId & /*id*/, const QPoint &globalPos)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    m_menus->fill(*menu, {QStringLiteral("run.cell"),
                          QStringLiteral("run.before"),
                          QStringLiteral("run.after"),
                          QStringLiteral("-"),
                          QStringLiteral("cell.cut"),
                          QStringLiteral("cell.copy"),
                          QStringLiteral("cell.paste"),
                          QStringLiteral("cell.delete"),
                          QStringLiteral("-"),
                          QStringLiteral("cell.moveUp"),
                          QStringLiteral("cell.moveDown"),
                          QStringLiteral("cell.split"),
                          QStringLiteral("cell.merge"),
                          QStringLiteral("-"),
                          QStringLiteral("cell.toCode"),
                          QStringLiteral("cell.toText"),
                          QStringLiteral("cell.toScratch"),
                          QStringLiteral("-"),
                          QStringLiteral("view.toggleCode"),
                          QStringLiteral("view.toggleOutput"),
                          QStringLiteral("cell.clearOutput")});
    menu->popup(globalPos);
}

} // namespace farcell
