// Opens and scrolls a notebook of 10,000 cells, and 300 cells the naive way (one editor widget per
// cell in a scroll area) beside 300 in our list. Prints one line per figure; software rendering.
// "cpu" is the GUI thread's own time: it says what the code costs also on a busy machine.
#include "app/celllist/celllistview.h"
#include "app/outputs/outputarea.h"
#include "app/theme/theme.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <Qsci/qscilexerpython.h>
#include <Qsci/qsciscintilla.h>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <unistd.h>
#include <vector>

using namespace farcell;

namespace {

constexpr int bigCount = 10000;
constexpr int smallCount = 300;
constexpr int wheelNotch = 60;
constexpr int frames = 400;

double rssMiB()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QList<QByteArray> fields = file.readAll().split(' ');
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    return fields.value(1).toDouble() * page / (1024 * 1024);
}

QString sourceOf(int i)
{
    QString source = QStringLiteral("# cell %1\nimport numpy as np\n").arg(i);
    for (int line = 0; line < i % 18; ++line)
        source += QStringLiteral("value_%1 = np.sin(%1) + len(\"text %2\")\n").arg(line).arg(i);
    return source;
}

NotebookContent notebook(int count)
{
    NotebookContent content;
    content.metadata = JsonText(QByteArray("{}"));
    for (int i = 0; i < count; ++i) {
        Cell cell;
        cell.id = CellId(QStringLiteral("c%1").arg(i));
        cell.metadata = JsonText(QByteArray("{}"));
        cell.source = sourceOf(i);
        if (i % 5 == 4) {
            cell.kind = CellKind::Markdown;
            cell.source = QStringLiteral("## Section %1\n\nSome *text* with `code`, a list:\n\n"
                                         "- one\n- two\n")
                              .arg(i);
        } else if (i % 3 == 0) {
            Output output;
            output.kind = OutputKind::Stream;
            output.streamName = QStringLiteral("stdout");
            output.text = QStringLiteral("epoch %1: loss 0.123\n").arg(i).repeated(i % 12 + 1);
            cell.outputs = OutputList({output});
        }
        content.cells.push_back(std::move(cell));
    }
    return content;
}

double threadCpuMs()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double at(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    return values.empty()
               ? 0
               : values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

struct Times
{
    std::vector<double> ms, cpuMs;
    void print(const char *what) const
    {
        std::printf("%s: p50 %.2f ms  p99 %.2f ms  (cpu p50 %.2f  p99 %.2f)\n", what, at(ms, 0.5),
                    at(ms, 0.99), at(cpuMs, 0.5), at(cpuMs, 0.99));
    }
};

// One wheel notch and the paint it causes.
void scroll(QAbstractScrollArea &area, Times &times)
{
    QScrollBar *bar = area.verticalScrollBar();
    for (int i = 0; i < frames; ++i) {
        QElapsedTimer timer;
        timer.start();
        const double cpu = threadCpuMs();
        bar->setValue(bar->value() + wheelNotch);
        QApplication::processEvents();
        times.cpuMs.push_back(threadCpuMs() - cpu);
        times.ms.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
}

struct Window
{
    Window(ThemeSource &theme, RenderService &render, int count)
        : folds(document)
    {
        document.setContent(notebook(count));
        timer.start(); // the file is read; from here on it is the list's work
        view = std::make_unique<CellListView>(document, folds, theme, render);
        view->resize(1000, 900);
        view->show();
        QApplication::processEvents();
        openMs = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    }

    NotebookDocument document;
    SectionFolds folds;
    QElapsedTimer timer;
    std::unique_ptr<CellListView> view;
    double openMs = 0;
};

double openNaive(QScrollArea &area)
{
    QElapsedTimer timer;
    timer.start();
    auto *page = new QWidget;
    auto *layout = new QVBoxLayout(page);
    for (int i = 0; i < smallCount; ++i) {
        auto *editor = new QsciScintilla(page);
        editor->setLexer(new QsciLexerPython(editor));
        editor->setText(sourceOf(i));
        editor->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        editor->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        editor->setFixedHeight(editor->lines() * editor->textHeight(0) + 4);
        layout->addWidget(editor);
    }
    area.setWidgetResizable(true);
    area.setWidget(page);
    area.resize(1000, 900);
    area.show();
    QApplication::processEvents();
    return static_cast<double>(timer.nsecsElapsed()) / 1e6;
}

void benchBig(ThemeSource &theme, RenderService &render, double emptyMiB)
{
    Window big(theme, render, bigCount);
    std::printf("open 10,000 cells to first paint: %.0f ms (goal < 1000)\n", big.openMs);
    std::printf("memory over an empty window, opened: %.1f MiB\n", rssMiB() - emptyMiB);
    Times cold;
    scroll(*big.view, cold);
    cold.print("scroll frame, first time (goal p99 < 16)");
    QScrollBar *bar = big.view->verticalScrollBar();
    for (int page = 0; page <= 500; ++page) { // everywhere once
        bar->setValue(static_cast<int>(static_cast<qint64>(bar->maximum()) * page / 500));
        QApplication::processEvents();
        big.view->finishLayout();
    }
    std::printf("memory over an empty window, all of it visited: %.1f MiB (goal < 100)\n",
                rssMiB() - emptyMiB);
    std::printf("editor widgets made: %d\n", big.view->editorCount());
    bar->setValue(0);
    QApplication::processEvents();
    Times warm;
    scroll(*big.view, warm);
    warm.print("scroll frame, again");
}

void benchNaive(ThemeSource &theme, RenderService &render)
{
    const double before = rssMiB();
    double openMs = 0;
    double usedMiB = 0;
    Times times;
    {
        QScrollArea area;
        openMs = openNaive(area);
        usedMiB = rssMiB() - before;
        scroll(area, times);
    }
    Window ours(theme, render, smallCount);
    Times our;
    scroll(*ours.view, our);
    std::printf("300 cells, one editor each: open %.0f ms, +%.1f MiB\n", openMs, usedMiB);
    times.print("  its scroll frame");
    std::printf("300 cells, this list: open %.0f ms\n", ours.openMs);
    our.print("  its scroll frame");
    std::printf("ratio, opening: %.1f times faster\n", openMs / std::max(0.1, ours.openMs));
}

} // namespace

int main(int argc, char **argv)
{
    const QApplication app(argc, argv);
    ThemeSource theme;
    RenderService render(theme);
    double emptyMiB = 0;
    {
        const Window empty(theme, render, 1); // fonts, lexers, style: paid once
        emptyMiB = rssMiB();
    }
    std::printf("empty window: %.1f MiB\n", emptyMiB);
    benchBig(theme, render, emptyMiB);
    benchNaive(theme, render);
    return 0;
}
