// Times loading and saving of notebooks; driven by notebookio.py, which times Python beside it.
//   bench_notebookio load|save|serialize [--repeat N] [--out FOLDER] FILE…
// Prints one JSON object. "save" edits the first cell and writes in the file's style; "serialize"
// writes everything anew as nbformat does. Times are without reading from or writing to the disk,
// except that "load" reads the file, as nbformat.read does.
#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"

#include <QFile>
#include <QFileInfo>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>

using namespace farcell;

namespace {

using Clock = std::chrono::steady_clock;

struct Options
{
    std::string_view operation;
    int repeat = 1;
    QString outFolder;
    QStringList files;
};

struct Totals
{
    double seconds = 0;
    qint64 bytes = 0;
    int files = 0;
    int refused = 0;
};

Options parseOptions(int argc, char **argv)
{
    Options options;
    options.operation = argc > 1 ? argv[1] : "";
    for (int i = 2; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--repeat" && i + 1 < argc)
            options.repeat = std::atoi(argv[++i]);
        else if (argument == "--out" && i + 1 < argc)
            options.outFolder = QFile::decodeName(argv[++i]);
        else
            options.files.append(QFile::decodeName(argv[i]));
    }
    return options;
}

// The best of several runs: what the code takes when nothing else gets in its way.
double secondsOf(int repeat, const std::function<void()> &work)
{
    double best = 1e9;
    for (int i = 0; i < repeat; ++i) {
        const auto start = Clock::now();
        work();
        best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
}

long peakKib()
{
    QFile status(QStringLiteral("/proc/self/status"));
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray &line : status.readAll().split('\n')) {
        if (line.startsWith("VmHWM:"))
            return line.simplified().split(' ').value(1).toLong();
    }
    return 0;
}

void measure(const Options &options, const QString &path, Totals &totals)
{
    Result<LoadedNotebook> loaded = fail(ErrorCode::Internal, {});
    const double load = secondsOf(options.operation == "load" ? options.repeat : 1,
                                  [&] { loaded = readNotebookFile(path); });
    if (!loaded) {
        ++totals.refused;
        return;
    }
    NotebookContent content = std::move(loaded->content);
    upgradeToV4(content);
    QByteArray out;
    double seconds = load;
    if (options.operation == "save") {
        NotebookDocument document;
        document.setContent(std::move(content));
        if (document.cellCount() > 0)
            document.editSource(document.cellAt(0).id, 0, 0, QStringLiteral("# edited\n"));
        seconds = secondsOf(options.repeat, [&] { out = writeNotebook(document.content()); });
    } else if (options.operation == "serialize") {
        seconds = secondsOf(options.repeat, [&] { out = serializeNotebook(content); });
    }
    totals.seconds += seconds;
    totals.bytes += QFileInfo(path).size();
    ++totals.files;
    if (!options.outFolder.isEmpty() && !out.isNull()) {
        QFile file(options.outFolder + QStringLiteral("/%1.ipynb").arg(totals.files));
        if (file.open(QIODevice::WriteOnly))
            file.write(out);
    }
}

} // namespace

int main(int argc, char **argv)
{
    const Options options = parseOptions(argc, argv);
    if (options.operation != "load" && options.operation != "save" &&
        options.operation != "serialize") {
        std::fputs(
            "usage: bench_notebookio load|save|serialize [--repeat N] [--out FOLDER] FILE…\n",
            stderr);
        return 2;
    }
    Totals totals;
    for (const QString &file : options.files)
        measure(options, file, totals);
    std::printf(R"({"seconds": %.6f, "bytes": %lld, "files": %d, "refused": %d, )"
                "\"peak_kib\": %ld}\n",
                totals.seconds, static_cast<long long>(totals.bytes), totals.files, totals.refused,
                peakKib());
    return 0;
}
