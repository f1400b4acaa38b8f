// The part of MainWindow that opens, shows and closes pages.

#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/notebook/textpage.h"
#include "app/panels/filespanel.h"
#include "app/panels/outlinepanel.h"
#include "app/panels/queuepanel.h"
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
#include <QCoreApplication>
#include <QDesktopServices>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QFuture>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QStackedWidget>
#include <QTimer>

#include <algorithm>

namespace farcell {

namespace {

constexpr qint64 maxTextBytes = 20'000'000;

bool isNotebook(const QString &path)
{
    return path.endsWith(QStringLiteral(".ipynb"), Qt::CaseInsensitive);
}

} // namespace

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

void MainWindow::openFile(const QString &path)
{
    const QFileInfo info(path);
    const QString absolute = info.absoluteFilePath();
    const QList<Page *> open = pages();
    for (Page *page : open) {
        if (page->place() == absolute) {
            m_tabs->setCurrentIndex(m_tabs->indexOfPage(page));
            return;
        }
    }
    if (!info.isDir() && !isNotebook(path) && info.size() <= maxTextBytes) {
        QFile file(absolute);
        if (file.open(QIODevice::ReadOnly)) {
            openTextFile(absolute, nullptr, file.readAll());
            return;
        }
    }
    addNotebook()->open({absolute, nullptr});
}

void MainWindow::openOnRuntime(Runtime *runtime, const QString &path)
{
    if (runtime->isLocal()) {
        openFile(QLatin1Char('/') + path);
        return;
    }
    const QList<Page *> open = pages();
    for (Page *page : open) {
        const auto *notebook = qobject_cast<NotebookView *>(page);
        const auto *text = qobject_cast<TextPage *>(page);
        if ((notebook && notebook->file().place().runtime == runtime &&
             notebook->file().place().path == path) ||
            (text && text->runtime() == runtime && text->place() == path)) {
            m_tabs->setCurrentIndex(m_tabs->indexOfPage(page));
            return;
        }
    }
    if (isNotebook(path)) {
        addNotebook()->open({path, runtime});
        return;
    }
    runtime->client()->readFile(path).then(
        this, [this, path, runtime = QPointer(runtime)](const Result<QByteArray> &bytes) {
            if (bytes && bytes->size() <= maxTextBytes)
                openTextFile(path, runtime, *bytes);
            else
                m_status->showHint(bytes ? tr("%1 is too large to show").arg(path)
                                         : bytes.error().message);
        });
}

void MainWindow::openTextFile(const QString &path, Runtime *runtime, const QByteArray &bytes)
{
    const QString text = QString::fromUtf8(bytes);
    auto *page = new TextPage(QFileInfo(path).fileName(), text, m_workspace.theme, this);
    // Editable only if saving would change nothing but what was edited.
    if (text.toUtf8() == bytes && !text.contains(QLatin1Char('\r')))
        page->setFile(path, runtime);
    connect(page, &TextPage::failed, this, [this, page](const Error &error) {
        m_status->showHint(error.message);
        pageNotSaved(page);
    });
    connect(page, &Page::modifiedChanged, this, [this, page] { pageSaved(page); });
    addPage(page);
}

void MainWindow::openText(const QString &title, const QString &text)
{
    addPage(new TextPage(title, text, m_workspace.theme, this));
}

void MainWindow::newNotebook()
{
    ++m_untitled;
    addNotebook()->startEmpty(m_untitled == 1 ? tr("Untitled.ipynb")
                                              : tr("Untitled-%1.ipynb").arg(m_untitled));
    pageChanged();
}

void MainWindow::openWelcome()
{
    const QString name = QStringLiteral("welcome.ipynb");
    const QString program = QCoreApplication::applicationDirPath();
    const QStringList places{program + QStringLiteral("/../share/farcell/examples/"),
                             program + QStringLiteral("/../../../examples/"),
                             program + QStringLiteral("/../examples/")};
    for (const QString &place : places) {
        QFile source(place + name);
        if (!source.open(QIODevice::ReadOnly))
            continue;
        auto *notebook = addNotebook(); // a copy, so that the original stays as it is
        const Result<NotebookContent> content = readNotebook(source.readAll());
        if (content)
            notebook->startCopy(name, *content);
        pageChanged();
        return;
    }
    m_status->showHint(tr("The welcome notebook is not installed"));
}

void MainWindow::chooseFileToOpen()
{
    const Page *page = currentPage();
    const QString start = page && QFileInfo::exists(page->place()) ? QFileInfo(page->place()).path()
                                                                   : QDir::homePath();
    auto *dialog =
        new QFileDialog(this, tr("Open"), start, tr("Notebooks (*.ipynb);;All files (*)"));
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::filesSelected, this, [this](const QStringList &files) {
        for (const QString &file : files)
            openFile(file);
    });
    dialog->open();
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
    m_toolBar->setNotebook(notebook);
    m_outline->setNotebook(notebook);
    m_status->setNotebook(notebook);
    m_queue->setNotebook(notebook);
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
        if (choice == QMessageBox::Discard) {
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
    box->open();
}

void MainWindow::pageSaved(Page *page)
{
    if (page != m_closeWhenSaved)
        return;
    m_closeWhenSaved = nullptr;
    // Not right here: the page itself is telling this.
    if (!page->isModified())
        QTimer::singleShot(0, page, [this, page] { removePage(page); });
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

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (std::any_of(urls.begin(), urls.end(), [](const QUrl &url) { return url.isLocalFile(); }))
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    for (const QUrl &url : urls) {
        if (!url.isLocalFile())
            continue;
        const QString path = url.toLocalFile();
        if (QFileInfo(path).isDir())
            showFolder(path);
        else
            openFile(path);
    }
    event->acceptProposedAction();
}

void MainWindow::openLink(const QUrl &url)
{
    // Only what a browser or a mail program opens; a file of a notebook must not start programs.
    const QString scheme = url.scheme();
    if (scheme == QStringLiteral("http") || scheme == QStringLiteral("https") ||
        scheme == QStringLiteral("mailto"))
        QDesktopServices::openUrl(url);
    else if ((url.isLocalFile() || scheme.isEmpty()) && isNotebook(url.path())) {
        const NotebookView *notebook = currentNotebook();
        const QDir base(notebook ? notebook->file().place().directory() : QString());
        openFile(url.isLocalFile() ? url.toLocalFile() : base.filePath(url.path()));
    }
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
                          QStringLiteral("-"),
                          QStringLiteral("view.toggleCode"),
                          QStringLiteral("view.toggleOutput"),
                          QStringLiteral("cell.clearOutput")});
    menu->popup(globalPos);
}

} // namespace farcell
