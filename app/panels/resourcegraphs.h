#pragma once

#include "app/panels/metricslog.h"
#include "core/base/ids.h"

#include <QColor>
#include <QWidget>

#include <optional>
#include <vector>

class QPainter;

namespace farcell {

class CellBands;
class ResourceMonitor;
class ThemeSource;
struct CellBand;
struct Theme;

// Lines of what the machine does over one time axis: memory and load of each GPU, of the machine,
// and its disk; the runs of the notebook's cells stand behind them. The mouse reads values off and
// goes to a cell. Draws at most a point for each pixel, and nothing while out of sight. GUI thread.
class ResourceGraphs : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ResourceGraphs)

public:
    ResourceGraphs(ResourceMonitor &monitor, CellBands &bands, ThemeSource &theme,
                   QWidget *parent = nullptr);

    void setSpan(double seconds); // from now back
    [[nodiscard]] double span() const { return m_span; }

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void cellClicked(const farcell::CellId &cell);

protected:
    void paintEvent(QPaintEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    bool event(QEvent *event) override;

private:
    static constexpr int side = 12;
    static constexpr int bandStrip = 18; // of the cells' numbers, above all plots
    static constexpr int legendHeight = 16;
    static constexpr int legendGap = 14;
    static constexpr int markWidth = 14; // the colour before a line's name
    static constexpr int axisHeight = 18;

    struct Line
    {
        QString name, value;
        QColor colour;
        bool isFilled = false;
        double top = 0; // the value at the upper edge
        std::vector<MetricsLog::Point> points;
    };
    struct Graph
    {
        QString title, note;
        std::vector<Line> lines;
        QRect head, plot;
        std::vector<QPoint> legend; // where each line's words begin, and last the note's
    };

    void refresh();
    [[nodiscard]] std::vector<Graph> graphs(bool withPoints) const;
    void addGpus(std::vector<Graph> &list, bool withPoints) const;
    void addMachine(std::vector<Graph> &list, bool withPoints) const;
    int place(std::vector<Graph> &list) const; // returns the height of all
    [[nodiscard]] QRect plotColumn() const;    // left and right edge of all plots
    [[nodiscard]] double xOf(double time) const;
    [[nodiscard]] double timeAt(int x) const;
    [[nodiscard]] std::vector<CellBand> bandsInSight() const;
    [[nodiscard]] const CellBand *bandAt(const std::vector<CellBand> &bands, int x) const;
    void drawBands(QPainter &painter, const std::vector<CellBand> &bands) const;
    void drawGraph(QPainter &painter, const Graph &graph, const std::vector<CellBand> &bands) const;
    void drawLegend(QPainter &painter, const Graph &graph) const;
    void drawLine(QPainter &painter, const Line &line, const QRect &plot) const;
    void drawAxis(QPainter &painter, int top) const;
    void drawPointer(QPainter &painter, const std::vector<Graph> &list, int axisTop) const;
    void drawDisk(QPainter &painter, int top) const;
    [[nodiscard]] QString tipOf(const CellBand &band) const;
    [[nodiscard]] QColor bandColour(const CellBand &band) const;

    ResourceMonitor &m_monitor;
    CellBands &m_bands;
    ThemeSource &m_theme;
    double m_span = 300;          // s
    double m_now = 0;             // right edge, Unix s
    std::optional<int> m_pointer; // x of the mouse
    int m_height = 0;
};

} // namespace farcell
