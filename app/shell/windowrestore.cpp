// The part of MainWindow that remembers what was open, and opens it again.

#include "app/connect/tokenstore.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/notebook/textpage.h"
#include "app/shell/mainwindow.h"
#include "app/shell/tabstrip.h"
#include "app/shell/windowstate.h"
#include "core/base/onfinished.h"
#include "core/client/pinstore.h"
#include "core/notebook/notebookdocument.h"
#include "core/ssh/sshtarget.h"

#include <QFileInfo>
#include <QFuture>
#include <QScrollBar>
#include <QSplitter>

namespace farcell {

namespace {

QUrl urlOf(const Runtime *runtime)
{
    return runtime && !runtime->isLocal() ? runtime->address() : QUrl();
}

void describe(const NotebookView &notebook, OpenPage &page)
{
    const CellListView &list = notebook.list();
    const NotebookDocument &document = notebook.document();
    page.kernelRuntime = urlOf(notebook.kernel().runtime());
    page.currentCell = document.indexOf(list.currentCell());
    for (int i = 0; i < document.cellCount(); ++i) {
        const QRect rect = list.cellRect(document.cellAt(i).id);
        if (rect.isNull() || rect.bottom() < 0)
            continue;
        page.topCell = i;
        page.topOffset = rect.top();
        break;
    }
}

void scrollTo(NotebookView &notebook, const OpenPage &page)
{
    CellListView &list = notebook.list();
    const NotebookDocument &document = notebook.document();
    const int cells = document.cellCount();
    const CellId top =
        page.topCell >= 0 && page.topCell < cells ? document.cellAt(page.topCell).id : CellId();
    // Heights are estimates until a row was in sight: the second round is exact.
    const auto placeTop = [&list, &top, &page] {
        for (int round = 0; round < 2; ++round) {
            list.finishLayout();
            const QRect rect = list.cellRect(top);
            if (!rect.isNull())
                list.verticalScrollBar()->setValue(list.verticalScrollBar()->value() + rect.top() -
                                                   page.topOffset);
        }
    };
    if (!top.isEmpty()) {
        list.reveal(top); // which makes it the current one
        placeTop();
    }
    if (page.currentCell < 0 || page.currentCell >= cells)
        return;
    list.setCurrentCell(document.cellAt(page.currentCell).id); // may scroll a little
    placeTop();
}

} // namespace

void MainWindow::saveSession() const
{
    if (!m_keepsState)
        return;
    WindowState state;
    for (const Page *page : pages()) {
        OpenPage open;
        const auto *notebook = qobject_cast<const NotebookView *>(page);
        if (const auto *text = qobject_cast<const TextPage *>(page)) {
            open.path = text->place();
            open.fileRuntime = urlOf(text->runtime());
        } else if (notebook) {
            open.path = notebook->file().place().path;
            open.fileRuntime = urlOf(notebook->file().place().runtime);
            if (notebook->isUsable())
                describe(*notebook, open);
        }
        if (open.path.isEmpty())
            continue;
        if (page == currentPage())
            state.current = int(state.pages.size());
        state.pages.append(open);
    }
    state.geometry = saveGeometry();
    state.splitter = m_splitter->saveState();
    state.panel = commandOf(m_panel);
    state.save(WindowState::defaultFile());
}

void MainWindow::restoreSession()
{
    m_keepsState = true;
    const WindowState state = WindowState::load(WindowState::defaultFile());
    restoreGeometry(state.geometry);
    if (!state.splitter.isEmpty())
        m_splitter->restoreState(state.splitter);
    for (const PanelEntry &entry : std::as_const(m_panels)) {
        if (entry.command == state.panel)
            showPanel(entry.panel, false);
    }
    if (!m_workspace.settings.restoreTabs())
        return;
    QWidget *current = nullptr;
    for (int i = 0; i < int(state.pages.size()); ++i) {
        const OpenPage &page = state.pages.at(i);
        const bool isCurrent = i == state.current;
        if (!page.fileRuntime.isEmpty()) {
            restoreRemotePage(page, isCurrent);
        } else if (QFileInfo::exists(page.path)) {
            openFile(page.path);
            restorePosition(page);
            if (isCurrent)
                current = currentPage();
        }
    }
    if (current)
        m_tabs->setCurrentIndex(m_tabs->indexOfPage(current));
}

// The runtime of an address that was kept; its token, if it needs one, comes from the keychain.
void MainWindow::withRuntime(const QUrl &address, QObject *context,
                             const std::function<void(Runtime *)> &use)
{
    RuntimeHub &runtimes = m_workspace.runtimes;
    if (address.isEmpty() || address == runtimes.local()->address()) {
        use(runtimes.local());
        return;
    }
    if (address.scheme() == QStringLiteral("ssh")) {
        if (const auto target = SshTarget::parse(address.path()))
            use(runtimes.ssh(*target));
        return;
    }
    if (Runtime *known = runtimes.find(address)) {
        use(known);
        return;
    }
    onFinished(
        m_tokens->load(address), context, [this, address, use](const Result<QString> &token) {
            Endpoint endpoint;
            endpoint.url = address;
            endpoint.token = token.value_or(QString());
            use(m_workspace.runtimes.remote(PinStore().pinned(endpoint), address.authority()));
        });
}

void MainWindow::restoreRemotePage(const OpenPage &page, bool isCurrent)
{
    withRuntime(page.fileRuntime, this, [this, page, isCurrent](Runtime *runtime) {
        QWidget *before = currentPage();
        runtime->whenReady(this, [this, page, isCurrent, before = QPointer(before),
                                  runtime](const Result<RuntimeClient *> &) {
            openOnRuntime(runtime, page.path); // which says what is wrong, if anything
            restorePosition(page);
            if (before && !isCurrent)
                m_tabs->setCurrentIndex(m_tabs->indexOfPage(before));
        });
    });
}

void MainWindow::restorePosition(const OpenPage &page)
{
    NotebookView *notebook = currentNotebook();
    if (!notebook || page.path != notebook->file().place().path)
        return;
    // Once, and after whatever else the loaded notebook sets off.
    const auto once = std::make_shared<QMetaObject::Connection>();
    *once =
        connect(&notebook->file(), &DocumentFile::contentLoaded, notebook, [once, notebook, page] {
            disconnect(*once);
            QTimer::singleShot(0, notebook, [notebook, page] { scrollTo(*notebook, page); });
        });
    if (!page.kernelRuntime.isEmpty() && page.fileRuntime.isEmpty())
        withRuntime(page.kernelRuntime, notebook, [notebook](Runtime *runtime) {
            if (!notebook->kernel().connection())
                notebook->kernel().setRuntime(runtime);
        });
}

// A notebook that was running when the app ended goes on with its kernel; one that runs somewhere
// else, begun on another computer, is found there.
void MainWindow::takeUpRun(NotebookView *notebook)
{
    const auto run = notebook->kernel().lastRun();
    if (!run) {
        if (Runtime *runtime = notebook->kernel().runtime(); runtime && !runtime->isLocal())
            notebook->kernel().findRun();
        return;
    }
    withRuntime(run->server, notebook, [notebook, run = *run](Runtime *runtime) {
        if (notebook->kernel().state() != KernelLink::State::Disconnected)
            return;
        notebook->kernel().setRuntime(runtime);
        notebook->kernel().resume(run);
    });
}

} // namespace farcell
