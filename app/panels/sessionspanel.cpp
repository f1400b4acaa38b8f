#include "app/panels/sessionspanel.h"

#include "app/panels/sessionlist.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/client/runtimeclient.h"

#include <QFuture>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

SessionsPanel::SessionsPanel(RuntimeHub &runtimes, ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_runtimes(runtimes)
    , m_theme(theme)
    , m_list(new SessionList(theme, this))
    , m_message(new QLabel(this))
{
    build();
    m_poll.setInterval(2s);
    connect(&m_poll, &QTimer::timeout, this, &SessionsPanel::refresh);
    connect(m_list, &QListWidget::itemSelectionChanged, this, &SessionsPanel::updateButtons);
    connect(m_list, &QWidget::customContextMenuRequested, this, &SessionsPanel::showMenu);
    connect(m_list, &QListWidget::itemActivated, this, [this] {
        if (const SessionList::Row *row = m_list->selected())
            emit openRequested(row->runtime, row->kernel);
    });
    rebuild();
}

void SessionsPanel::build()
{
    auto *tools = new QHBoxLayout;
    tools->setContentsMargins(8, 0, 8, 4);
    tools->setSpacing(0);
    const auto tool = [this, tools](const QString &icon, const QString &text, auto run) {
        auto *button = new QToolButton(this);
        button->setIcon(m_theme.icon(icon));
        button->setIconSize({18, 18});
        button->setToolTip(text);
        button->setAccessibleName(text);
        connect(button, &QToolButton::clicked, this, run);
        tools->addWidget(button);
        return button;
    };
    m_open = tool(QStringLiteral("notebook"), tr("Open its notebook here"), [this] {
        if (const SessionList::Row *row = m_list->selected())
            emit openRequested(row->runtime, row->kernel);
    });
    m_interrupt = tool(QStringLiteral("stop"), tr("Interrupt"), [this] { interrupt(); });
    m_restart = tool(QStringLiteral("restart"), tr("Restart…"), [this] { confirm(false); });
    m_shutdown = tool(QStringLiteral("trash"), tr("Shut down…"), [this] { confirm(true); });
    tools->addStretch();
    m_message->setProperty("kind", QStringLiteral("faint"));
    m_message->setContentsMargins(12, 4, 12, 4);
    m_message->setWordWrap(true);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 4);
    layout->setSpacing(0);
    layout->addLayout(tools);
    layout->addWidget(m_message);
    layout->addWidget(m_list, 1);
}

void SessionsPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    m_poll.start();
    refresh();
}

void SessionsPanel::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_poll.stop();
}

void SessionsPanel::setCurrentKernel(const KernelId &kernel)
{
    if (kernel == m_current)
        return;
    m_current = kernel;
    if (isVisible())
        refresh();
}

void SessionsPanel::refresh()
{
    for (Runtime *runtime : m_runtimes.all()) {
        if (runtime->client())
            ask(runtime);
        else
            m_known.remove(runtime); // this computer's, not started: it has no kernels to show
    }
    rebuild();
}

void SessionsPanel::ask(Runtime *runtime)
{
    onFinished(runtime->control()->kernels(), this,
               [this, runtime = QPointer(runtime)](const Result<QList<KernelSummary>> &kernels) {
                   if (!runtime)
                       return;
                   if (!kernels && kernels.error().code == ErrorCode::NotFound)
                       askJupyter(runtime);
                   else
                       take(runtime, kernels);
               });
}

// Any Jupyter server can at least tell its kernels and which notebooks they belong to.
void SessionsPanel::askJupyter(Runtime *runtime)
{
    if (!runtime->client())
        return;
    onFinished(
        runtime->client()->kernels(), this,
        [this, runtime = QPointer(runtime)](const Result<QList<RemoteKernel>> &kernels) {
            if (!runtime || !runtime->client())
                return;
            if (!kernels) {
                take(runtime, tl::unexpected(kernels.error()));
                return;
            }
            onFinished(
                runtime->client()->sessions(), this,
                [this, runtime, kernels = *kernels](const Result<QList<RemoteSession>> &sessions) {
                    if (!runtime)
                        return;
                    QHash<KernelId, QString> paths;
                    for (const RemoteSession &session : sessions.value_or(QList<RemoteSession>()))
                        paths.insert(session.kernel.id, session.path);
                    QList<KernelSummary> list;
                    for (const RemoteKernel &kernel : kernels) {
                        KernelSummary summary;
                        summary.id = kernel.id;
                        summary.name = kernel.name;
                        summary.path = paths.value(kernel.id);
                        summary.state = kernel.executionState;
                        summary.clients = kernel.connections;
                        if (kernel.lastActivity.isValid())
                            summary.idleSeconds =
                                double(kernel.lastActivity.secsTo(QDateTime::currentDateTimeUtc()));
                        list.append(summary);
                    }
                    take(runtime, list);
                });
        });
}

void SessionsPanel::take(Runtime *runtime, const Result<QList<KernelSummary>> &kernels)
{
    Known &known = m_known[runtime];
    known.trouble = kernels ? QString() : kernels.error().message + QLatin1Char('.');
    if (kernels) {
        known.kernels = *kernels;
        std::stable_sort(known.kernels.begin(), known.kernels.end(),
                         [](const KernelSummary &a, const KernelSummary &b) {
                             return a.path.compare(b.path, Qt::CaseInsensitive) < 0;
                         });
    }
    rebuild();
}

void SessionsPanel::rebuild()
{
    QList<SessionList::Row> rows;
    QStringList troubles;
    for (Runtime *runtime : m_runtimes.all()) {
        const auto known = m_known.constFind(runtime);
        if (known == m_known.constEnd())
            continue;
        if (!known->trouble.isEmpty())
            troubles << known->trouble;
        if (known->kernels.isEmpty())
            continue;
        rows.append({runtime, true, runtime->name(), {}, {}, false});
        for (const KernelSummary &kernel : known->kernels) {
            QString title = kernel.notebook.isEmpty() ? kernel.path : kernel.notebook;
            title = title.section(QLatin1Char('/'), -1);
            const QString kind = kernel.name;
            rows.append({runtime, false, title.isEmpty() ? tr("No notebook") : title, kernel, kind,
                         kernel.id == m_current});
        }
    }
    m_list->setRows(rows);
    m_list->setVisible(!rows.isEmpty());
    QString text = troubles.join(QLatin1Char(' '));
    if (text.isEmpty() && rows.isEmpty())
        text = tr("No kernel is running. One starts with the first cell that is run.");
    m_message->setText(text);
    m_message->setVisible(!text.isEmpty());
    updateButtons();
}

void SessionsPanel::updateButtons()
{
    const SessionList::Row *row = m_list->selected();
    m_open->setEnabled(row);
    m_interrupt->setEnabled(row && row->kernel.state == QLatin1String("busy"));
    m_restart->setEnabled(row);
    m_shutdown->setEnabled(row);
}

void SessionsPanel::interrupt()
{
    const SessionList::Row *row = m_list->selected();
    if (!row || !row->runtime->client())
        return;
    onFinished(row->runtime->client()->interruptKernel(row->kernel.id), this,
               [this](const Result<> &done) {
                   if (!done) {
                       m_message->setText(done.error().message + QLatin1Char('.'));
                       m_message->show();
                   }
               });
}

void SessionsPanel::confirm(bool shutdown)
{
    const SessionList::Row *row = m_list->selected();
    if (!row)
        return;
    const QString question = shutdown ? tr("Shut down the kernel of %1? Its variables are lost.")
                                      : tr("Restart the kernel of %1? Its variables are lost.");
    auto *box = new QMessageBox(QMessageBox::NoIcon, shutdown ? tr("Shut down") : tr("Restart"),
                                question.arg(row->text), QMessageBox::Cancel, this);
    const QAbstractButton *yes =
        box->addButton(shutdown ? tr("Shut down") : tr("Restart"), QMessageBox::AcceptRole);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this,
            [this, yes, shutdown, runtime = QPointer(row->runtime),
             id = row->kernel.id](const QAbstractButton *clicked) {
                if (clicked != yes || !runtime)
                    return;
                if (shutdown)
                    emit shutdownRequested(runtime, id);
                else
                    emit restartRequested(runtime, id);
                QTimer::singleShot(500ms, this, &SessionsPanel::refresh);
            });
    box->open();
}

void SessionsPanel::showMenu(const QPoint &pos)
{
    const QListWidgetItem *item = m_list->itemAt(pos);
    if (!item || !m_list->selected())
        return;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (QToolButton *button : {m_open, m_interrupt, m_restart, m_shutdown}) {
        QAction *action = menu->addAction(button->icon(), button->toolTip());
        action->setEnabled(button->isEnabled());
        connect(action, &QAction::triggered, button, &QToolButton::click);
    }
    menu->popup(m_list->viewport()->mapToGlobal(pos));
}

} // namespace farcell
