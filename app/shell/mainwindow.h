#pragma once

#include "app/notebook/notebookview.h"

#include <QMainWindow>
#include <QPointer>
#include <QTimer>

#include <functional>
#include <memory>

class QStackedWidget;
class QSplitter;
class QLabel;
class QPrinter;
class QToolButton;

namespace farcell {

class CellBands;
class CellCosts;
class CommandPalette;
class CommandRegistry;
class CostPanel;
class DesktopNotifier;
class FilesPanel;
class KeyDispatcher;
class Keymap;
class Menus;
class NotebookToolBar;
class OutlinePanel;
class QueuePanel;
class ResourceMonitor;
class ResourcesPanel;
class RunNotifier;
class Runtime;
class SessionsPanel;
class StartPage;
class StatusBar;
class TabStrip;
class TokenStore;
struct KernelSummary;
struct OpenPage;
struct ResourceWarning;
struct RuntimeChoice;

// The window: menu bar, rail and panels, tabs with their pages, status bar; and the commands of
// all of these. GUI thread; owned by main().
// Not here: what a notebook does (NotebookView), keys (KeyDispatcher), files on disk.
class MainWindow : public QMainWindow
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MainWindow)

public:
    MainWindow(Workspace workspace, Keymap &keymap, QWidget *parent = nullptr);
    ~MainWindow() override;

    void openFile(const QString &path); // a local file; goes to its tab if it is open already
    void openOnRuntime(Runtime *runtime, const QString &path);
    void newNotebook();
    NotebookView *addNotebook(); // empty tab, for recovery
    void restoreSession();       // tabs and geometry of last time; from now on they are kept
    void saveSession() const;

    [[nodiscard]] Page *currentPage() const;
    [[nodiscard]] NotebookView *currentNotebook() const; // null if the page is something else
    [[nodiscard]] NotebookView *usableNotebook() const;  // loaded as well
    [[nodiscard]] QList<Page *> pages() const;
    [[nodiscard]] CommandRegistry &commands() const { return *m_commands; }
    void openPalette();

signals:
    void quitRequested(); // every page was closed or may go

protected:
    void closeEvent(QCloseEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    enum class Panel
    {
        None,
        Outline,
        Files,
        Queue,
        Sessions,
        Resources,
        Costs
    };

    struct PanelEntry
    {
        Panel panel;
        QString command, title;
        QWidget *widget;
    };

    void build();
    QWidget *buildTopBar();
    QWidget *buildRail();
    QWidget *buildSidePanel();
    QWidget *buildCentre();
    void showPanel(Panel panel, bool toggle);
    [[nodiscard]] QString commandOf(Panel panel) const; // which shows it; empty for None

    // windowcommands.cpp
    void registerCommands();
    void addFileCommands();
    void addEditCommands();
    void addViewCommands();
    void addRunCommands();
    void addToolCommands();

    // windowpages.cpp
    void addPage(Page *page);
    void wireNotebook(NotebookView *notebook);
    void goToPage(int index);
    void pageChanged();
    void refreshTab(const Page *page);
    void closePage(int index);
    void askToSave(Page *page);
    void pageSaved(Page *page);
    void pageNotSaved(const Page *page);
    void removePage(Page *page);
    void finishClosing();
    void showCellMenu(const CellId &id, const QPoint &globalPos);
    void showFilesPanel();
    void showFolder(const QString &path);

    // windowopen.cpp
    void openText(const QString &title, const QString &text, const QString &wanted = {});
    void openTextFile(const QString &path, Runtime *runtime, const QByteArray &bytes);
    void openLink(const QUrl &url);
    void chooseFileToOpen();
    void openWelcome();

    // windowprint.cpp
    void print();
    void exportPdf();
    void exportPdf(const NotebookView &notebook, const QString &path);
    void print(const NotebookView &notebook, std::unique_ptr<QPrinter> printer,
               const QString &path); // of a PDF file, or empty

    // windowsessions.cpp: kernels, whoever's they are
    void wireSessions();
    [[nodiscard]] NotebookView *notebookOf(const KernelId &kernel) const;
    void openKernel(Runtime *runtime, const KernelSummary &kernel);
    void restartKernel(Runtime *runtime, const KernelId &kernel);
    void shutdownKernel(Runtime *runtime, const KernelId &kernel);
    void showNotebook(NotebookView *notebook);
    void tellCurrentKernel();
    void showWarning(NotebookView *notebook, const ResourceWarning &warning);

    // windowrestore.cpp
    void restoreRemotePage(const OpenPage &page, bool isCurrent);
    void restorePosition(const OpenPage &page);
    void withRuntime(const QUrl &address, QObject *context,
                     const std::function<void(Runtime *)> &use);
    void takeUpRun(NotebookView *notebook);

    // windowdialogs.cpp
    void openConnectDialog();
    void watchSshQuestions(Runtime *runtime);
    void useChoice(const RuntimeChoice &choice, NotebookView *notebook);
    void openKernelChooser();
    void openRuntimeType();
    void openSettings();
    void openShortcuts();
    void openAbout();
    void renameFile();
    void exportCode();

    Workspace m_workspace;
    Keymap &m_keymap;
    std::unique_ptr<CommandRegistry> m_commands;
    std::unique_ptr<Menus> m_menus;
    std::unique_ptr<TokenStore> m_tokens;
    KeyDispatcher *m_keys = nullptr;
    CommandPalette *m_palette = nullptr;
    TabStrip *m_tabs = nullptr;
    QStackedWidget *m_pages = nullptr;
    StartPage *m_start = nullptr;
    ResourceMonitor *m_monitor = nullptr;
    CellBands *m_bands = nullptr;
    CellCosts *m_costs = nullptr;
    NotebookToolBar *m_toolBar = nullptr;
    StatusBar *m_status = nullptr;
    QWidget *m_side = nullptr;
    QLabel *m_sideTitle = nullptr;
    QStackedWidget *m_sideStack = nullptr;
    OutlinePanel *m_outline = nullptr;
    FilesPanel *m_files = nullptr;
    QueuePanel *m_queue = nullptr;
    SessionsPanel *m_sessions = nullptr;
    ResourcesPanel *m_resources = nullptr;
    CostPanel *m_costPanel = nullptr;
    DesktopNotifier *m_notifier = nullptr;
    RunNotifier *m_runs = nullptr;
    QSplitter *m_splitter = nullptr;
    QList<QToolButton *> m_railButtons;
    QList<PanelEntry> m_panels;
    Panel m_panel = Panel::None;
    bool m_closing = false;          // the person wants to quit: pages are being asked
    QPointer<Page> m_closeWhenSaved; // asked to save it, then close it
    bool m_keepsState = false;       // restoreSession() was called
    QTimer m_saveSoon;
    int m_untitled = 0;
};

} // namespace farcell
