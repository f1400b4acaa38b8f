// Draws the text cells and outputs of notebooks into PNG files, to look at:
//   rendergallery OUT.png [--dark] [--width N] [--cells A-B] [--scale S] NOTEBOOK
// For work on rendering; no test.
#include "app/blocks/block.h"
#include "app/outputs/outputarea.h"
#include "app/theme/theme.h"
#include "core/nbformat/notebookfile.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QPainter>
#include <QTextStream>

using namespace farcell;

namespace {

struct Row
{
    std::unique_ptr<Block> block;
    qreal height = 0;
};

void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds)
        QCoreApplication::processEvents(QEventLoop::AllEvents, 50);
}

std::vector<Row> makeRows(const NotebookContent &notebook, RenderService &service,
                          const QString &folder, int first, int last)
{
    std::vector<Row> rows;
    for (int i = first; i < static_cast<int>(notebook.cells.size()) && i <= last; ++i) {
        const Cell &cell = notebook.cells[static_cast<size_t>(i)];
        if (cell.kind == CellKind::Markdown) {
            rows.push_back({service.markdown(cell.source, cell.attachments, folder)});
        } else if (!cell.outputs.isEmpty()) {
            auto area = service.outputs(folder);
            area->setOutputs(cell.outputs.items());
            rows.push_back({std::move(area)});
        }
    }
    return rows;
}

qreal layOut(std::vector<Row> &rows, qreal width)
{
    qreal total = 24;
    for (Row &row : rows) {
        row.height = row.block->layout(width);
        total += row.height + 24;
    }
    return total;
}

} // namespace

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    QCommandLineParser parser;
    parser.addOptions({{QStringLiteral("dark"), QStringLiteral("dark theme")},
                       {QStringLiteral("width"), QStringLiteral("pixels"), QStringLiteral("n"),
                        QStringLiteral("860")},
                       {QStringLiteral("scale"), QStringLiteral("pixel ratio"), QStringLiteral("s"),
                        QStringLiteral("1")},
                       {QStringLiteral("wait"), QStringLiteral("ms"), QStringLiteral("n"),
                        QStringLiteral("4000")},
                       {QStringLiteral("cells"), QStringLiteral("A-B"), QStringLiteral("range"),
                        QStringLiteral("0-100000")}});
    parser.addPositionalArgument(QStringLiteral("out"), {});
    parser.addPositionalArgument(QStringLiteral("notebook"), {});
    parser.process(app);
    const QStringList names = parser.positionalArguments();
    if (names.size() != 2)
        return 2;
    ThemeSource theme;
    theme.setChoice(parser.isSet(QStringLiteral("dark")) ? ThemeSource::Choice::Dark
                                                         : ThemeSource::Choice::Light);
    RenderService service(theme);
    const auto notebook = readNotebookFile(names[1]);
    if (!notebook) {
        QTextStream(stderr) << notebook.error().message << '\n';
        return 1;
    }
    const QString range = parser.value(QStringLiteral("cells"));
    std::vector<Row> rows = makeRows(notebook->content, service, QFileInfo(names[1]).absolutePath(),
                                     range.section(QLatin1Char('-'), 0, 0).toInt(),
                                     range.section(QLatin1Char('-'), 1, 1).toInt());
    const qreal width = parser.value(QStringLiteral("width")).toDouble();
    const qreal ratio = parser.value(QStringLiteral("scale")).toDouble();
    QImage image;
    for (int pass = 0; pass < 2; ++pass) { // the second has the formulas and images
        const qreal height = std::min(16'000.0 / ratio, layOut(rows, width));
        image = QImage((QSizeF(width + 48, height) * ratio).toSize(), QImage::Format_RGB32);
        image.setDevicePixelRatio(ratio);
        image.fill(theme.theme().surface);
        QPainter painter(&image);
        qreal top = 24;
        for (Row &row : rows) {
            painter.save();
            painter.translate(24, top);
            row.block->paint(painter, QRectF(0, 0, width, row.height));
            painter.restore();
            top += row.height + 24;
        }
        painter.end();
        if (pass == 0)
            settle(parser.value(QStringLiteral("wait")).toInt());
    }
    rows.clear();
    return image.save(names[0]) ? 0 : 1;
}
