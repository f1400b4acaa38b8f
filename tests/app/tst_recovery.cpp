// Unsaved edits survive the death of the program, and nothing else is left behind.
#include "app/recovery/recoveryjournal.h"
#include "core/nbformat/notebookfile.h"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

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
    void fullDiskIsToldOnce();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    RecoveryStore store() const { return RecoveryStore(m_folder->filePath(QStringLiteral("s/r"))); }
};

void TestRecovery::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
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
    document.appendOutput(
        document.cellAt(0).id,
        Output{OutputKind::Stream, {}, QStringLiteral("o"), {}, {}, {}, {}, {}, {}, {}, {}});
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
        const bool ok = lock.tryLock(0) && store().write(file, {}, document.content()).has_value();
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

QTEST_GUILESS_MAIN(TestRecovery)
#include "tst_recovery.moc"
