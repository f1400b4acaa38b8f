// The part of MainWindow that works with kernels, whoever's they are.

#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "app/panels/resourcemonitor.h"
#include "app/panels/resourcespanel.h"
#include "app/panels/sessionspanel.h"
#include "app/runtime/costpanel.h"
#include "app/shell/desktopnotifier.h"
#include "app/shell/mainwindow.h"
#include "app/shell/runnotifier.h"
#include "app/shell/statusbar.h"
#include "app/shell/tabstrip.h"
#include "core/base/onfinished.h"
#include "core/client/runtimeclient.h"
#include "core/notebook/notebookdocument.h"

#include <QFileInfo>
#include <QFuture>

#include <utility>

namespace farcell {

void MainWindow::wireSessions()
{
    m_notifier = new DesktopNotifier(this);
    m_runs = new RunNotifier(m_workspace.settings, *m_notifier, this);
    connect(m_runs, &RunNotifier::showRequested, this, &MainWindow::showNotebook);
    connect(m_sessions, &SessionsPanel::openRequested, this, &MainWindow::openKernel);
    connect(m_sessions, &SessionsPanel::restartRequested, this, &MainWindow::restartKernel);
    connect(m_sessions, &SessionsPanel::shutdownRequested, this, &MainWindow::shutdownKernel);
    connect(m_resources, &ResourcesPanel::restartRequested, this, &MainWindow::restartKernel);
    const auto goToCell = [this](const CellId &cell) {
        if (const NotebookView *notebook = usableNotebook();
            notebook && notebook->document().findCell(cell)) {
            notebook->list().setCurrentCell(cell);
            notebook->list().reveal(cell);
        }
    };
    connect(m_resources, &ResourcesPanel::cellRequested, this, goToCell);
    connect(m_costPanel, &CostPanel::cellRequested, this, goToCell);
    connect(m_monitor, &ResourceMonitor::warned, this, &MainWindow::showWarning);
}

// Quietly, once, with the way to the numbers beside it.
void MainWindow::showWarning(NotebookView *notebook, const ResourceWarning &warning)
{
    InfoBar::Choice show{tr("View resources"), [this] { showPanel(Panel::Resources, false); }};
    notebook->infoBar().showMessage(warning.key, InfoBar::Kind::Warning, warning.text,
                                    {std::move(show)});
}

NotebookView *MainWindow::notebookOf(const KernelId &kernel) const
{
    const QList<Page *> open = pages();
    for (Page *page : open) {
        auto *notebook = qobject_cast<NotebookView *>(page);
        const KernelConnection *connection = notebook ? notebook->kernel().connection() : nullptr;
        if (connection && connection->kernelId() == kernel)
            return notebook;
    }
    return nullptr;
}

void MainWindow::showNotebook(NotebookView *notebook)
{
    m_tabs->setCurrentIndex(m_tabs->indexOfPage(notebook));
    show();
    raise();
    activateWindow();
}

void MainWindow::tellCurrentKernel()
{
    const NotebookView *notebook = currentNotebook();
    const KernelConnection *connection = notebook ? notebook->kernel().connection() : nullptr;
    m_sessions->setCurrentKernel(connection ? connection->kernelId() : KernelId());
}

// Its tab, or its notebook's file, or a new notebook: whichever there is, on this kernel.
void MainWindow::openKernel(Runtime *runtime, const KernelSummary &kernel)
{
    if (NotebookView *notebook = notebookOf(kernel.id)) {
        showNotebook(notebook);
        return;
    }
    const QString path = kernel.path;
    const bool isNotebook = path.endsWith(QStringLiteral(".ipynb"), Qt::CaseInsensitive);
    const bool isThere =
        isNotebook && (!runtime->isLocal() || QFileInfo::exists(QLatin1Char('/') + path));
    if (!isThere) {
        newNotebook();
        currentNotebook()->useRuntime(runtime, {}, kernel.id, kernel.name);
        return;
    }
    openOnRuntime(runtime, path);
    NotebookView *notebook = currentNotebook();
    if (!notebook)
        return;
    const auto attach = [notebook, runtime, kernel] {
        if (!notebook->kernel().connection())
            notebook->useRuntime(runtime, {}, kernel.id, kernel.name);
    };
    if (notebook->isUsable())
        attach();
    else
        connect(&notebook->file(), &DocumentFile::contentLoaded, notebook, attach);
}

void MainWindow::restartKernel(Runtime *runtime, const KernelId &kernel)
{
    if (NotebookView *notebook = notebookOf(kernel)) {
        notebook->kernel().restart();
        return;
    }
    if (!runtime->client())
        return;
    onFinished(runtime->client()->restartKernel(kernel), this, [this](const Result<> &done) {
        if (!done)
            m_status->showHint(done.error().message);
    });
}

void MainWindow::shutdownKernel(Runtime *runtime, const KernelId &kernel)
{
    if (NotebookView *notebook = notebookOf(kernel)) {
        notebook->kernel().shutdown();
        return;
    }
    if (!runtime->client())
        return;
    onFinished(runtime->client()->shutdownKernel(kernel), this, [this](const Result<> &done) {
        if (!done)
            m_status->showHint(done.error().message);
    });
}

} // namespace farcell
