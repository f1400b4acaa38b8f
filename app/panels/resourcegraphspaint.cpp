// The part of ResourceGraphs that draws.

#include "app/notebook/notebookview.h"
#include "app/panels/cellbands.h"
#include "app/panels/figures.h"
#include "app/panels/resourcegraphs.h"
#include "app/panels/resourcemonitor.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

#include <QDateTime>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <array>
#include <cmath>

namespace farcell {

namespace {

QColor tinted(QColor colour, float alpha)
{
    colour.setAlphaF(alpha);
    return colour;
}

QString clockOf(double time, bool withSeconds)
{
    return QDateTime::fromMSecsSinceEpoch(qint64(time * 1000))
        .toString(withSeconds ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"));
}

} // namespace

// The right edge is as it was at the last refresh: the mouse moves no lines.
void ResourceGraphs::paintEvent(QPaintEvent * /*event*/)
{
    std::vector<Graph> list = graphs(true);
    if (list.empty())
        return;
    place(list);
    const std::vector<CellBand> bands = bandsInSight();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int bottom = list.back().plot.bottom() + 1;
    drawBands(painter, bands);
    for (const Graph &graph : list)
        drawGraph(painter, graph, bands);
    drawAxis(painter, bottom);
    drawPointer(painter, list, bottom);
    drawDisk(painter, bottom + axisHeight);
}

QColor ResourceGraphs::bandColour(const CellBand &band) const
{
    const Theme &theme = m_theme.theme();
    if (band.to == 0)
        return theme.accent;
    return band.hasFailed ? theme.danger : theme.success;
}

// Their numbers stand above the plots where there is room for them, those of long runs first.
void ResourceGraphs::drawBands(QPainter &painter, const std::vector<CellBand> &bands) const
{
    const NotebookView *notebook = m_monitor.notebook();
    if (!notebook)
        return;
    const Theme &theme = m_theme.theme();
    const QFontMetrics metrics(theme.caption);
    painter.save();
    painter.setClipRect(plotColumn().adjusted(-1, 0, 1, 0));
    painter.setFont(theme.caption);
    struct Bar
    {
        QRectF rect;
        CellId cell;
        double seconds;
    };
    std::vector<Bar> bars;
    for (const CellBand &band : bands) {
        const double left = std::max(xOf(band.from), double(side));
        const double right = xOf(band.to > 0 ? band.to : m_now);
        const QRectF bar(left, bandStrip - 4, std::max(right - left, 1.5), 3);
        painter.setPen(Qt::NoPen);
        painter.setBrush(bandColour(band));
        painter.drawRoundedRect(bar, 1.5, 1.5);
        bars.push_back({bar, band.cell, (band.to > 0 ? band.to : m_now) - band.from});
    }
    std::stable_sort(bars.begin(), bars.end(),
                     [](const Bar &a, const Bar &b) { return a.seconds > b.seconds; });
    std::vector<QRectF> taken;
    painter.setPen(theme.textMuted);
    for (const Bar &bar : bars) {
        const int index = notebook->document().indexOf(bar.cell);
        if (index < 0)
            continue;
        const QString number = QString::number(index + 1);
        const int wide = metrics.horizontalAdvance(number);
        QRectF place(bar.rect.center().x() - wide / 2.0, 0, wide + 1, bandStrip - 5);
        place.moveRight(std::min(place.right(), plotColumn().right() + 1.0));
        const QRectF around = place.adjusted(-2, 0, 2, 0);
        if (std::any_of(taken.begin(), taken.end(),
                        [&around](const QRectF &other) { return other.intersects(around); }))
            continue;
        painter.drawText(place, Qt::AlignCenter, number);
        taken.push_back(place);
    }
    painter.restore();
}

void ResourceGraphs::drawGraph(QPainter &painter, const Graph &graph,
                               const std::vector<CellBand> &bands) const
{
    const Theme &theme = m_theme.theme();
    painter.setFont(theme.bodyStrong);
    painter.setPen(theme.text);
    painter.drawText(
        graph.head, Qt::AlignLeft | Qt::AlignVCenter,
        painter.fontMetrics().elidedText(graph.title, Qt::ElideRight, graph.head.width()));
    drawLegend(painter, graph);

    const QRectF plot(graph.plot);
    QPainterPath frame;
    frame.addRoundedRect(plot, 4, 4);
    painter.fillPath(frame, theme.surface);
    painter.save();
    painter.setClipPath(frame);
    for (const CellBand &band : bands) {
        const double left = xOf(band.from);
        const double right = std::max(xOf(band.to > 0 ? band.to : m_now), left + 1);
        painter.fillRect(QRectF(left, plot.top(), right - left, plot.height()),
                         tinted(bandColour(band), theme.dark ? 0.16F : 0.10F));
    }
    painter.setPen(QPen(theme.border, 1));
    const double middle = std::round(plot.center().y()) + 0.5;
    painter.drawLine(QPointF(plot.left(), middle), QPointF(plot.right(), middle));
    for (const Line &line : graph.lines)
        drawLine(painter, line, graph.plot);
    painter.restore();
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(plot.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

void ResourceGraphs::drawLegend(QPainter &painter, const Graph &graph) const
{
    const Theme &theme = m_theme.theme();
    painter.setFont(theme.caption);
    const QFontMetrics metrics(theme.caption);
    const int right = graph.head.right() + 1;
    const auto write = [&](const QPoint &at, const QColor &colour, const QString &text) {
        painter.setPen(colour);
        painter.drawText(QRect(at.x(), at.y(), right - at.x(), legendHeight),
                         Qt::AlignLeft | Qt::AlignVCenter, text);
    };
    for (std::size_t i = 0; i < graph.lines.size(); ++i) {
        const Line &line = graph.lines[i];
        const QPoint at = graph.legend[i];
        painter.setPen(Qt::NoPen);
        painter.setBrush(line.colour);
        const QRectF mark =
            line.isFilled ? QRectF(at.x(), at.y() + 4, 8, 8) : QRectF(at.x(), at.y() + 7, 8, 2);
        painter.drawRoundedRect(mark, line.isFilled ? 2 : 1, line.isFilled ? 2 : 1);
        const QString name = line.name + QLatin1Char(' ');
        write(at + QPoint(markWidth, 0), theme.textMuted, name);
        write(at + QPoint(markWidth + metrics.horizontalAdvance(name), 0), theme.text, line.value);
    }
    write(graph.legend.back(), theme.textMuted, graph.note);
}

void ResourceGraphs::drawLine(QPainter &painter, const Line &line, const QRect &plot) const
{
    if (line.points.empty() || line.top <= 0)
        return;
    const double low = plot.bottom() + 0.5, high = plot.height() - 3;
    const auto at = [&](const MetricsLog::Point &point) {
        return QPointF(xOf(point.time), low - high * std::clamp(point.value / line.top, 0.0, 1.0));
    };
    const auto draw = [&](const QPolygonF &points) {
        if (points.isEmpty())
            return;
        if (line.isFilled) {
            QPolygonF area = points;
            area << QPointF(points.last().x(), low + 1) << QPointF(points.first().x(), low + 1);
            painter.setPen(Qt::NoPen);
            painter.setBrush(tinted(line.colour, m_theme.theme().dark ? 0.26F : 0.18F));
            painter.drawPolygon(area);
        }
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(line.colour, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPolyline(points);
    };
    QPolygonF part;
    for (const MetricsLog::Point &point : line.points) {
        if (std::isnan(point.value)) {
            draw(part);
            part.clear();
        } else {
            part << at(point);
        }
    }
    draw(part);
}

void ResourceGraphs::drawAxis(QPainter &painter, int top) const
{
    const Theme &theme = m_theme.theme();
    static constexpr std::array<double, 9> steps{60, 120, 300, 900, 1800, 3600, 7200, 14400, 21600};
    const double most = std::max(plotColumn().width() / 56.0, 2.0);
    const auto *const step = std::find_if(steps.begin(), steps.end() - 1,
                                          [&](double each) { return m_span / each <= most; });
    const QDateTime here = QDateTime::fromMSecsSinceEpoch(qint64(m_now * 1000));
    const double shift = here.offsetFromUtc(); // ticks at whole hours of the place
    painter.setFont(theme.caption);
    painter.setPen(theme.textFaint);
    const QFontMetrics metrics(theme.caption);
    const QRect column = plotColumn();
    const double newest = std::floor((m_now + shift) / *step) * *step - shift;
    const int ticks = int(m_span / *step) + 1;
    for (int tick = 0; tick < ticks; ++tick) {
        const double time = newest - tick * *step;
        const QString text = clockOf(time, false);
        const int wide = metrics.horizontalAdvance(text);
        const double x = xOf(time);
        if (x - wide / 2.0 < column.left() || x + wide / 2.0 > column.right() + 1)
            continue;
        if (m_pointer && std::abs(*m_pointer - x) < 1.6 * wide)
            continue; // the pointer's time stands there
        painter.drawLine(QPointF(x, top), QPointF(x, top + 3));
        painter.drawText(QRectF(x - wide / 2.0 - 1, top + 3, wide + 2, axisHeight - 3),
                         Qt::AlignCenter, text);
    }
}

// The values of the time under the mouse stand in the legends.
void ResourceGraphs::drawPointer(QPainter &painter, const std::vector<Graph> &list,
                                 int axisTop) const
{
    const QRect column = plotColumn();
    if (!m_pointer || *m_pointer < column.left() || *m_pointer > column.right())
        return;
    const Theme &theme = m_theme.theme();
    const double x = *m_pointer + 0.5;
    painter.setPen(QPen(theme.textFaint, 1, Qt::DotLine));
    for (const Graph &graph : list)
        painter.drawLine(QPointF(x, graph.plot.top() + 1), QPointF(x, graph.plot.bottom()));
    painter.setFont(theme.caption);
    const QString text = clockOf(timeAt(*m_pointer), m_span <= 3600);
    const int wide = painter.fontMetrics().horizontalAdvance(text) + 10;
    QRectF label(x - wide / 2.0, axisTop + 2, wide, axisHeight - 3);
    label.moveLeft(std::clamp(label.left(), double(column.left()), column.right() + 1.0 - wide));
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.text);
    painter.drawRoundedRect(label, 4, 4);
    painter.setPen(theme.surface);
    painter.drawText(label, Qt::AlignCenter, text);
}

void ResourceGraphs::drawDisk(QPainter &painter, int top) const
{
    const Theme &theme = m_theme.theme();
    const api::Usage &disk = m_monitor.latest()->machine.disk;
    const QRect row(side, top + 8, plotColumn().width(), 18);
    painter.setFont(theme.bodyStrong);
    painter.setPen(theme.text);
    painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, tr("Disk"));
    painter.setFont(theme.caption);
    painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter,
                     shareText(double(disk.used), double(disk.total)));
    const QRectF track(side, row.bottom() + 4, plotColumn().width(), 4);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.pressed);
    painter.drawRoundedRect(track, 2, 2);
    const double part =
        disk.total > 0 ? std::clamp(double(disk.used) / double(disk.total), 0.0, 1.0) : 0;
    QRectF filled = track;
    filled.setWidth(part > 0 ? std::max(4.0, track.width() * part) : 0);
    painter.setBrush(part > 0.9 ? theme.danger : theme.accent);
    painter.drawRoundedRect(filled, 2, 2);
}

} // namespace farcell
