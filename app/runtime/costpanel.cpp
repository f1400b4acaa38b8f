#include "app/runtime/costpanel.h"

#include "app/celllist/usagetext.h"
#include "app/notebook/notebookview.h"
#include "app/runtime/cellcosts.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace farcell {

using namespace std::chrono_literals;

namespace {

constexpr int valueRole = Qt::UserRole;
constexpr int cellRole = Qt::UserRole + 1;
constexpr int columnPadding = 20;
constexpr double unknown = -1; // sorts below every figure

// Sorts by the figures and not by their words.
class CostRow : public QTreeWidgetItem
{
public:
    using QTreeWidgetItem::QTreeWidgetItem;

    bool operator<(const QTreeWidgetItem &other) const override
    {
        const int column = treeWidget() ? treeWidget()->sortColumn() : 0;
        return data(column, valueRole).toDouble() < other.data(column, valueRole).toDouble();
    }

    void setFigure(int column, double value, const QString &text)
    {
        setData(column, valueRole, value);
        setText(column, value < 0 ? QStringLiteral("–") : text);
        setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    }
};

QString firstLine(const QString &source)
{
    const QStringList lines = source.split(QLatin1Char('\n'));
    for (const QString &line : lines) {
        if (!line.trimmed().isEmpty())
            return line.trimmed();
    }
    return {};
}

double known(const std::optional<double> &value)
{
    return value.value_or(unknown);
}

double known(const std::optional<qint64> &value)
{
    return value ? double(*value) : unknown;
}

} // namespace

CostPanel::CostPanel(CellCosts &costs, ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_costs(costs)
    , m_theme(theme)
    , m_rows(new QTreeWidget(this))
    , m_sum(new QLabel(this))
    , m_empty(new QLabel(this))
    , m_hint(new QLabel(this))
    , m_write(new QPushButton(tr("Write into the notebook"), this))
    , m_remove(new QPushButton(tr("Remove from it"), this))
{
    build();
    m_due.setSingleShot(true);
    m_due.setInterval(100ms); // loops of short cells
    connect(&m_due, &QTimer::timeout, this, &CostPanel::refresh);
    connect(&costs, &CellCosts::changed, this, [this](const NotebookView *notebook) {
        if (notebook == m_notebook)
            refreshSoon();
    });
    connect(m_rows, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem *item) {
        emit cellRequested(CellId(item->data(CellColumn, cellRole).toString()));
    });
    connect(m_rows, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem *item) {
        emit cellRequested(CellId(item->data(CellColumn, cellRole).toString()));
    });
    connect(m_write, &QPushButton::clicked, this, [this] {
        if (m_notebook)
            m_costs.writeTo(*m_notebook);
        refresh();
    });
    connect(m_remove, &QPushButton::clicked, this, [this] {
        if (m_notebook)
            CellCosts::removeFrom(m_notebook->document());
        refresh();
    });
    connect(&theme, &ThemeSource::themeChanged, this, &CostPanel::applyTheme);
    applyTheme();
    refresh();
}

void CostPanel::build()
{
    m_rows->setObjectName(QStringLiteral("costRows"));
    m_rows->setAccessibleName(tr("What the cells cost"));
    m_rows->setProperty("kind", QStringLiteral("panel"));
    m_rows->setRootIsDecorated(false);
    m_rows->setUniformRowHeights(true);
    m_rows->setColumnCount(ColumnCount);
    m_rows->setHeaderLabels(
        {tr("Cell"), tr("Time"), tr("VRAM"), tr("GPU"), tr("Energy"), tr("RAM"), tr("CPU")});
    const QStringList tips{tr("Its place and first line"),
                           tr("How long the last run took"),
                           tr("The most GPU memory that the kernel and all it started held"),
                           tr("How busy its GPUs were, on average"),
                           tr("What its GPUs took while it ran"),
                           tr("The most memory that the kernel and all it started held"),
                           tr("Processor time of the kernel and all it started")};
    for (int column = 0; column < ColumnCount; ++column) {
        m_rows->headerItem()->setToolTip(column, tips.at(column));
        m_rows->headerItem()->setTextAlignment(
            column, Qt::AlignVCenter | (column == CellColumn ? Qt::AlignLeft : Qt::AlignRight));
    }
    QHeaderView *header = m_rows->header();
    header->setStretchLastSection(false);
    header->setSectionsClickable(true);
    header->setSortIndicatorShown(true);
    header->setSectionResizeMode(CellColumn, QHeaderView::Stretch);
    header->setMinimumSectionSize(40);
    m_rows->setSortingEnabled(true);
    m_rows->sortByColumn(CellColumn, Qt::AscendingOrder);
    m_sum->setObjectName(QStringLiteral("costSum"));
    for (QLabel *label : {m_sum, m_empty, m_hint}) {
        label->setWordWrap(true);
        label->setContentsMargins(12, 4, 12, 4);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    m_empty->setProperty("kind", QStringLiteral("muted"));
    m_empty->setText(tr("What each cell takes of time, memory and energy stands here once it has "
                        "run on a Farcell runtime."));
    m_hint->setProperty("kind", QStringLiteral("muted"));
    m_hint->setText(tr("Nothing of this is in the file unless you write it there."));
    m_write->setObjectName(QStringLiteral("writeCosts"));
    m_remove->setObjectName(QStringLiteral("removeCosts"));
    m_remove->setProperty("kind", QStringLiteral("quiet"));
    auto *buttons = new QHBoxLayout;
    buttons->setContentsMargins(12, 4, 12, 12);
    buttons->setSpacing(8);
    buttons->addWidget(m_write);
    buttons->addWidget(m_remove);
    buttons->addStretch();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_sum);
    column->addWidget(m_rows, 1);
    column->addWidget(m_empty);
    column->addStretch(0);
    column->addWidget(m_hint);
    column->addLayout(buttons);
}

void CostPanel::applyTheme()
{
    m_sum->setFont(m_theme.theme().bodyStrong);
    m_hint->setFont(m_theme.theme().caption);
    m_rows->setFont(m_theme.theme().caption); // seven columns beside a notebook
    m_rows->header()->setFont(m_theme.theme().caption);
}

void CostPanel::setNotebook(NotebookView *notebook)
{
    m_notebook = notebook;
    refreshSoon();
}

void CostPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    refresh();
}

void CostPanel::refreshSoon()
{
    if (isVisible() && !m_due.isActive())
        m_due.start();
}

void CostPanel::refresh()
{
    const QString current = m_rows->currentItem()
                                ? m_rows->currentItem()->data(CellColumn, cellRole).toString()
                                : QString();
    m_rows->setSortingEnabled(false);
    m_rows->clear();
    const bool isUsable = m_notebook && m_notebook->isUsable();
    if (isUsable)
        showRows();
    m_rows->setSortingEnabled(true);
    for (int i = 0; i < m_rows->topLevelItemCount(); ++i) {
        QTreeWidgetItem *row = m_rows->topLevelItem(i);
        if (!current.isEmpty() && row->data(CellColumn, cellRole).toString() == current)
            m_rows->setCurrentItem(row);
    }
    fitColumns();
    const bool isEmpty = m_rows->topLevelItemCount() == 0;
    showSum();
    m_sum->setVisible(!m_sum->text().isEmpty());
    m_rows->setVisible(!isEmpty);
    m_empty->setVisible(isEmpty);
    const bool isWritten = isUsable && CellCosts::isWrittenIn(m_notebook->document());
    m_hint->setVisible(!isEmpty && !isWritten);
    m_write->setVisible(!isEmpty);
    m_remove->setVisible(isWritten);
}

// As narrow as their words: the first lines of the cells get what is left.
void CostPanel::fitColumns()
{
    const QFontMetrics head(m_rows->header()->font());
    const QFontMetrics body(m_rows->font());
    for (int column = CellColumn + 1; column < ColumnCount; ++column) {
        int width = head.horizontalAdvance(m_rows->headerItem()->text(column));
        for (int i = 0; i < m_rows->topLevelItemCount(); ++i)
            width = std::max(width, body.horizontalAdvance(m_rows->topLevelItem(i)->text(column)));
        m_rows->header()->resizeSection(column, width + columnPadding);
    }
}

void CostPanel::showRows()
{
    const NotebookDocument &document = m_notebook->document();
    const QHash<CellId, CellCost> costs = m_costs.costsOf(*m_notebook);
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        const auto cost = costs.constFind(cell.id);
        if (cost == costs.constEnd())
            continue;
        const api::CellUsage &usage = cost->last;
        auto *row = new CostRow(m_rows);
        row->setData(CellColumn, valueRole, i);
        row->setData(CellColumn, cellRole, cell.id.toString());
        row->setText(CellColumn, tr("%1  %2").arg(i + 1).arg(firstLine(cell.source)));
        QStringList tip = usageDetails(usage);
        if (cost->runs > 1)
            tip << tr("ran %1 times; these are the figures of the last").arg(cost->runs);
        else if (cost->runs == 0)
            tip << tr("as the notebook's file says");
        if (usage.status != api::CellUsage::Status::Ok)
            tip << (usage.status == api::CellUsage::Status::Error ? tr("ended with an error")
                                                                  : tr("its kernel ended"));
        row->setToolTip(CellColumn, tip.join(QLatin1Char('\n')));
        const api::CellGpuUsage gpu = usage.gpu.value_or(api::CellGpuUsage());
        row->setFigure(TimeColumn, usage.seconds, secondsText(usage.seconds));
        row->setFigure(GpuMemoryColumn, known(gpu.peakMemory),
                       memoryText(gpu.peakMemory.value_or(0)));
        row->setFigure(GpuColumn, known(gpu.utilization),
                       tr("%1 %").arg(std::llround(gpu.utilization.value_or(0))));
        row->setFigure(EnergyColumn, known(gpu.energy), energyText(gpu.energy.value_or(0)));
        row->setFigure(MemoryColumn, known(usage.peakMemory),
                       memoryText(usage.peakMemory.value_or(0)));
        row->setFigure(CpuColumn, known(usage.cpuSeconds),
                       secondsText(usage.cpuSeconds.value_or(0)));
        if (usage.status == api::CellUsage::Status::Error)
            row->setForeground(CellColumn, m_theme.theme().danger);
    }
}

void CostPanel::showSum()
{
    const CostSum sum = m_notebook ? m_costs.sumOf(*m_notebook) : CostSum();
    if (sum.runs == 0) {
        m_sum->clear();
        return;
    }
    QStringList parts{sum.runs == 1 ? tr("1 run") : tr("%1 runs").arg(sum.runs),
                      secondsText(sum.seconds)};
    if (sum.gpuSeconds)
        parts << tr("%1 of a GPU").arg(secondsText(*sum.gpuSeconds));
    if (sum.energy)
        parts << energyText(*sum.energy);
    if (sum.cpuSeconds)
        parts << tr("%1 CPU").arg(secondsText(*sum.cpuSeconds));
    m_sum->setText(parts.join(QStringLiteral(" · ")));
}

} // namespace farcell
