// Unsaved edits survive the death of the program, and nothing else is left behind.
#include "app/recovery/recoveryjournal.h"
#include "core/nbformat/notebookfile.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <array>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <span>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace farcell;

namespace {

// The files of notebooks in a store's folder; not the locks.
QStringList filesIn(const RecoveryStore &store)
{
    return QDir(store.folder()).entryList({QStringLiteral("*.recovery")}, QDir::Files);
}

unsigned modeOf(const QString &path)
{
    struct stat status = {};
    return ::stat(QFile::encodeName(path).constData(), &status) == 0 ? status.st_mode & 0777U : 0U;
}

Output stream(const QString &text)
{
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = QStringLiteral("stdout");
    output.text = text;
    return output;
}

// A document read from a file, and its journal.
struct Notebook
{
    Notebook(const QString &path, const RecoveryStore &store)
        : journal(document, store)
    {
        const LoadedNotebook loaded = readNotebookFile(path).value();
        document.setContent(loaded.content);
        journal.setOrigin(path, loaded.contentHash, QStringLiteral("big"));
        journal.setBase(path, loaded.contentHash);
    }
    void edit(int cell, const QString &text)
    {
        document.editSource(document.cellAt(cell).id, 0, 0, text);
    }

    NotebookDocument document;
    RecoveryJournal journal;
};

// Types a number into one cell and prints a line into another, over and over, and tells each
// number that is safe.
int typeUntilKilled(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    Notebook notebook(QFile::decodeName(argv[2]), RecoveryStore(QFile::decodeName(argv[3])));
    for (int i = 0;; ++i) {
        notebook.edit(0, QString::number(i) + QLatin1Char(' '));
        const CellId other = notebook.document.cellAt(1).id;
        if (i == 0)
            notebook.document.appendOutput(other, stream(QStringLiteral("0\n")));
        else
            notebook.document.appendStreamText(other,
                                               notebook.document.cellAt(1).outputs.size() - 1,
                                               QString::number(i) + QLatin1Char('\n'));
        notebook.journal.flushNow();
        std::printf("%d\n", i);
        std::fflush(stdout);
    }
}

} // namespace

class TestRecovery : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void editIsKeptWithinASecond();
    void savingRemovesTheFile();
    void undoingEverythingRemovesTheFile();
    void discardWhileWriting();
    void closingWithoutDiscardKeepsTheFile();
    void filesOfARunningProgramAreNotOffered();
    void damagedFilesAreNotOffered();
    void oldFormatIsKeptAsNew();
    void onlyChangesAreWritten();
    void everyChangeIsRecovered();
    void changedFileKeepsWhatWasChanged();
    void editsMadeWhileSavingAreKept();
    void outdatedEditsAreThrownOut();
    void longOutputs();
    void tornFilesReadAsAnEarlierState();
    void killedProgram();
    void fullDiskIsToldOnce();

private:
    QString bigFile(int cells) const;
    std::unique_ptr<QTemporaryDir> m_folder;
    RecoveryStore store() const { return RecoveryStore(m_folder->filePath(QStringLiteral("s/r"))); }
};

void TestRecovery::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

// A notebook whose cells have sources, metadata and outputs, with oddities of spelling.
QString TestRecovery::bigFile(int cells) const
{
    QByteArray json = "{ \"cells\": [";
    for (int i = 0; i < cells; ++i) {
        const QByteArray n = QByteArray::number(i);
        json += (i > 0 ? ",\n" : "\n") +
                QByteArray(R"({"id": "c)" + n + R"(", "cell_type":"code","execution_count": )" + n +
                           R"(, "odd": [1.0e0], "metadata": {"k" : 1e2}, "source": "line \u0041 )" +
                           n + R"(", "outputs": [{"name":"stdout","output_type":"stream",)" +
                           R"("text": "out )" + n + R"("}]})");
    }
    json += R"(], "metadata": {"x":1}, "nbformat":4, "nbformat_minor":5})";
    QString path = m_folder->filePath(QStringLiteral("big.ipynb"));
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(json) != json.size())
        qFatal("cannot write the test's notebook");
    return path;
}

void TestRecovery::editIsKeptWithinASecond()
{
    NotebookDocument document;
    RecoveryJournal journal(document, store());
    journal.setOrigin(QStringLiteral("/home/x/a b.ipynb"), QByteArray("\x01\xff"),
                      QStringLiteral("a b"));
    const QSignalSpy written(&journal, &RecoveryJournal::written);
    QVERIFY(filesIn(store()).isEmpty());

    document.editSource(document.cellAt(0).id, 0, 0, QStringLiteral("x = 1"));
    QTRY_COMPARE(written.size(), 1);
    document.appendOutput(document.cellAt(0).id, stream(QStringLiteral("o")));
    QTRY_COMPARE(written.size(), 2);

    const Result<RecoveredNotebook> found = store().read(journal.file());
    QVERIFY(found.has_value());
    QCOMPARE(found->head.originalPath, QStringLiteral("/home/x/a b.ipynb"));
    QCOMPARE(found->head.originalHash, QByteArray("\x01\xff"));
    QCOMPARE(found->head.title, QStringLiteral("a b"));
    QVERIFY(found->head.writtenAt.isValid());
    QCOMPARE(found->content.cells.at(0).source, QStringLiteral("x = 1"));
    QCOMPARE(found->content.cells.at(0).outputs.size(), 1);
    QCOMPARE(modeOf(journal.file()), 0600U);
    QCOMPARE(modeOf(store().folder()), 0700U);
}

void TestRecovery::savingRemovesTheFile()
{
    NotebookDocument document;
    RecoveryJournal journal(document, store());
    document.insertCell(0, CellKind::Markdown);
    journal.flushNow();
    QCOMPARE(filesIn(store()).size(), 1);

    document.markSaved();

    QTRY_VERIFY(filesIn(store()).isEmpty());
    document.insertCell(0, CellKind::Markdown); // and later edits are kept again
    journal.flushNow();
    QCOMPARE(filesIn(store()).size(), 1);
}

void TestRecovery::undoingEverythingRemovesTheFile()
{
    NotebookDocument document;
    RecoveryJournal journal(document, store());
    document.insertCell(0, CellKind::Markdown);
    journal.flushNow();

    document.undo();

    QTRY_VERIFY(filesIn(store()).isEmpty());
}

void TestRecovery::discardWhileWriting()
{
    NotebookDocument document;
    RecoveryJournal journal(document, store());
    const QSignalSpy written(&journal, &RecoveryJournal::written);
    for (int i = 0; i < 2000; ++i)
        document.insertCell(0, CellKind::Code, QString(1000, QLatin1Char('x')));
    journal.flushNow();
    document.insertCell(0, CellKind::Code);

    journal.discard();

    QTRY_VERIFY(filesIn(store()).isEmpty());
    QVERIFY(document.isModified());
}

void TestRecovery::closingWithoutDiscardKeepsTheFile()
{
    {
        NotebookDocument document;
        RecoveryJournal journal(document, store());
        journal.setOrigin(QStringLiteral("/a.ipynb"), {}, QStringLiteral("a"));
        document.editSource(document.cellAt(0).id, 0, 0, QStringLiteral("precious"));
        journal.flushNow();
    }

    const std::vector<RecoverableNotebook> left = store().recoverable();

    QCOMPARE(left.size(), size_t{1});
    QCOMPARE(left[0].head.originalPath, QStringLiteral("/a.ipynb"));
    QCOMPARE(store().read(left[0].file)->content.cells.at(0).source, QStringLiteral("precious"));
    store().remove(left[0].file);
    QVERIFY(store().recoverable().empty());
}

void TestRecovery::filesOfARunningProgramAreNotOffered()
{
    NotebookDocument document;
    RecoveryJournal journal(document, store());
    document.editSource(document.cellAt(0).id, 0, 0, QStringLiteral("x"));
    journal.flushNow();
    QCOMPARE(filesIn(store()).size(), 1);
    QVERIFY(store().recoverable().empty());

    // A program that is killed leaves its lock, too; that one does not count.
    const QString file = store().newFile();
    const pid_t child = ::fork();
    if (child == 0) {
        QLockFile lock(RecoveryStore::lockOf(file));
        lock.setStaleLockTime(0);
        const bool ok = lock.tryLock(0) && store().write(file, {}).has_value();
        ::_exit(ok ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    QCOMPARE(status, 0);
    const std::vector<RecoverableNotebook> left = store().recoverable();
    QCOMPARE(left.size(), size_t{1});
    QCOMPARE(left[0].file, file);
}

void TestRecovery::damagedFilesAreNotOffered()
{
    QVERIFY(QDir().mkpath(store().folder()));
    QFile file(store().newFile());
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("no head\n{}");
    file.close();

    QVERIFY(store().recoverable().empty());
    QVERIFY(!store().read(file.fileName()).has_value());
}

void TestRecovery::oldFormatIsKeptAsNew()
{
    const QByteArray old = R"({"nbformat": 3, "nbformat_minor": 0, "metadata": {},
        "worksheets": [{"cells": [{"cell_type": "markdown", "source": "a"}]}]})";
    NotebookDocument document;
    document.setContent(readNotebook(old).value());
    RecoveryJournal journal(document, store());
    document.editSource(document.cellAt(0).id, 1, 0, QStringLiteral("b"));
    journal.flushNow();

    const Result<RecoveredNotebook> found = store().read(journal.file());

    QVERIFY(found.has_value());
    QCOMPARE(found->content.cells.at(0).source, QStringLiteral("ab"));
    QVERIFY(document.isConvertedFromV3()); // nobody agreed to save it so
}

void TestRecovery::onlyChangesAreWritten()
{
    const QString path = bigFile(20'000);
    Notebook notebook(path, store());
    notebook.edit(7, QStringLiteral("x = 1"));
    const CellId removed = notebook.document.cellAt(3).id;
    notebook.document.removeCells(std::span(&removed, 1));
    notebook.journal.flushNow();
    const qint64 first = QFileInfo(notebook.journal.file()).size();
    notebook.edit(9, QStringLiteral("y = 2"));
    notebook.journal.flushNow();

    QVERIFY(first < QFileInfo(path).size() / 4);
    QVERIFY(QFileInfo(notebook.journal.file()).size() - first < 2000);
    const Result<RecoveredNotebook> found = store().read(notebook.journal.file());
    QVERIFY(found.has_value());
    QCOMPARE(found->missingCells, 0);
    QCOMPARE(writeNotebook(found->content), writeNotebook(notebook.document.content()));
}

// Every kind of change, one after another, each recovered to what saving would have written.
void TestRecovery::everyChangeIsRecovered()
{
    Notebook notebook(bigFile(12), store());
    NotebookDocument &document = notebook.document;
    const auto id = [&document](int index) { return document.cellAt(index).id; };
    const std::vector<std::function<void()>> changes{
        [&] { notebook.edit(0, QString::fromUtf8("größer 漢字 \xF0\x9F\x8E\x88")); },
        [&] { notebook.edit(0, QString(QChar(0xD800))); }, // a lone surrogate
        [&] { document.insertCell(2, CellKind::Markdown, QStringLiteral("# new")); },
        [&] {
            const std::array ids{id(4), id(5)};
            document.removeCells(ids);
        },
        [&] { document.undo(); },
        [&] {
            const std::array ids{id(1)};
            document.moveCells(ids, 8);
        },
        [&] { document.setKind(id(6), CellKind::Raw); },
        [&] {
            document.setCellMetadata(id(5), {{"tags", {"a"}}, {"n", 1.5}});
        },
        [&] {
            document.setMetadata({{"kernelspec", {{"name", "x"}}}});
        },
        [&] { document.startOutputs(id(3)); },
        [&] { document.appendOutput(id(3), stream(QStringLiteral("a\n"))); },
        [&] { document.appendStreamText(id(3), 0, QStringLiteral("b\r")); },
        [&] { document.appendStreamText(id(3), 0, QStringLiteral("c\x1b[1m")); },
        [&] {
            Output picture;
            picture.kind = OutputKind::DisplayData;
            picture.data.set(QStringLiteral("image/png"), JsonText("\"AAAA\""));
            document.appendOutput(id(3), picture);
        },
        [&] { document.replaceOutput(id(3), 1, stream(QStringLiteral("instead"))); },
        [&] { document.setExecutionCount(id(3), 17); },
        [&] { document.appendOutput(id(9), stream(QStringLiteral("behind what the file has"))); },
        [&] { document.truncateOutputs(id(3)); },
        [&] { document.setSource(id(0), {}); },
    };
    for (size_t i = 0; i < changes.size(); ++i) {
        changes[i]();
        notebook.journal.flushNow();
        const Result<RecoveredNotebook> found = store().read(notebook.journal.file());
        QVERIFY2(found.has_value(), qPrintable(QString::number(i)));
        QCOMPARE(found->missingCells, 0);
        QCOMPARE(writeNotebook(found->content), writeNotebook(document.content()));
    }
}

void TestRecovery::changedFileKeepsWhatWasChanged()
{
    const QString path = bigFile(10);
    Notebook notebook(path, store());
    notebook.edit(2, QStringLiteral("mine"));
    notebook.journal.flushNow();

    // Replaced, as programs do that save well: what was there is still linked.
    QVERIFY(QFile::rename(path, path + QStringLiteral(".old")));
    QVERIFY(QFile::copy(QStringLiteral("/dev/null"), path));
    Result<RecoveredNotebook> found = store().read(notebook.journal.file());
    QVERIFY(found.has_value());
    QCOMPARE(found->missingCells, 0);
    QCOMPARE(writeNotebook(found->content), writeNotebook(notebook.document.content()));

    // Overwritten in place: nine cells are nowhere any more, and that is said.
    QFile old(path + QStringLiteral(".old"));
    QVERIFY(old.open(QIODevice::WriteOnly));
    old.write("{}");
    old.close();
    found = store().read(notebook.journal.file());
    QVERIFY(found.has_value());
    QCOMPARE(found->missingCells, 9);
    QCOMPARE(found->content.cells.size(), size_t{1});
    QVERIFY(found->content.cells[0].source.startsWith(QStringLiteral("mine")));
    QVERIFY(!found->content.cells[0].outputs.isEmpty());
    QCOMPARE(found->content.metadata, notebook.document.metadata());

    // Told in time, the journal keeps everything itself.
    notebook.journal.baseChanged();
    notebook.journal.flushNow();
    found = store().read(notebook.journal.file());
    QVERIFY(found.has_value());
    QCOMPARE(found->missingCells, 0);
    QCOMPARE(writeNotebook(found->content), writeNotebook(notebook.document.content()));
}

void TestRecovery::editsMadeWhileSavingAreKept()
{
    const QString path = bigFile(10);
    Notebook notebook(path, store());
    notebook.edit(1, QStringLiteral("saved"));
    notebook.journal.flushNow();

    notebook.journal.saveStarted();
    const QByteArray bytes = writeNotebook(notebook.document.content());
    notebook.edit(2, QStringLiteral("not saved"));
    notebook.document.insertCell(0, CellKind::Code, QStringLiteral("new"));
    const Result<QByteArray> hash = saveNotebookFile(path, bytes);
    QVERIFY(hash.has_value());
    notebook.journal.saveFinished(path, *hash);
    notebook.journal.flushNow();

    const Result<RecoveredNotebook> found = store().read(notebook.journal.file());
    QVERIFY(found.has_value());
    QCOMPARE(found->missingCells, 0);
    QCOMPARE(writeNotebook(found->content), writeNotebook(notebook.document.content()));
    QCOMPARE(QDir(store().folder()).entryList({QStringLiteral("*.base")}).size(), 1);
}

void TestRecovery::outdatedEditsAreThrownOut()
{
    Notebook notebook(bigFile(3), store());
    const QString large(1'000'000, QLatin1Char('x'));
    for (int i = 0; i < 12; ++i) {
        notebook.document.setSource(notebook.document.cellAt(0).id, QString::number(i) + large);
        notebook.journal.flushNow();
    }
    QVERIFY(QFileInfo(notebook.journal.file()).size() < 13'000'000); // 24 MB without
    QCOMPARE(store().read(notebook.journal.file())->content.cells.at(0).source,
             QStringLiteral("11") + large);
}

// Of a flood only what is new is written, in bounded pieces, and all of it is there again.
void TestRecovery::longOutputs()
{
    Notebook notebook(bigFile(3), store());
    const CellId id = notebook.document.cellAt(0).id;
    notebook.document.startOutputs(id);
    notebook.document.appendOutput(id, stream(QStringLiteral("start\n")));
    notebook.journal.flushNow();
    QString line = QStringLiteral("one of the many lines\n");
    for (int i = 0; i < 20; ++i) {
        notebook.document.appendStreamText(id, 0, line.repeated(50'000));
        if (i % 7 == 3)
            notebook.journal.flushNow();
    }
    notebook.edit(1, QStringLiteral("x"));
    notebook.journal.flushNow();
    const qint64 size = QFileInfo(notebook.journal.file()).size();
    QVERIFY(size < 2 * 22 * 1'000'000 + 100'000); // each character once
    QCOMPARE(writeNotebook(store().read(notebook.journal.file())->content),
             writeNotebook(notebook.document.content()));

    notebook.document.startOutputs(id); // and then it is outdated
    notebook.journal.flushNow();
    notebook.edit(1, QStringLiteral("y"));
    notebook.journal.flushNow();
    QVERIFY(QFileInfo(notebook.journal.file()).size() < 1'000'000);
    QCOMPARE(writeNotebook(store().read(notebook.journal.file())->content),
             writeNotebook(notebook.document.content()));
}

// However much of the file is there, it reads as the state after some write.
void TestRecovery::tornFilesReadAsAnEarlierState()
{
    Notebook notebook(bigFile(5), store());
    std::map<qint64, QByteArray> states; // size of the file -> the notebook it then holds
    for (int i = 0; i < 20; ++i) {
        notebook.edit(i % 5, QStringLiteral("edit %1 ").arg(i));
        if (i % 4 == 0)
            notebook.document.insertCell(i % 3, CellKind::Code, QStringLiteral("new %1").arg(i));
        notebook.journal.flushNow();
        states[QFileInfo(notebook.journal.file()).size()] =
            writeNotebook(notebook.document.content());
    }
    QFile file(notebook.journal.file());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray whole = file.readAll();
    const QString torn = store().newFile();
    for (qint64 size = states.begin()->first; size <= whole.size(); size += 37) {
        QFile part(torn);
        QVERIFY(part.open(QIODevice::WriteOnly));
        part.write(whole.first(size));
        if (size % 2 == 0)
            part.write(QByteArray(100, size % 3 == 0 ? '\0' : 'x')); // what a file system may leave
        part.close();
        const Result<RecoveredNotebook> found = store().read(torn);
        QVERIFY2(found.has_value(), qPrintable(QString::number(size)));
        QCOMPARE(writeNotebook(found->content), std::prev(states.upper_bound(size))->second);
    }
}

// A real process, killed at random moments while it types and prints: what it had told to be
// written is there.
void TestRecovery::killedProgram()
{
    std::mt19937 random(7); // NOLINT: the same moments each time
    for (int round = 0; round < 12; ++round) {
        const QString path = bigFile(40);
        QProcess program;
        program.start(QCoreApplication::applicationFilePath(),
                      {QStringLiteral("--type-until-killed"), path, store().folder()});
        QVERIFY(program.waitForStarted());
        int told = -1;
        const int wanted = static_cast<int>(random() % 6);
        while (told < wanted && program.waitForReadyRead(60'000)) {
            while (program.canReadLine())
                told = program.readLine().toInt();
        }
        QVERIFY(told >= wanted);
        QThread::usleep(random() % 3000);
        program.kill();
        program.waitForFinished();
        while (program.canReadLine())
            told = program.readLine().toInt();

        const std::vector<RecoverableNotebook> left = store().recoverable();
        QCOMPARE(left.size(), size_t{1});
        const Result<RecoveredNotebook> found = store().read(left[0].file);
        QVERIFY(found.has_value());
        QCOMPARE(found->missingCells, 0);
        QCOMPARE(found->content.cells.size(), size_t{40});
        const int at = found->content.cells[0].source.section(QLatin1Char(' '), 0, 0).toInt();
        QVERIFY2(at >= told, qPrintable(QStringLiteral("%1 < %2").arg(at).arg(told)));
        // The text and the output of one step were written together.
        const QString printed = found->content.cells[1].outputs.items().back().text;
        QCOMPARE(printed.count(QLatin1Char('\n')), at + 1);
        store().remove(left[0].file);
        QFile::remove(RecoveryStore::lockOf(left[0].file));
    }
}

void TestRecovery::fullDiskIsToldOnce()
{
    QFile blocker(m_folder->filePath(QStringLiteral("s")));
    QVERIFY(blocker.open(QIODevice::WriteOnly)); // a file where the folder should be
    NotebookDocument document;
    RecoveryJournal journal(document, store());
    const QSignalSpy failed(&journal, &RecoveryJournal::failed);

    document.editSource(document.cellAt(0).id, 0, 0, QStringLiteral("x"));
    QTRY_COMPARE(failed.size(), 1);
    QVERIFY(failed.at(0).at(0).toString().startsWith(
        QStringLiteral("Unsaved edits cannot be kept safe in ")));
}

int main(int argc, char **argv)
{
    if (argc == 4 && std::strcmp(argv[1], "--type-until-killed") == 0)
        return typeUntilKilled(argc, argv);
    QCoreApplication application(argc, argv);
    TestRecovery test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_recovery.moc"
