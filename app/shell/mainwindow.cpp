#include "app/shell/mainwindow.h"

#include "app/connect/tokenstore.h"
#include "app/notebook/settings.h"
#include "app/panels/cellbands.h"
#include "app/panels/filespanel.h"
#include "app/panels/outlinepanel.h"
#include "app/panels/queuepanel.h"
#include "app/panels/resourcemonitor.h"
#include "app/panels/resourcespanel.h"
#include "app/panels/sessionspanel.h"
#include "app/runtime/cellcosts.h"
#include "app/runtime/costpanel.h"
#include "app/shell/commandpalette.h"
#include "app/shell/commandregistry.h"
#include "app/shell/keydispatcher.h"
#include "app/shell/menus.h"
#include "app/shell/notebooktoolbar.h"
#include "app/shell/startpage.h"
#include "app/shell/statusbar.h"
#include "app/shell/tabstrip.h"
#include "app/theme/theme.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QScreen>
#include <QSplitter>
#include <QStackedWidget>
#include <QTextEdit>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

namespace {

constexpr int costsWidth = 600; // seven columns

} // namespace

MainWindow::MainWindow(Workspace workspace, Keymap &keymap, QWidget *parent)
    : QMainWindow(parent)
    , m_workspace(workspace)
    , m_keymap(keymap)
    , m_commands(std::make_unique<CommandRegistry>())
    , m_menus(std::make_unique<Menus>(*m_commands, keymap, workspace.theme))
    , m_tokens(std::make_unique<TokenStore>(Settings::directory() + QStringLiteral("/tokens.json")))
{
    setAcceptDrops(true);
    // Also after a crash the tabs are there again.
    m_saveSoon.setSingleShot(true);
    m_saveSoon.setInterval(1s);
    connect(&m_saveSoon, &QTimer::timeout, this, &MainWindow::saveSession);
    setMinimumSize(520, 360);
    const QSize room = screen()->availableGeometry().size();
    resize(qMin(1280, room.width() * 9 / 10), qMin(860, room.height() * 9 / 10));
    registerCommands();
    build();
    m_palette = new CommandPalette(*m_commands, keymap, workspace.theme, this);

    const auto context = [this](const QObject *target) -> std::optional<KeyDispatcher::Context> {
        const auto *widget = qobject_cast<const QWidget *>(target);
        if (!widget || widget->window() != this || QApplication::activeModalWidget() ||
            QApplication::activePopupWidget() || m_palette->isVisible())
            return std::nullopt;
        KeyDispatcher::Context found;
        const NotebookView *notebook = usableNotebook();
        if (const CellListView *list = notebook ? notebook->listOf(widget) : nullptr) {
            const bool otherField = qobject_cast<const QLineEdit *>(widget) != nullptr;
            found.notebook = !otherField; // the box of input() is a field of its own
            found.textField = otherField;
            found.editing = list->mode() == CellListView::Mode::Edit;
            return found;
        }
        const auto *plain = qobject_cast<const QPlainTextEdit *>(widget);
        const auto *rich = qobject_cast<const QTextEdit *>(widget);
        found.textField = plain || rich || qobject_cast<const QLineEdit *>(widget) ||
                          qobject_cast<const QAbstractSpinBox *>(widget);
        return found;
    };
    m_keys = new KeyDispatcher(keymap, *m_commands, context, this);
    connect(&m_workspace.runtimes, &RuntimeHub::added, this, &MainWindow::watchSshQuestions);
    connect(m_keys, &KeyDispatcher::pendingChanged, m_status, &StatusBar::showHint);
    connect(m_keys, &KeyDispatcher::unknownChord, this, [this](const QString &keys) {
        m_status->showHint(tr("%1 does nothing here").arg(keys));
    });
    wireSessions();
    pageChanged();
}

MainWindow::~MainWindow()
{
    // Pages refer to the runtimes and the render service, which main() still owns now.
    const QList<Page *> open = pages();
    disconnect(m_tabs, nullptr, this, nullptr);
    for (Page *page : open)
        delete page;
}

void MainWindow::build()
{
    m_monitor = new ResourceMonitor(this);
    m_bands = new CellBands(this);
    m_costs = new CellCosts(this);
    auto *centre = new QWidget(this);
    auto *column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(buildTopBar());
    auto *row = new QHBoxLayout;
    row->setSpacing(0);
    row->addWidget(buildRail());
    m_splitter = new QSplitter(Qt::Horizontal, this);
    m_splitter->setHandleWidth(1);
    m_splitter->addWidget(buildSidePanel());
    m_splitter->addWidget(buildCentre());
    m_splitter->setStretchFactor(0, 0);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setCollapsible(1, false);
    m_splitter->setSizes({260, 1000});
    row->addWidget(m_splitter, 1);
    column->addLayout(row, 1);
    m_status = new StatusBar(m_workspace.theme, this);
    column->addWidget(m_status);
    setCentralWidget(centre);
}

QWidget *MainWindow::buildTopBar()
{
    auto *bar = new QWidget(this);
    bar->setObjectName(QStringLiteral("topBar"));
    bar->setAttribute(Qt::WA_StyledBackground);
    bar->setFixedHeight(38);
    auto *menuBar = new QMenuBar(bar);
    menuBar->setNativeMenuBar(false);
    menuBar->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    m_menus->buildMenuBar(*menuBar);
    auto *layout = new QHBoxLayout(bar);
    layout->setContentsMargins(8, 0, 8, 1);
    layout->setSpacing(4);
    layout->addWidget(menuBar);
    layout->addStretch();
    for (const char *id : {"tools.palette", "tools.settings"}) {
        auto *button = new QToolButton(bar);
        const QString command = QString::fromLatin1(id);
        const Command *found = m_commands->find(command);
        button->setIcon(m_workspace.theme.icon(found->icon));
        button->setIconSize({18, 18});
        const QString keys = Keymap::text(m_keymap.shownKeys(command));
        button->setToolTip(tr("%1 (%2)").arg(found->title, keys));
        button->setAccessibleName(found->title);
        button->setFocusPolicy(Qt::TabFocus);
        connect(button, &QToolButton::clicked, this,
                [this, command] { m_commands->trigger(command); });
        layout->addWidget(button);
    }
    return bar;
}

QWidget *MainWindow::buildRail()
{
    auto *rail = new QWidget(this);
    rail->setObjectName(QStringLiteral("rail"));
    rail->setAttribute(Qt::WA_StyledBackground);
    rail->setFixedWidth(48);
    auto *layout = new QVBoxLayout(rail);
    layout->setContentsMargins(0, 8, 0, 8);
    layout->setSpacing(6);
    const auto add = [this, rail, layout](const char *id, bool panel) {
        auto *button = new QToolButton(rail);
        const QString command = QString::fromLatin1(id);
        const Command *found = m_commands->find(command);
        button->setIcon(m_workspace.theme.icon(found->icon));
        button->setIconSize({20, 20});
        button->setFixedSize(36, 36);
        button->setCheckable(panel);
        button->setToolTip(found->title);
        button->setAccessibleName(found->title);
        button->setFocusPolicy(Qt::TabFocus);
        button->setObjectName(command);
        connect(button, &QToolButton::clicked, this, [this, command, button] {
            button->setChecked(false); // showPanel() decides
            m_commands->trigger(command);
        });
        layout->addWidget(button, 0, Qt::AlignHCenter);
        m_railButtons.append(button);
    };
    add("view.outline", true);
    add("edit.find", false);
    add("view.files", true);
    add("view.queue", true);
    add("view.sessions", true);
    add("view.resources", true);
    add("view.costs", true);
    layout->addStretch();
    add("tools.keyboard", false);
    return rail;
}

QWidget *MainWindow::buildSidePanel()
{
    m_side = new QWidget(this);
    m_side->setObjectName(QStringLiteral("sidePanel"));
    m_side->setAttribute(Qt::WA_StyledBackground);
    m_side->setMinimumWidth(180);
    m_sideTitle = new QLabel(m_side);
    m_sideTitle->setObjectName(QStringLiteral("panelTitle"));
    m_sideTitle->setContentsMargins(12, 0, 0, 0);
    m_outline = new OutlinePanel(m_workspace.theme, m_side);
    m_files = new FilesPanel(m_workspace.theme, m_side);
    m_queue = new QueuePanel(m_workspace.theme, m_side);
    m_sessions = new SessionsPanel(m_workspace.runtimes, m_workspace.theme, m_side);
    m_resources = new ResourcesPanel(*m_monitor, *m_bands, m_workspace.theme, m_side);
    m_costPanel = new CostPanel(*m_costs, m_workspace.theme, m_side);
    m_sideStack = new QStackedWidget(m_side);
    m_panels = {
        {Panel::Outline, QStringLiteral("view.outline"), tr("Outline"), m_outline},
        {Panel::Files, QStringLiteral("view.files"), tr("Files"), m_files},
        {Panel::Queue, QStringLiteral("view.queue"), tr("Queue"), m_queue},
        {Panel::Sessions, QStringLiteral("view.sessions"), tr("Sessions"), m_sessions},
        {Panel::Resources, QStringLiteral("view.resources"), tr("Resources"), m_resources},
        {Panel::Costs, QStringLiteral("view.costs"), tr("What did my cells cost"), m_costPanel}};
    for (const PanelEntry &entry : std::as_const(m_panels))
        m_sideStack->addWidget(entry.widget);
    auto *close = new QToolButton(m_side);
    close->setIcon(m_workspace.theme.icon(QStringLiteral("close")));
    close->setIconSize({16, 16});
    close->setToolTip(tr("Close the panel"));
    connect(close, &QToolButton::clicked, this, [this] { showPanel(Panel::None, false); });
    auto *top = new QHBoxLayout;
    top->setContentsMargins(0, 6, 8, 4);
    top->addWidget(m_sideTitle, 1);
    top->addWidget(close);
    auto *layout = new QVBoxLayout(m_side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(top);
    layout->addWidget(m_sideStack, 1);
    m_side->hide();
    connect(m_files, &FilesPanel::openRequested, this, &MainWindow::openOnRuntime);
    connect(m_files, &FilesPanel::newNotebookRequested, this,
            [this](Runtime *runtime, const QString &directory) {
                newNotebook();
                NotebookView *notebook = currentNotebook();
                const QString name =
                    QStringLiteral("%1-%2.ipynb")
                        .arg(tr("Untitled"),
                             QDateTime::currentDateTime().toString(QStringLiteral("MMdd-HHmmss")));
                const QString path =
                    directory.isEmpty() ? name : directory + QLatin1Char('/') + name;
                notebook->saveAs(runtime->isLocal()
                                     ? DocumentFile::Place{QLatin1Char('/') + path, nullptr}
                                     : DocumentFile::Place{path, runtime});
            });
    return m_side;
}

QWidget *MainWindow::buildCentre()
{
    auto *centre = new QWidget(this);
    auto *layout = new QVBoxLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *strip = new QWidget(centre);
    strip->setObjectName(QStringLiteral("tabStrip"));
    strip->setAttribute(Qt::WA_StyledBackground);
    auto *stripLayout = new QHBoxLayout(strip);
    stripLayout->setContentsMargins(0, 0, 8, 1);
    stripLayout->setSpacing(4);
    m_tabs = new TabStrip(m_workspace.theme, strip);
    auto *plus = new QToolButton(strip);
    plus->setIcon(m_workspace.theme.icon(QStringLiteral("plus")));
    plus->setIconSize({16, 16});
    plus->setToolTip(tr("New notebook"));
    plus->setAccessibleName(tr("New notebook"));
    connect(plus, &QToolButton::clicked, this, &MainWindow::newNotebook);
    stripLayout->addWidget(m_tabs);
    stripLayout->addWidget(plus);
    stripLayout->addStretch();
    m_toolBar =
        new NotebookToolBar(*m_commands, m_keymap, *m_menus, m_workspace.theme, *m_monitor, centre);
    m_start = new StartPage(m_workspace.settings, m_workspace.theme, centre);
    m_pages = new QStackedWidget(centre);
    m_pages->addWidget(m_start);
    layout->addWidget(strip);
    layout->addWidget(m_toolBar);
    layout->addWidget(m_pages, 1);

    connect(m_tabs, &TabStrip::currentChanged, this, &MainWindow::goToPage);
    connect(m_tabs, &TabStrip::closeRequested, this, &MainWindow::closePage);
    connect(m_tabs, &QTabBar::tabMoved, this, [this] { m_saveSoon.start(); });
    connect(m_start, &StartPage::commandRequested, m_commands.get(), &CommandRegistry::trigger);
    connect(m_start, &StartPage::openRequested, this, &MainWindow::openFile);
    return centre;
}

void MainWindow::showPanel(Panel panel, bool toggle)
{
    if (toggle && panel == m_panel)
        panel = Panel::None;
    m_panel = panel;
    m_side->setVisible(panel != Panel::None);
    for (const PanelEntry &entry : std::as_const(m_panels)) {
        if (entry.panel != panel)
            continue;
        m_sideTitle->setText(entry.title);
        m_sideStack->setCurrentWidget(entry.widget);
    }
    if (panel == Panel::Files)
        showFilesPanel();
    else if (panel == Panel::Costs && m_side->width() < costsWidth)
        m_splitter->setSizes({costsWidth, std::max(1, m_splitter->width() - costsWidth)});
    for (QToolButton *button : std::as_const(m_railButtons))
        button->setChecked(!button->objectName().isEmpty() &&
                           button->objectName() == commandOf(panel));
    m_saveSoon.start();
}

QString MainWindow::commandOf(Panel panel) const
{
    for (const PanelEntry &entry : m_panels) {
        if (entry.panel == panel)
            return entry.command;
    }
    return {};
}

void MainWindow::openPalette()
{
    m_palette->open();
}

Page *MainWindow::currentPage() const
{
    return qobject_cast<Page *>(m_pages->currentWidget());
}

NotebookView *MainWindow::currentNotebook() const
{
    return qobject_cast<NotebookView *>(m_pages->currentWidget());
}

NotebookView *MainWindow::usableNotebook() const
{
    NotebookView *notebook = currentNotebook();
    return notebook && notebook->isUsable() ? notebook : nullptr;
}

QList<Page *> MainWindow::pages() const
{
    QList<Page *> list;
    for (int i = 0; i < m_tabs->count(); ++i)
        list.append(qobject_cast<Page *>(m_tabs->pageAt(i)));
    return list;
}

} // namespace farcell
