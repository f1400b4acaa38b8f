#include "app/shell/notebooktoolbar.h"

#include "app/notebook/kernellink.h"
#include "app/notebook/linknotice.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "app/panels/resourcemonitor.h"
#include "app/shell/commandregistry.h"
#include "app/shell/connectbutton.h"
#include "app/shell/keymap.h"
#include "app/shell/menus.h"
#include "app/shell/meterbar.h"
#include "app/theme/theme.h"
#include "core/client/linkstate.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QMenu>
#include <QToolButton>

namespace farcell {

NotebookToolBar::NotebookToolBar(CommandRegistry &commands, Keymap &keymap, Menus &menus,
                                 ThemeSource &theme, ResourceMonitor &monitor, QWidget *parent)
    : QWidget(parent)
    , m_commands(commands)
    , m_keymap(keymap)
    , m_theme(theme)
    , m_monitor(monitor)
    , m_meter(new MeterBar(theme, this))
    , m_connect(new ConnectButton(theme, this))
{
    setObjectName(QStringLiteral("toolBar"));
    setAttribute(Qt::WA_StyledBackground);
    setFixedHeight(44);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 0, 12, 0);
    layout->setSpacing(4);
    layout->addWidget(button(QStringLiteral("insert.code"), tr("Code"), QStringLiteral("plus")));
    layout->addWidget(button(QStringLiteral("insert.text"), tr("Text"), QStringLiteral("plus")));
    auto *line = new QFrame(this);
    line->setFixedSize(1, 20);
    line->setStyleSheet(QStringLiteral("background: palette(mid);"));
    layout->addSpacing(4);
    layout->addWidget(line);
    layout->addSpacing(4);

    QToolButton *runAll =
        button(QStringLiteral("run.all"), tr("Run all"), QStringLiteral("play-all"));
    auto *runMenu = new QMenu(runAll);
    menus.fill(*runMenu, {QStringLiteral("run.all"), QStringLiteral("run.before"),
                          QStringLiteral("run.after"), QStringLiteral("run.section"),
                          QStringLiteral("run.selection"), QStringLiteral("-"),
                          QStringLiteral("kernel.restartRunAll")});
    runAll->setMenu(runMenu);
    runAll->setPopupMode(QToolButton::MenuButtonPopup);
    layout->addWidget(runAll);
    m_stop = button(QStringLiteral("kernel.interrupt"), {}, QStringLiteral("stop"));
    layout->addWidget(m_stop);
    layout->addWidget(button(QStringLiteral("kernel.restart"), {}, QStringLiteral("restart")));
    layout->addStretch();
    layout->addWidget(m_meter);
    layout->addSpacing(8);
    layout->addWidget(m_connect);

    auto *connectMenu = new QMenu(m_connect);
    menus.fill(*connectMenu,
               {QStringLiteral("runtime.connect"), QStringLiteral("kernel.change"),
                QStringLiteral("runtime.type"), QStringLiteral("view.resources"),
                QStringLiteral("-"), QStringLiteral("kernel.interrupt"),
                QStringLiteral("kernel.restart"), QStringLiteral("kernel.restartRunAll"),
                QStringLiteral("-"), QStringLiteral("kernel.disconnect"),
                QStringLiteral("kernel.shutdown")});
    m_connect->setMenu(connectMenu);
    connect(m_connect, &ConnectButton::connectRequested, this, [this] {
        if (m_notebook)
            m_notebook->kernel().connectDefault();
    });
    connect(&keymap, &Keymap::changed, this, &NotebookToolBar::updateToolTips);
    connect(&monitor, &ResourceMonitor::sampled, this, &NotebookToolBar::refreshMeter);
    connect(&monitor, &ResourceMonitor::stateChanged, this, &NotebookToolBar::refreshMeter);
    connect(m_meter, &MeterBar::clicked, this,
            [this] { m_commands.trigger(QStringLiteral("view.resources")); });
    m_meter->hide();
    updateToolTips();
}

QToolButton *NotebookToolBar::button(const QString &command, const QString &text,
                                     const QString &icon)
{
    auto *made = new QToolButton(this);
    made->setIcon(m_theme.icon(icon));
    made->setIconSize({18, 18});
    made->setObjectName(command);
    made->setFocusPolicy(Qt::TabFocus);
    if (!text.isEmpty()) {
        made->setText(text);
        made->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        made->setProperty("kind", QStringLiteral("text"));
    }
    made->setFixedHeight(30);
    connect(made, &QToolButton::clicked, this, [this, command] {
        m_commands.trigger(command);
        if (m_notebook && !m_notebook->list().hasFocus() &&
            m_notebook->list().mode() == CellListView::Mode::Command)
            m_notebook->takeFocus();
    });
    m_buttons.append(made);
    return made;
}

const QWidget &NotebookToolBar::connectButton() const
{
    return *m_connect;
}

void NotebookToolBar::updateToolTips()
{
    for (QToolButton *button : std::as_const(m_buttons)) {
        const Command *command = m_commands.find(button->objectName());
        if (!command)
            continue;
        const QString keys = Keymap::text(m_keymap.shownKeys(command->id));
        button->setToolTip(keys.isEmpty() ? command->title
                                          : tr("%1 (%2)").arg(command->title, keys));
        button->setAccessibleName(command->title);
    }
}

void NotebookToolBar::setNotebook(NotebookView *notebook)
{
    if (m_notebook)
        disconnect(m_notebook, nullptr, this, nullptr);
    m_notebook = notebook;
    if (notebook)
        connect(notebook, &NotebookView::statusChanged, this, &NotebookToolBar::refresh);
    refresh();
    refreshMeter();
}

void NotebookToolBar::refresh()
{
    for (QToolButton *button : std::as_const(m_buttons))
        button->setEnabled(m_commands.isEnabled(button->objectName()));
    m_connect->setEnabled(m_notebook && m_notebook->isUsable());
    if (m_notebook)
        refreshConnection();
    refreshMeter();
}

void NotebookToolBar::refreshConnection()
{
    const KernelLink &kernel = m_notebook->kernel();
    const QString where = kernel.runtime() ? kernel.runtime()->name() : QString();
    const QString title = kernel.kernelTitle();
    switch (kernel.state()) {
    case KernelLink::State::Disconnected:
        m_connect->setState(ConnectButton::State::Disconnected, tr("Connect"),
                            tr("Start a kernel on: %1").arg(where));
        return;
    case KernelLink::State::Starting:
        m_connect->setState(ConnectButton::State::Starting, tr("Connecting…"), where);
        return;
    case KernelLink::State::Restarting:
        m_connect->setState(ConnectButton::State::Starting, tr("Restarting…"), where);
        return;
    case KernelLink::State::Reconnecting:
    case KernelLink::State::Connected:
        break;
    }
    if (showLink(kernel.linkState(), where))
        return;
    const bool busy = kernel.executionState() == QStringLiteral("busy");
    m_connect->setState(busy ? ConnectButton::State::Busy : ConnectButton::State::Idle, title,
                        busy ? tr("%1 on %2, busy").arg(title, where)
                             : tr("%1 on %2, ready").arg(title, where));
}

// A line that is down, or not quite up again, says so here. False: there is nothing to say.
bool NotebookToolBar::showLink(const LinkState &link, const QString &where)
{
    const QString sentence = LinkNotice::sentence(link, where, QDateTime::currentDateTimeUtc());
    switch (link.phase) {
    case LinkState::Phase::Reconnecting:
        m_connect->setState(ConnectButton::State::Reconnecting, tr("Reconnecting…"), sentence);
        break;
    case LinkState::Phase::Offline:
        m_connect->setState(ConnectButton::State::Offline, tr("Offline"), sentence);
        break;
    case LinkState::Phase::CatchingUp:
        m_connect->setState(ConnectButton::State::Starting, tr("Catching up…"),
                            tr("Outputs of the time without a connection are coming in"));
        break;
    case LinkState::Phase::Connecting:
        m_connect->setState(ConnectButton::State::Starting, tr("Connecting…"), where);
        break;
    case LinkState::Phase::Connected:
    case LinkState::Phase::Gone:
        return false;
    }
    return true;
}

// Only of a machine that a kernel of the notebook is on, and that answers.
void NotebookToolBar::refreshMeter()
{
    const bool isConnected =
        m_notebook && m_notebook->kernel().state() == KernelLink::State::Connected &&
        m_notebook->kernel().linkState().phase != LinkState::Phase::Reconnecting &&
        m_notebook->kernel().linkState().phase != LinkState::Phase::Offline;
    const bool isKnown = m_monitor.latest() && m_monitor.state() == ResourceMonitor::State::Live &&
                         m_monitor.notebook() == m_notebook;
    m_meter->setVisible(isConnected && isKnown);
    if (isConnected && isKnown)
        m_meter->setUse(*m_monitor.latest());
}

} // namespace farcell
