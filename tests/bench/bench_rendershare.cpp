// How much of real notebooks the app draws without a browser: over the corpus, the share of
// notebooks with outputs whose every output renders without a fallback, and what laying out costs.
//   bench_rendershare [FOLDER]     (default: the corpus beside the source tree)
#include "app/blocks/block.h"
#include "app/outputs/mimechoice.h"
#include "app/outputs/outputarea.h"
#include "app/theme/theme.h"
#include "core/nbformat/notebookfile.h"
#include "tests/support/corpus.h"

#include <QApplication>
#include <QTextStream>

#include <algorithm>
#include <ctime>

using namespace farcell;

namespace {

struct Totals
{
    int notebooks = 0, complete = 0, strict = 0, unreadable = 0;
    int outputs = 0, fallbacks = 0, cells = 0;
    qint64 bytes = 0;
    qint64 nanoseconds = 0;
    qint64 worst = 0;
    QString worstFile;
};

// Time of this thread on a processor: the figure does not depend on what else runs.
qint64 cpuNanoseconds()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return qint64(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

void measure(const QString &path, RenderService &service, Totals &totals)
{
    const auto notebook = readNotebookFile(path);
    if (!notebook) {
        ++totals.unreadable;
        return;
    }
    int outputs = 0;
    int fallbacks = 0;
    int progress = 0;
    const qint64 start = cpuNanoseconds();
    for (const Cell &cell : notebook->content.cells) {
        if (cell.kind == CellKind::Markdown) {
            service.markdown(cell.source, cell.attachments, {})->layout(860);
            totals.bytes += cell.source.size();
        } else if (!cell.outputs.isEmpty()) {
            const auto area = service.outputs({});
            area->setOutputs(cell.outputs.items());
            area->layout(860);
            outputs += cell.outputs.size();
            fallbacks += area->fallbackCount();
            for (const Output &output : cell.outputs.items())
                progress += chooseMime(output.data).savedProgress ? 1 : 0;
            totals.bytes += cell.outputs.byteSize();
        }
        ++totals.cells;
    }
    const qint64 spent = cpuNanoseconds() - start;
    totals.nanoseconds += spent;
    if (spent > totals.worst) {
        totals.worst = spent;
        totals.worstFile = path;
    }
    totals.outputs += outputs;
    totals.fallbacks += fallbacks;
    if (outputs > 0) {
        ++totals.notebooks;
        totals.complete += fallbacks == 0 ? 1 : 0;
        totals.strict += fallbacks + progress == 0 ? 1 : 0;
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication app(argc, argv);
    QTextStream out(stdout);
    const QString root = testing::corpusRoot();
    const QStringList files =
        testing::corpusFiles(argc > 1 ? QString::fromLocal8Bit(argv[1]) : QStringLiteral("corpus"));
    if (files.isEmpty()) {
        out << "no corpus found; set FARCELL_CORPUS_ROOT\n";
        return 1;
    }
    ThemeSource theme;
    RenderService service(theme);
    Totals totals;
    for (const QString &file : files)
        measure(root + QLatin1Char('/') + file, service, totals);
    const double milliseconds = static_cast<double>(totals.nanoseconds) / 1e6;
    const double megabytes = static_cast<double>(totals.bytes) / 1e6;
    out << "notebooks with outputs:      " << totals.notebooks << '\n'
        << "all outputs without fallback: " << totals.complete << " = "
        << QString::number(100.0 * totals.complete / std::max(1, totals.notebooks), 'f', 1)
        << " % (goal 72 %)\n"
        << "  of these with no progress widget shown as its saved text: " << totals.strict << " = "
        << QString::number(100.0 * totals.strict / std::max(1, totals.notebooks), 'f', 1) << " %\n"
        << "outputs: " << totals.outputs << ", shown as a fallback: " << totals.fallbacks << '\n'
        << "layout: CPU " << QString::number(milliseconds, 'f', 0) << " ms for "
        << QString::number(megabytes, 'f', 1) << " MB in " << totals.cells << " cells, "
        << QString::number(milliseconds / std::max(0.001, megabytes), 'f', 1) << " ms per MB\n"
        << "slowest notebook: " << QString::number(static_cast<double>(totals.worst) / 1e6, 'f', 0)
        << " ms " << totals.worstFile.section(QLatin1Char('/'), -2) << '\n';
    if (totals.unreadable > 0)
        out << "not readable: " << totals.unreadable << '\n';
    return 0;
}
