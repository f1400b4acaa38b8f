#include "app/panels/resourcegraphs.h"

#include "app/notebook/notebookview.h"
#include "app/panels/cellbands.h"
#include "app/panels/durations.h"
#include "app/panels/figures.h"
#include "app/panels/resourcemonitor.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

#include <QDateTime>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

constexpr int headHeight = 20;
constexpr int plotHeight = 64;
constexpr int graphGap = 14;
constexpr int diskHeight = 40;

QColor loadColour(const Theme &theme)
{
    return theme.ansi.at(5);
}

double totalOf(const std::optional<api::MetricsSample> &sample, int gpu)
{
    for (const api::GpuLoad &load : sample ? sample->gpus : std::vector<api::GpuLoad>()) {
        if (load.index == gpu && load.memory)
            return double(load.memory->total);
    }
    return 0;
}

} // namespace

ResourceGraphs::ResourceGraphs(ResourceMonitor &monitor, CellBands &bands, ThemeSource &theme,
                               QWidget *parent)
    : QWidget(parent)
    , m_monitor(monitor)
    , m_bands(bands)
    , m_theme(theme)
{
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Memory and load over time"));
    connect(&monitor, &ResourceMonitor::sampled, this, &ResourceGraphs::refresh);
    connect(&monitor, &ResourceMonitor::devicesChanged, this, &ResourceGraphs::refresh);
    connect(&bands, &CellBands::changed, this, [this](const NotebookView *notebook) {
        if (notebook == m_monitor.notebook())
            refresh();
    });
    connect(&theme, &ThemeSource::themeChanged, this, qOverload<>(&QWidget::update));
}

void ResourceGraphs::setSpan(double seconds)
{
    m_span = seconds;
    refresh();
}

void ResourceGraphs::refresh()
{
    if (!isVisible())
        return; // it is done when it is shown
    m_now = double(QDateTime::currentMSecsSinceEpoch()) / 1000;
    std::vector<Graph> list = graphs(false);
    if (const int height = place(list); height != m_height) {
        m_height = height;
        updateGeometry();
    }
    update();
}

QSize ResourceGraphs::sizeHint() const
{
    return {200, m_height};
}

void ResourceGraphs::showEvent(QShowEvent * /*event*/)
{
    refresh();
}

void ResourceGraphs::resizeEvent(QResizeEvent * /*event*/)
{
    refresh(); // legends may need more or fewer lines
}

// --- what there is to draw

std::vector<ResourceGraphs::Graph> ResourceGraphs::graphs(bool withPoints) const
{
    std::vector<Graph> list;
    if (!m_monitor.latest())
        return list;
    addGpus(list, withPoints);
    addMachine(list, withPoints);
    return list;
}

void ResourceGraphs::addGpus(std::vector<Graph> &list, bool withPoints) const
{
    using Track = MetricsLog::GpuTrack;
    const Theme &theme = m_theme.theme();
    const MetricsLog &log = m_monitor.log();
    const double time = m_pointer ? timeAt(*m_pointer) : m_monitor.latest()->time;
    const double from = m_now - m_span;
    const int most = std::max(plotColumn().width(), 1);
    for (const api::GpuLoad &load : m_monitor.latest()->gpus) {
        Graph graph;
        const auto &known = m_monitor.gpus().gpus;
        const auto device = std::find_if(known.begin(), known.end(),
                                         [&](const auto &gpu) { return gpu.index == load.index; });
        QString name = device == known.end() ? QString() : device->name;
        if (name.startsWith(QLatin1String("NVIDIA "))) // they all are
            name.remove(0, 7);
        graph.title = name.isEmpty() ? tr("GPU %1").arg(load.index)
                                     : tr("GPU %1: %2").arg(QString::number(load.index), name);
        QStringList note;
        if (const auto degrees = log.at(load.index, Track::Temperature, time))
            note << tr("%1 °C").arg(std::llround(*degrees));
        if (const auto watts = log.at(load.index, Track::Power, time))
            note << (device != known.end() && device->powerLimit
                         ? tr("%1 of %2 W")
                               .arg(std::llround(*watts))
                               .arg(std::llround(*device->powerLimit))
                         : tr("%1 W").arg(std::llround(*watts)));
        graph.note = note.join(QStringLiteral("  ·  "));

        const double total = totalOf(m_monitor.latest(), load.index);
        const auto memory = log.at(load.index, Track::Memory, time);
        const auto use = log.at(load.index, Track::Load, time);
        graph.lines.push_back({tr("Memory"),
                               memory ? shareText(*memory, total) : tr("not known"),
                               theme.accent,
                               true,
                               total,
                               {}});
        graph.lines.push_back({tr("Load"),
                               use ? percentText(*use) : tr("not known"),
                               loadColour(theme),
                               false,
                               100,
                               {}});
        if (withPoints) {
            graph.lines[0].points = log.line(load.index, Track::Memory, from, m_now, most);
            graph.lines[1].points = log.line(load.index, Track::Load, from, m_now, most);
        }
        list.push_back(std::move(graph));
    }
}

void ResourceGraphs::addMachine(std::vector<Graph> &list, bool withPoints) const
{
    using Track = MetricsLog::Track;
    const Theme &theme = m_theme.theme();
    const MetricsLog &log = m_monitor.log();
    const api::MachineResources &machine = m_monitor.latest()->machine;
    const double time = m_pointer ? timeAt(*m_pointer) : m_monitor.latest()->time;
    const double from = m_now - m_span;
    const int most = std::max(plotColumn().width(), 1);
    Graph graph;
    graph.title = tr("System");
    if (machine.cpuCount > 0)
        graph.note = machine.cpuCount == 1 ? tr("1 CPU") : tr("%1 CPUs").arg(machine.cpuCount);
    const auto total = double(machine.memory.total);
    const auto memory = log.at(Track::Memory, time);
    const auto cpu = log.at(Track::Cpu, time);
    graph.lines.push_back({tr("RAM"),
                           memory ? shareText(*memory, total) : tr("not known"),
                           theme.accent,
                           true,
                           total,
                           {}});
    graph.lines.push_back(
        {tr("CPU"), cpu ? percentText(*cpu) : tr("not known"), loadColour(theme), false, 100, {}});
    if (withPoints) {
        graph.lines[0].points = log.line(Track::Memory, from, m_now, most);
        graph.lines[1].points = log.line(Track::Cpu, from, m_now, most);
    }
    list.push_back(std::move(graph));
}

std::vector<CellBand> ResourceGraphs::bandsInSight() const
{
    std::vector<CellBand> found;
    for (CellBand band : m_bands.bandsOf(m_monitor.notebook())) {
        if (band.isServerTime) {
            band.from += m_monitor.clockOffset();
            band.to += m_monitor.clockOffset();
        }
        if (band.from < m_now && (band.to == 0 || band.to > m_now - m_span))
            found.push_back(band);
    }
    return found;
}

// --- where

int ResourceGraphs::place(std::vector<Graph> &list) const
{
    if (list.empty())
        return 0;
    const QFontMetrics metrics(m_theme.theme().caption);
    const int width = std::max(this->width() - 2 * side, 40);
    int y = bandStrip;
    for (Graph &graph : list) {
        graph.head = {side, y, width, headHeight};
        y += headHeight;
        // The words flow, as many in a row as there is room for.
        int x = side;
        const auto add = [&](int wide) {
            if (x > side && x + wide > side + width) {
                x = side;
                y += legendHeight;
            }
            graph.legend.emplace_back(x, y);
            x += wide + legendGap;
        };
        for (const Line &line : graph.lines)
            add(markWidth + metrics.horizontalAdvance(line.name + QLatin1Char(' ') + line.value));
        add(metrics.horizontalAdvance(graph.note));
        y += legendHeight + 4;
        graph.plot = {side, y, width, plotHeight};
        y += plotHeight + graphGap;
    }
    return y - graphGap + axisHeight + diskHeight;
}

QRect ResourceGraphs::plotColumn() const
{
    return {side, 0, std::max(width() - 2 * side, 1), height()};
}

double ResourceGraphs::xOf(double time) const
{
    const QRect column = plotColumn();
    return column.left() + column.width() * (time - (m_now - m_span)) / m_span;
}

double ResourceGraphs::timeAt(int x) const
{
    const QRect column = plotColumn();
    return m_now - m_span + m_span * double(x - column.left()) / column.width();
}

const CellBand *ResourceGraphs::bandAt(const std::vector<CellBand> &bands, int x) const
{
    // The last one that is there, with a little room for those that are thin.
    const auto it = std::find_if(bands.rbegin(), bands.rend(), [&](const CellBand &band) {
        const double to = band.to > 0 ? band.to : m_now;
        return x >= xOf(band.from) - 2 && x <= xOf(to) + 2;
    });
    return it == bands.rend() ? nullptr : &*it;
}

// --- the mouse

void ResourceGraphs::mouseMoveEvent(QMouseEvent *event)
{
    m_pointer = qRound(event->position().x());
    setCursor(bandAt(bandsInSight(), *m_pointer) ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void ResourceGraphs::leaveEvent(QEvent * /*event*/)
{
    m_pointer.reset();
    update();
}

void ResourceGraphs::mousePressEvent(QMouseEvent *event)
{
    const std::vector<CellBand> bands = bandsInSight();
    if (const CellBand *band = bandAt(bands, qRound(event->position().x()));
        band && event->button() == Qt::LeftButton)
        emit cellClicked(band->cell);
}

QString ResourceGraphs::tipOf(const CellBand &band) const
{
    const NotebookDocument &document = m_monitor.notebook()->document();
    const Cell *cell = document.findCell(band.cell);
    if (!cell)
        return tr("A cell that was deleted");
    const QString code = cell->source.trimmed().section(QLatin1Char('\n'), 0, 0).left(80);
    const QString number = QString::number(document.indexOf(band.cell) + 1);
    const QString seconds = clockText((band.to > 0 ? band.to : m_now) - band.from);
    const QString line = band.to == 0     ? tr("Cell %1, running for %2").arg(number, seconds)
                         : band.hasFailed ? tr("Cell %1, failed after %2").arg(number, seconds)
                                          : tr("Cell %1, ran for %2").arg(number, seconds);
    return code.isEmpty() ? line : line + QLatin1Char('\n') + code;
}

bool ResourceGraphs::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event); // as Qt says of this type
    const std::vector<CellBand> bands = bandsInSight();
    if (const CellBand *band = bandAt(bands, help->pos().x()))
        QToolTip::showText(help->globalPos(), tipOf(*band), this);
    else
        QToolTip::hideText();
    return true;
}

} // namespace farcell
