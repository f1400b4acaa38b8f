#include "app/panels/queuepanel.h"

#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "app/panels/durations.h"
#include "app/panels/queuelist.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"
#include "core/client/kernelcontrol.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

namespace {

constexpr int codeShown = 200;

QString fileIdOf(const Cell &cell)
{
    return cell.fileId.value_or(cell.id.toString());
}

} // namespace

QueuePanel::QueuePanel(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_list(new QueueList(theme, this))
    , m_state(new QLabel(this))
    , m_message(new QLabel(this))
{
    build();
    m_tick.setInterval(1s);
    connect(&m_tick, &QTimer::timeout, m_list->viewport(), qOverload<>(&QWidget::update));
    connect(m_list, &QueueList::activatedItem, this, &QueuePanel::goTo);
    connect(m_list, &QListWidget::itemClicked, this, [this](QListWidgetItem *item) {
        if (const QueueItem *found = m_list->itemAtRow(m_list->row(item)))
            goTo(*found);
    });
    connect(m_list, &QueueList::cancelRequested, this, &QueuePanel::cancel);
    connect(m_list, &QueueList::reorderRequested, this, &QueuePanel::reorder);
    connect(m_list, &QWidget::customContextMenuRequested, this, &QueuePanel::showMenu);
    refresh();
}

void QueuePanel::build()
{
    auto *tools = new QHBoxLayout;
    tools->setContentsMargins(8, 0, 8, 4);
    tools->setSpacing(0);
    const auto tool = [this, tools](const QString &icon) {
        auto *button = new QToolButton(this);
        button->setIcon(m_theme.icon(icon));
        button->setIconSize({18, 18});
        tools->addWidget(button);
        return button;
    };
    m_pause = tool(QStringLiteral("pause"));
    m_stopAfter = tool(QStringLiteral("stop-after"));
    m_stopAfter->setCheckable(true);
    m_stopAfter->setToolTip(tr("Stop after the running cell"));
    m_stopAfter->setAccessibleName(m_stopAfter->toolTip());
    tools->addStretch();
    connect(m_pause, &QToolButton::clicked, this, [this] {
        const bool paused = !shownQueue().isPaused;
        tell([paused](KernelControl &control, const KernelId &kernel) {
            return control.setPaused(kernel, paused);
        });
    });
    connect(m_stopAfter, &QToolButton::clicked, this, [this](bool on) {
        const KernelQueue queue = shownQueue();
        setStopAfter(on && !queue.items.isEmpty() ? queue.items.first().message : MsgId());
    });

    m_state->setProperty("kind", QStringLiteral("muted"));
    m_state->setContentsMargins(12, 0, 12, 4);
    m_state->setWordWrap(true);
    m_message->setProperty("kind", QStringLiteral("error"));
    m_message->setContentsMargins(12, 4, 12, 4);
    m_message->setWordWrap(true);
    m_message->hide();
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 4);
    layout->setSpacing(0);
    layout->addLayout(tools);
    layout->addWidget(m_state);
    layout->addWidget(m_message);
    layout->addWidget(m_list, 1);
}

void QueuePanel::setNotebook(NotebookView *notebook)
{
    if (m_notebook) {
        disconnect(&m_notebook->kernel(), nullptr, this, nullptr);
        disconnect(&m_notebook->session(), nullptr, this, nullptr);
    }
    m_notebook = notebook;
    m_message->hide();
    if (notebook) {
        connect(&notebook->kernel(), &KernelLink::queueChanged, this, &QueuePanel::refresh);
        connect(&notebook->kernel(), &KernelLink::stateChanged, this, &QueuePanel::refresh);
        connect(&notebook->session(), &NotebookSession::queueChanged, this, &QueuePanel::refresh);
        connect(&notebook->session(), &NotebookSession::runStateChanged, this,
                &QueuePanel::refresh);
    }
    refresh();
}

// Of a server that keeps none: what this window has sent and will send.
KernelQueue QueuePanel::localQueue() const
{
    KernelQueue queue;
    const NotebookDocument &document = m_notebook->document();
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        const CellRunState state = m_notebook->session().runState(cell.id);
        const bool runs = state.phase == CellRunState::Phase::Running;
        if (!runs && state.phase != CellRunState::Phase::Queued)
            continue;
        QueueItem item;
        item.message = MsgId(cell.id.toString());
        item.cellId = fileIdOf(cell);
        item.isRunning = runs;
        item.position = state.queuePosition;
        item.code = cell.source.left(codeShown);
        item.startedAt = state.startedAt;
        queue.items.append(item);
    }
    std::stable_sort(queue.items.begin(), queue.items.end(),
                     [](const QueueItem &a, const QueueItem &b) {
                         return a.isRunning != b.isRunning ? a.isRunning : a.position < b.position;
                     });
    return queue;
}

KernelQueue QueuePanel::shownQueue() const
{
    if (!m_notebook || !m_notebook->isUsable())
        return {};
    return m_notebook->kernel().hasQueue() ? m_notebook->kernel().queue() : localQueue();
}

void QueuePanel::refresh()
{
    const bool usable = m_notebook && m_notebook->isUsable();
    const bool isKept = usable && m_notebook->kernel().hasQueue();
    const KernelQueue queue = shownQueue();
    QList<int> numbers;
    for (const QueueItem &item : queue.items) {
        int number = 0;
        for (int i = 0; number == 0 && i < m_notebook->document().cellCount(); ++i) {
            if (fileIdOf(m_notebook->document().cellAt(i)) == item.cellId)
                number = i + 1;
        }
        numbers.append(number);
    }
    m_list->setQueue(queue, numbers, isKept);
    m_list->setVisible(!queue.items.isEmpty());
    showHead(queue, isKept);
    if (!queue.items.isEmpty() && !m_tick.isActive())
        m_tick.start();
    else if (queue.items.isEmpty())
        m_tick.stop();
}

void QueuePanel::showHead(const KernelQueue &queue, bool isKept)
{
    const bool paused = queue.isPaused;
    const QString pauseText = paused ? tr("Go on with the queue")
                                     : tr("Pause: nothing new begins after the running cell");
    m_pause->setIcon(m_theme.icon(paused ? QStringLiteral("play") : QStringLiteral("pause")));
    m_pause->setToolTip(pauseText);
    m_pause->setAccessibleName(pauseText);
    m_pause->setEnabled(isKept);
    const bool runs = !queue.items.isEmpty() && queue.items.first().isRunning;
    m_stopAfter->setEnabled(isKept && runs);
    m_stopAfter->setChecked(runs && queue.stopAfter == queue.items.first().message);

    const int waiting = int(queue.items.size()) - (runs ? 1 : 0);
    double expected = 0;
    bool knows = waiting > 0;
    for (const QueueItem &item : queue.items) {
        knows = knows && item.expectedSeconds >= 0;
        expected += std::max(item.expectedSeconds, 0.0);
    }
    const QString count = waiting == 1 ? tr("1 cell waiting") : tr("%1 cells waiting").arg(waiting);
    QString text;
    if (!m_notebook)
        text = tr("Open a notebook to see what it runs.");
    else if (queue.items.isEmpty())
        text = paused ? tr("Paused. Cells that are run wait here.") : tr("Nothing runs.");
    else if (paused)
        text = tr("Paused: %1.").arg(count);
    else if (knows)
        text = tr("%1, about %2 in all.").arg(count, roughText(expected));
    else
        text = tr("%1.").arg(count);
    if (m_notebook && !isKept && !queue.items.isEmpty())
        text += QLatin1Char(' ') + tr("This server keeps no queue: it goes with this window.");
    m_state->setText(text);
}

void QueuePanel::goTo(const QueueItem &item)
{
    if (!m_notebook)
        return;
    const NotebookDocument &document = m_notebook->document();
    for (int i = 0; i < document.cellCount(); ++i) {
        if (fileIdOf(document.cellAt(i)) != item.cellId)
            continue;
        m_notebook->list().setCurrentCell(document.cellAt(i).id);
        m_notebook->list().reveal(document.cellAt(i).id);
        return;
    }
}

void QueuePanel::tell(
    const std::function<QFuture<Result<>>(KernelControl &, const KernelId &)> &what)
{
    if (!m_notebook)
        return;
    const KernelLink &kernel = m_notebook->kernel();
    KernelControl *control = kernel.runtime() ? kernel.runtime()->control() : nullptr;
    if (!control || !kernel.connection())
        return;
    m_message->hide();
    onFinished(what(*control, kernel.connection()->kernelId()), this, [this](const Result<> &done) {
        if (done)
            return;
        report(done.error());
        refresh(); // a dragged row goes back
    });
}

void QueuePanel::cancel(const QueueItem &item)
{
    if (!m_notebook)
        return;
    if (item.isRunning)
        m_notebook->kernel().interrupt();
    else if (m_notebook->kernel().hasQueue())
        tell([id = item.message](KernelControl &control, const KernelId &kernel) {
            return control.cancel(kernel, id);
        });
    else
        m_notebook->session().cancelQueued(CellId(item.message.toString()));
}

void QueuePanel::reorder(const QList<MsgId> &order)
{
    tell([order](KernelControl &control, const KernelId &kernel) {
        return control.reorder(kernel, order);
    });
}

void QueuePanel::setStopAfter(const MsgId &item)
{
    tell([item](KernelControl &control, const KernelId &kernel) {
        return control.stopAfter(kernel, item);
    });
}

void QueuePanel::showMenu(const QPoint &pos)
{
    const int row = m_list->row(m_list->itemAt(pos));
    const QueueItem *found = m_list->itemAtRow(row);
    if (!found || !m_notebook)
        return;
    const QueueItem item = *found;
    const bool isKept = m_notebook->kernel().hasQueue();
    const bool stops = m_list->stopsAfter(row);
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    connect(menu->addAction(tr("Go to the cell")), &QAction::triggered, this,
            [this, item] { goTo(item); });
    if (isKept) {
        QAction *stop = menu->addAction(tr("Stop the queue after this cell"));
        stop->setCheckable(true);
        stop->setChecked(stops);
        connect(stop, &QAction::triggered, this,
                [this, item, stops] { setStopAfter(stops ? MsgId() : item.message); });
    }
    menu->addSeparator();
    connect(menu->addAction(m_theme.icon(QStringLiteral("close")),
                            item.isRunning ? tr("Interrupt") : tr("Take out of the queue")),
            &QAction::triggered, this, [this, item] { cancel(item); });
    menu->popup(m_list->viewport()->mapToGlobal(pos));
}

void QueuePanel::report(const Error &error)
{
    m_message->setText(error.message + QLatin1Char('.'));
    m_message->show();
}

} // namespace farcell
