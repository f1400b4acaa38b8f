#include "app/panels/resourcespanel.h"

#include "app/panels/figures.h"
#include "app/panels/holdersview.h"
#include "app/panels/memoryrelease.h"
#include "app/panels/resourcegraphs.h"
#include "app/panels/resourcemonitor.h"
#include "app/theme/theme.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

constexpr int margin = 12;

} // namespace

ResourcesPanel::ResourcesPanel(ResourceMonitor &monitor, CellBands &bands, ThemeSource &theme,
                               QWidget *parent)
    : QWidget(parent)
    , m_monitor(monitor)
    , m_theme(theme)
    , m_where(new QLabel(this))
    , m_state(new QLabel(this))
    , m_message(new QLabel(this))
    , m_holdersTitle(new QLabel(tr("Who holds the memory"), this))
    , m_gpuReason(new QLabel(this))
    , m_spans(new QButtonGroup(this))
    , m_spanRow(new QWidget(this))
    , m_scroll(new QScrollArea(this))
    , m_graphs(new ResourceGraphs(monitor, bands, theme))
    , m_holders(new HoldersView(theme))
{
    build();
    connect(&monitor, &ResourceMonitor::stateChanged, this, &ResourcesPanel::showState);
    connect(&monitor, &ResourceMonitor::sampled, this, &ResourcesPanel::showState);
    connect(&monitor, &ResourceMonitor::devicesChanged, this, &ResourcesPanel::refresh);
    connect(m_graphs, &ResourceGraphs::cellClicked, this, &ResourcesPanel::cellRequested);
    connect(m_holders, &HoldersView::freeRequested, this, &ResourcesPanel::freeMemory);
    connect(m_holders, &HoldersView::restartRequested, this, &ResourcesPanel::confirmRestart);
    refresh();
}

void ResourcesPanel::build()
{
    const auto label = [](QLabel *made, const char *kind, int top, int bottom) {
        made->setProperty("kind", QString::fromLatin1(kind));
        made->setContentsMargins(margin, top, margin, bottom);
        made->setWordWrap(true);
    };
    label(m_where, "muted", 0, 4);
    label(m_state, "muted", 4, 4);
    label(m_message, "muted", 4, 4);
    label(m_gpuReason, "muted", 4, 8);
    m_message->hide();
    m_holdersTitle->setProperty("kind", QStringLiteral("muted"));
    m_holdersTitle->setContentsMargins(margin, 12, margin, 0);

    auto *row = new QHBoxLayout(m_spanRow);
    row->setContentsMargins(margin - 4, 0, margin, 4);
    row->setSpacing(2);
    const auto span = [this, row](const QString &text, int seconds) {
        auto *button = new QToolButton(m_spanRow);
        button->setText(text);
        button->setCheckable(true);
        button->setProperty("kind", QStringLiteral("toggle"));
        button->setFocusPolicy(Qt::TabFocus);
        button->setAccessibleName(tr("Show the last %1").arg(text));
        m_spans->addButton(button, seconds);
        row->addWidget(button);
    };
    span(tr("5 min"), 300);
    span(tr("1 h"), 3600);
    span(tr("6 h"), 6 * 3600);
    span(tr("24 h"), 24 * 3600);
    row->addStretch();
    m_spans->button(300)->setChecked(true);
    connect(m_spans, &QButtonGroup::idClicked, this, [this](int seconds) {
        m_monitor.setHistory(std::chrono::seconds(seconds));
        m_graphs->setSpan(seconds);
    });

    auto *page = new QWidget;
    page->setObjectName(QStringLiteral("resourcesPage"));
    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_graphs);
    column->addWidget(m_gpuReason);
    column->addWidget(m_holdersTitle);
    column->addWidget(m_holders);
    column->addStretch();
    m_scroll->setWidget(page);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setProperty("kind", QStringLiteral("panel"));
    m_scroll->viewport()->setAutoFillBackground(false);
    page->setAutoFillBackground(false);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_where);
    layout->addWidget(m_spanRow);
    layout->addWidget(m_state);
    layout->addWidget(m_message);
    layout->addWidget(m_scroll, 1);
}

void ResourcesPanel::showEvent(QShowEvent *event)
{
    m_monitor.setWatched(true);
    refresh();
    QWidget::showEvent(event);
}

void ResourcesPanel::hideEvent(QHideEvent *event)
{
    m_monitor.setWatched(false);
    QWidget::hideEvent(event);
}

void ResourcesPanel::showState()
{
    const bool hasSamples = m_monitor.latest().has_value();
    QString text;
    switch (m_monitor.state()) {
    case ResourceMonitor::State::None:
        text = m_monitor.notebook() ? tr("Connect to a runtime to see what its machine does.")
                                    : tr("Open a notebook to see what its machine does.");
        break;
    case ResourceMonitor::State::Waiting:
        text = hasSamples ? tr("The runtime does not answer; trying again.")
                          : tr("Waiting for the runtime…");
        break;
    case ResourceMonitor::State::Unsupported:
        text = tr("This server does not tell what its machine does.");
        break;
    case ResourceMonitor::State::Live:
        break;
    }
    m_state->setText(text);
    m_state->setVisible(!text.isEmpty());
    m_scroll->setVisible(hasSamples);
    m_spanRow->setVisible(hasSamples);
    m_where->setVisible(m_monitor.runtime() && hasSamples);
}

void ResourcesPanel::refresh()
{
    showState();
    const api::GpuReport &gpus = m_monitor.gpus();
    QStringList where;
    if (m_monitor.runtime())
        where << m_monitor.runtime()->name();
    if (!gpus.driver.isEmpty())
        where << tr("driver %1").arg(gpus.driver);
    if (!gpus.cuda.isEmpty())
        where << tr("CUDA %1").arg(gpus.cuda);
    m_where->setText(where.join(QStringLiteral("  ·  ")));
    m_gpuReason->setText(gpus.reason);
    m_gpuReason->setVisible(!gpus.reason.isEmpty());
    if (!isVisible())
        return;
    const auto shares =
        memoryShares(gpus, m_monitor.latest(), m_monitor.kernels(), m_monitor.kernel());
    m_holders->setShares(shares);
    m_holdersTitle->setVisible(!shares.empty());
    if (m_freed && m_freed->looks >= 0 && m_monitor.gpuLooks() >= m_freed->looks)
        tellFreed();
}

double ResourcesPanel::gpuMemoryOf(const KernelId &kernel) const
{
    double bytes = 0;
    for (const api::GpuDevice &gpu : m_monitor.gpus().gpus) {
        for (const api::GpuProcess &process :
             gpu.processes.value_or(std::vector<api::GpuProcess>())) {
            if (process.kernelId == kernel.toString())
                bytes += double(process.memory.value_or(0));
        }
    }
    return bytes;
}

void ResourcesPanel::freeMemory(const KernelId &kernel, const QString &title)
{
    const RuntimeClient *client = m_monitor.runtime() ? m_monitor.runtime()->client() : nullptr;
    if (!client || m_freed)
        return;
    m_freed = {kernel, title, gpuMemoryOf(kernel), -1};
    const auto &loads = m_monitor.latest()->kernels;
    const bool isBusy = std::any_of(loads.begin(), loads.end(), [&](const api::KernelLoad &load) {
        return load.id == kernel.toString() && load.isBusy;
    });
    say(isBusy ? tr("%1 is asked to free memory when its cell has ended.").arg(title)
               : tr("%1 frees memory…").arg(title),
        false);
    auto *release = new MemoryRelease(client->endpoint(), kernel, this);
    // The next answer may be on its way already, and the one after it up to a second old.
    connect(release, &MemoryRelease::done, this, [this] {
        if (m_freed)
            m_freed->looks = m_monitor.gpuLooks() + 2;
    });
    connect(release, &MemoryRelease::failed, this, [this, title](const Error &error) {
        m_freed.reset();
        say(title + QStringLiteral(": ") + error.message + QLatin1Char('.'), true);
    });
}

void ResourcesPanel::tellFreed()
{
    const Freed freed = *std::exchange(m_freed, std::nullopt);
    const double gone = freed.before - gpuMemoryOf(freed.kernel);
    say(gone > 0 ? tr("%1 gave back %2 of GPU memory.").arg(freed.title, bytesText(gone))
                 : tr("%1 has freed what it could.").arg(freed.title),
        false);
}

void ResourcesPanel::confirmRestart(const KernelId &kernel, const QString &title)
{
    auto *box = new QMessageBox(QMessageBox::NoIcon, tr("Restart"),
                                tr("Restart the kernel of %1? Its variables are lost.").arg(title),
                                QMessageBox::Cancel, this);
    auto *yes = box->addButton(tr("Restart"), QMessageBox::AcceptRole);
    box->setDefaultButton(yes);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this,
            [this, yes, kernel,
             runtime = QPointer(m_monitor.runtime())](const QAbstractButton *clicked) {
                if (clicked == yes && runtime)
                    emit restartRequested(runtime, kernel);
            });
    box->open();
}

void ResourcesPanel::say(const QString &text, bool isError)
{
    m_message->setProperty("kind", isError ? QStringLiteral("error") : QStringLiteral("muted"));
    m_message->setStyleSheet({}); // read the property anew
    m_message->setText(text);
    m_message->show();
}

} // namespace farcell
