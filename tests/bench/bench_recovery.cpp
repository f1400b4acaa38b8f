// How long an edit takes to be safe in the recovery file, and how long it holds up the thread of
// the document, for a small notebook, one of 100 MB and one of 65,000 cells.
#include "app/recovery/recoveryjournal.h"
#include "core/nbformat/notebookfile.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>

using namespace farcell;

namespace {

QString makeFile(const QString &path, int cells, int outputBytes)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        qFatal("cannot write %s", qPrintable(path));
    file.write("{\"cells\": [");
    const QByteArray output(outputBytes, 'x');
    const QByteArray start = R"-({"cell_type":"code","execution_count":1,"metadata":{},)-"
                             R"-("outputs":[{"name":"stdout","output_type":"stream","text":")-";
    for (int i = 0; i < cells; ++i)
        file.write((i > 0 ? "," : "") + start + output + R"-("}],"source":"print()"})-");
    file.write(R"(],"metadata":{},"nbformat":4,"nbformat_minor":4})");
    return path;
}

void measure(const char *name, const QString &path, const RecoveryStore &store)
{
    const LoadedNotebook loaded = readNotebookFile(path).value();
    NotebookDocument document;
    document.setContent(loaded.content);
    RecoveryJournal journal(document, store);
    journal.setOrigin(path, loaded.contentHash, QString());
    journal.setBase(path, loaded.contentHash);
    qint64 slowest = 0;
    double held = 0;
    for (int i = 0; i < 8; ++i) {
        QEventLoop loop;
        QObject::connect(&journal, &RecoveryJournal::written, &loop, &QEventLoop::quit);
        QElapsedTimer timer;
        timer.start();
        document.editSource(document.cellAt(i).id, 0, 0, QStringLiteral("x"));
        if (i == 4)
            document.insertCell(0, CellKind::Code);
        loop.exec();
        slowest = std::max(slowest, timer.elapsed());
        QElapsedTimer turn;
        turn.start();
        document.editSource(document.cellAt(i).id, 0, 1, QString());
        journal.flushNow();
        held = std::max(held, static_cast<double>(turn.nsecsElapsed()) / 1e6);
    }
    std::printf("%-14s %7.1f MB  edit to safe %4lld ms (slowest of 8)   written while waiting "
                "%6.1f ms   file %6.1f kB\n",
                name, static_cast<double>(QFileInfo(path).size()) / 1e6,
                static_cast<long long>(slowest), held,
                static_cast<double>(QFileInfo(journal.file()).size()) / 1e3);
    journal.discard();
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const QTemporaryDir folder;
    const RecoveryStore store(folder.filePath(QStringLiteral("recovery")));
    measure("small", makeFile(folder.filePath(QStringLiteral("s.ipynb")), 20, 1000), store);
    measure("100 MB", makeFile(folder.filePath(QStringLiteral("l.ipynb")), 1000, 100'000), store);
    measure("65,000 cells", makeFile(folder.filePath(QStringLiteral("m.ipynb")), 65'000, 100),
            store);
    return 0;
}
