// The part of MainWindow that names its commands.

#include "app/notebook/findbar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/settings.h"
#include "app/notebook/textpage.h"
#include "app/shell/commandregistry.h"
#include "app/shell/mainwindow.h"
#include "app/shell/tabstrip.h"
#include "core/notebook/notebookdocument.h"
#include "core/notebook/privateoutputs.h"

#include <QDesktopServices>
#include <QFileInfo>

#include <functional>
#include <utility>

namespace farcell {

namespace {

using Where = CellActions::Where;
using Range = CellActions::Range;

// Adds commands that need a loaded notebook in front; they get it as an argument.
class NotebookCommands
{
public:
    NotebookCommands(MainWindow &window, QString group)
        : m_window(window)
        , m_group(std::move(group))
    {}

    using Run = std::function<void(NotebookView &)>;
    using Test = std::function<bool(const NotebookView &)>;

    void operator()(const char *id, const QString &title, const char *icon, const Run &run,
                    const Test &enabled = {}, const std::function<bool()> &checked = {}) const
    {
        MainWindow *window = &m_window;
        Command command{QString::fromLatin1(id),
                        title,
                        m_group,
                        QString::fromLatin1(icon),
                        [window, run] {
                            if (NotebookView *notebook = window->usableNotebook())
                                run(*notebook);
                        },
                        [window, enabled] {
                            const NotebookView *notebook = window->usableNotebook();
                            return notebook && (!enabled || enabled(*notebook));
                        },
                        checked};
        window->commands().add(std::move(command));
    }

private:
    MainWindow &m_window;
    QString m_group;
};

bool hasKernel(const NotebookView &notebook)
{
    return notebook.kernel().connection() != nullptr;
}

} // namespace

void MainWindow::registerCommands()
{
    addFileCommands();
    addEditCommands();
    addViewCommands();
    addRunCommands();
    addToolCommands();
}

void MainWindow::addFileCommands()
{
    const QString group = tr("File");
    const auto add = [this, &group](const char *id, const QString &title, const char *icon,
                                    std::function<void()> run, std::function<bool()> enabled = {}) {
        m_commands->add({QString::fromLatin1(id),
                         title,
                         group,
                         QString::fromLatin1(icon),
                         std::move(run),
                         std::move(enabled),
                         {}});
    };
    const auto hasPage = [this] { return currentPage() != nullptr; };
    add("file.new", tr("New notebook"), "plus", [this] { newNotebook(); });
    add("file.open", tr("Open…"), "folder-open", [this] { chooseFileToOpen(); });
    add(
        "file.save", tr("Save"), "save",
        [this] {
            if (NotebookView *notebook = currentNotebook())
                notebook->save();
            else if (auto *text = qobject_cast<TextPage *>(currentPage()))
                text->save();
        },
        hasPage);
    add(
        "file.close", tr("Close tab"), "close", [this] { closePage(m_tabs->currentIndex()); },
        hasPage);
    add("app.quit", tr("Quit"), "", [this] { close(); });

    const NotebookCommands notebook(*this, group);
    notebook("file.saveAs", tr("Save as…"), "", [](NotebookView &view) { view.saveAs(); });
    const auto hasLocalFile = [](const NotebookView &view) {
        return view.file().place().isLocal() && !view.file().place().path.isEmpty();
    };
    notebook(
        "file.rename", tr("Rename…"), "edit", [this](NotebookView &) { renameFile(); },
        [](const NotebookView &view) { return !view.file().place().path.isEmpty(); });
    notebook("file.download", tr("Export code as .py…"), "download",
             [this](NotebookView &) { exportCode(); });
    notebook("file.print", tr("Print…"), "", [this](NotebookView &) { print(); });
    notebook("file.exportPdf", tr("Export as PDF…"), "file-text",
             [this](NotebookView &) { exportPdf(); });
    notebook(
        "file.reload", tr("Reload from disk"), "refresh", [](NotebookView &view) { view.reload(); },
        [](const NotebookView &view) { return !view.file().place().path.isEmpty(); });
    notebook(
        "file.showFolder", tr("Show in folder"), "folder",
        [](NotebookView &view) {
            QDesktopServices::openUrl(QUrl::fromLocalFile(view.file().place().directory()));
        },
        hasLocalFile);
}

void MainWindow::addEditCommands()
{
    const NotebookCommands edit(*this, tr("Edit"));
    edit(
        "edit.undo", tr("Undo"), "undo", [](NotebookView &view) { view.focusedActions().undo(); },
        [](const NotebookView &view) { return view.focusedDocument().canUndo(); });
    edit(
        "edit.redo", tr("Redo"), "redo", [](NotebookView &view) { view.focusedActions().redo(); },
        [](const NotebookView &view) { return view.focusedDocument().canRedo(); });
    edit("edit.selectAll", tr("Select all cells"), "",
         [](NotebookView &view) { view.focusedActions().selectAll(); });
    edit("cell.selectFocused", tr("Select focused cell"), "",
         [](NotebookView &view) { view.focusedActions().selectFocused(); });
    edit("cell.cut", tr("Cut cells"), "cut",
         [](NotebookView &view) { view.focusedActions().cut(); });
    edit("cell.copy", tr("Copy cells"), "copy", [](NotebookView &view) {
        if (!view.focusedList().copyRenderedSelection()) // text marked in an output or a text cell
            view.focusedActions().copy();
    });
    edit("cell.paste", tr("Paste cells"), "paste",
         [](NotebookView &view) { view.focusedActions().paste(Where::Below); });
    edit("cell.delete", tr("Delete cells"), "trash",
         [](NotebookView &view) { view.focusedActions().remove(); });
    edit("cell.moveUp", tr("Move cells up"), "up",
         [](NotebookView &view) { view.focusedActions().moveSelected(-1); });
    edit("cell.moveDown", tr("Move cells down"), "down",
         [](NotebookView &view) { view.focusedActions().moveSelected(1); });
    edit("cell.split", tr("Split cell at the caret"), "split",
         [](NotebookView &view) { view.focusedActions().split(); });
    edit("cell.merge", tr("Merge cells"), "merge",
         [](NotebookView &view) { view.focusedActions().merge(); });
    edit("cell.toCode", tr("Change to code"), "code",
         [](NotebookView &view) { view.focusedActions().convert(CellKind::Code); });
    edit("cell.toText", tr("Change to text"), "text",
         [](NotebookView &view) { view.focusedActions().convert(CellKind::Markdown); });
    edit("cell.next", tr("Next cell"), "",
         [](NotebookView &view) { view.focusedList().moveCurrent(1); });
    edit("cell.previous", tr("Previous cell"), "",
         [](NotebookView &view) { view.focusedList().moveCurrent(-1); });
    edit("cell.extendUp", tr("Extend selection up"), "",
         [](NotebookView &view) { view.focusedList().extendSelection(-1); });
    edit("cell.extendDown", tr("Extend selection down"), "",
         [](NotebookView &view) { view.focusedList().extendSelection(1); });
    edit("cell.edit", tr("Edit cell"), "edit",
         [](NotebookView &view) { view.focusedList().enterEditMode(); });
    edit("notebook.commandMode", tr("Leave the cell"), "",
         [](NotebookView &view) { view.focusedList().leaveEditMode(); });
    edit("cell.clearOutput", tr("Clear output"), "clear",
         [](NotebookView &view) { view.focusedActions().clearOutputs(); });
    edit("outputs.clearAll", tr("Clear all outputs"), "clear",
         [](NotebookView &view) { view.focusedActions().clearAllOutputs(); });
    edit(
        "notebook.privateOutputs", tr("Omit code cell output when saving"), "eye-off",
        [](NotebookView &view) {
            setPrivateOutputs(view.document(), !hasPrivateOutputs(view.document().metadata()));
        },
        {},
        [this] {
            const NotebookView *view = usableNotebook();
            return view && hasPrivateOutputs(view->document().metadata());
        });
    edit("edit.find", tr("Find and replace"), "search",
         [](NotebookView &view) { view.showFind(false); });
    edit("edit.findNext", tr("Find next"), "", [](NotebookView &view) { view.find().next(); });
    edit("edit.findPrevious", tr("Find previous"), "",
         [](NotebookView &view) { view.find().previous(); });

    const NotebookCommands insert(*this, tr("Insert"));
    insert("insert.code", tr("Code cell"), "plus-code",
           [](NotebookView &view) { view.focusedActions().insert(CellKind::Code, Where::Below); });
    insert("insert.codeAbove", tr("Code cell above"), "plus-code",
           [](NotebookView &view) { view.focusedActions().insert(CellKind::Code, Where::Above); });
    insert("insert.text", tr("Text cell"), "plus-text", [](NotebookView &view) {
        view.focusedActions().insert(CellKind::Markdown, Where::Below);
    });
    insert("insert.section", tr("Section header cell"), "outline",
           [](NotebookView &view) { view.focusedActions().insertSection(Where::Below); });
    insert("insert.scratch", tr("Scratch code cell"), "code",
           [](NotebookView &view) { view.showScratch(); });
    insert("cell.toScratch", tr("Copy to scratch cell"), "",
           [](NotebookView &view) { view.copyToScratch(); });
}

void MainWindow::addViewCommands()
{
    const QString group = tr("View");
    const auto add = [this, &group](const char *id, const QString &title, const char *icon,
                                    std::function<void()> run, std::function<bool()> enabled = {},
                                    std::function<bool()> checked = {}) {
        m_commands->add({QString::fromLatin1(id), title, group, QString::fromLatin1(icon),
                         std::move(run), std::move(enabled), std::move(checked)});
    };
    add("view.outline", tr("Table of contents"), "outline",
        [this] { showPanel(Panel::Outline, true); });
    add("view.files", tr("Files"), "folder", [this] { showPanel(Panel::Files, true); });
    add("view.queue", tr("Queue"), "queue", [this] { showPanel(Panel::Queue, true); });
    add("view.sessions", tr("Sessions"), "sessions", [this] { showPanel(Panel::Sessions, true); });
    add("view.resources", tr("View resources"), "chart",
        [this] { showPanel(Panel::Resources, true); });
    add("view.costs", tr("What did my cells cost"), "clock",
        [this] { showPanel(Panel::Costs, true); });
    add("view.sidePanel", tr("Show or hide the side panel"), "sidebar",
        [this] { showPanel(m_panel == Panel::None ? Panel::Outline : Panel::None, false); });
    add("view.fullScreen", tr("Full screen"), "expand",
        [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
    const auto moreTabs = [this] { return m_tabs->count() > 1; };
    const auto step = [this](int by) {
        m_tabs->setCurrentIndex((m_tabs->currentIndex() + by + m_tabs->count()) % m_tabs->count());
    };
    add(
        "view.nextTab", tr("Focus next tab"), "", [step] { step(1); }, moreTabs);
    add(
        "view.previousTab", tr("Focus previous tab"), "", [step] { step(-1); }, moreTabs);

    Settings *settings = &m_workspace.settings;
    add(
        "view.lineNumbers", tr("Line numbers"), "",
        [settings] { settings->setLineNumbers(!settings->lineNumbers()); }, {},
        [settings] { return settings->lineNumbers(); });
    add("view.zoomIn", tr("Larger code"), "",
        [settings] { settings->setCodeFontSize(settings->codeFontSize() + 1); });
    add("view.zoomOut", tr("Smaller code"), "",
        [settings] { settings->setCodeFontSize(settings->codeFontSize() - 1); });
    add("view.zoomReset", tr("Normal code size"), "",
        [settings] { settings->setCodeFontSize(13); });
    const auto theme = [&add, settings](const char *id, const QString &title, const char *icon,
                                        Settings::ThemeChoice choice) {
        add(
            id, title, icon, [settings, choice] { settings->setTheme(choice); }, {},
            [settings, choice] { return settings->theme() == choice; });
    };
    theme("view.themeSystem", tr("Theme: as the system"), "computer",
          Settings::ThemeChoice::System);
    theme("view.themeLight", tr("Theme: light"), "sun", Settings::ThemeChoice::Light);
    theme("view.themeDark", tr("Theme: dark"), "moon", Settings::ThemeChoice::Dark);

    const NotebookCommands notebook(*this, group);
    notebook("view.collapseSections", tr("Collapse sections"), "collapse",
             [](NotebookView &view) { view.collapseSections(true); });
    notebook("view.expandSections", tr("Expand sections"), "expand",
             [](NotebookView &view) { view.collapseSections(false); });
    notebook("view.saveFolds", tr("Save collapsed section layout"), "",
             [](NotebookView &view) { view.saveFolds(); });
    notebook("view.toggleCode", tr("Show or hide code"), "eye",
             [](NotebookView &view) { view.focusedActions().toggleSources(); });
    notebook("view.toggleOutput", tr("Show or hide output"), "eye",
             [](NotebookView &view) { view.focusedActions().toggleOutputs(); });
}

void MainWindow::addRunCommands()
{
    using Then = NotebookView::Then;
    const NotebookCommands run(*this, tr("Runtime"));
    run("run.all", tr("Run all"), "play-all", [](NotebookView &view) { view.run(Range::All); });
    run("run.before", tr("Run before"), "play-above",
        [](NotebookView &view) { view.run(Range::Before); });
    run("run.cell", tr("Run the focused cell"), "play-outline",
        [](NotebookView &view) { view.runCurrent(Then::Stay); });
    run("run.cellAndNext", tr("Run and go to the next cell"), "",
        [](NotebookView &view) { view.runCurrent(Then::Next); });
    run("run.cellAndInsert", tr("Run and insert a cell below"), "",
        [](NotebookView &view) { view.runCurrent(Then::Insert); });
    run("run.selection", tr("Run selection"), "", [](NotebookView &view) { view.runSelection(); });
    run("run.after", tr("Run cell and below"), "play-below",
        [](NotebookView &view) { view.run(Range::After); });
    run("run.section", tr("Run section"), "", [](NotebookView &view) { view.run(Range::Section); });
    run(
        "kernel.interrupt", tr("Interrupt execution"), "stop",
        [](NotebookView &view) { view.kernel().interrupt(); }, hasKernel);
    run(
        "kernel.restart", tr("Restart session"), "restart",
        [](NotebookView &view) { view.restartKernel(false); }, hasKernel);
    run("kernel.restartRunAll", tr("Restart session and run all"), "restart",
        [](NotebookView &view) { view.restartKernel(true); });
    run(
        "kernel.disconnect", tr("Disconnect, leave the kernel running"), "",
        [](NotebookView &view) { view.kernel().disconnectKernel(); }, hasKernel);
    run(
        "kernel.shutdown", tr("Shut down the kernel"), "",
        [](NotebookView &view) { view.kernel().shutdown(); }, hasKernel);
    run("kernel.change", tr("Change kernel…"), "variables",
        [this](NotebookView &) { openKernelChooser(); });
    run("runtime.type", tr("Change runtime type…"), "memory",
        [this](NotebookView &) { openRuntimeType(); });
    m_commands->add({QStringLiteral("runtime.connect"), tr("Connect to a runtime…"), tr("Runtime"),
                     QStringLiteral("connect"), [this] { openConnectDialog(); }});
}

void MainWindow::addToolCommands()
{
    const auto add = [this](const char *id, const QString &title, const QString &group,
                            const char *icon, std::function<void()> run) {
        m_commands->add(
            {QString::fromLatin1(id), title, group, QString::fromLatin1(icon), std::move(run)});
    };
    add("tools.palette", tr("Command palette"), tr("Tools"), "command", [this] { openPalette(); });
    add("tools.settings", tr("Settings"), tr("Tools"), "settings", [this] { openSettings(); });
    add("tools.keyboard", tr("Keyboard shortcuts"), tr("Tools"), "keyboard",
        [this] { openShortcuts(); });
    add("help.welcome", tr("Welcome notebook"), tr("Help"), "notebook", [this] { openWelcome(); });
    add("help.about", tr("About Farcell"), tr("Help"), "info", [this] { openAbout(); });
}

} // namespace farcell
