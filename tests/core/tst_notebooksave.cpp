#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"
#include "tests/core/notebookbytes.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/file.h>
#include <sys/stat.h>

using namespace farcell;
using test::notebookWith;

namespace {

QByteArray readFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool writeFile(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size();
}

} // namespace

// A notebook on disk: how it is replaced, and when not.
class TestNotebookSave : public QObject
{
    Q_OBJECT

private slots:
    void saveKeepsModeAndFollowsLinks();
    void saveRemovesWhatAKilledOneLeft();
    void saveRefusesWhenTheFileChanged();
    void saveIntoAFolderThatIsNotThere();
    void errorsNameTheFile();
};

void TestNotebookSave::saveKeepsModeAndFollowsLinks()
{
    const QTemporaryDir folder;
    const QString target = folder.filePath(QStringLiteral("real.ipynb"));
    const QString link = folder.filePath(QStringLiteral("link.ipynb"));
    QVERIFY(writeFile(target, notebookWith("[]")));
    QVERIFY(QFile::setPermissions(target, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup));
    QVERIFY(QFile::link(target, link));
    const Result<LoadedNotebook> loaded = readNotebookFile(link);
    QVERIFY(loaded.has_value());

    const QByteArray bytes = notebookWith("\"new\"");
    const auto saved = saveNotebookFile(link, bytes, loaded->contentHash);

    QVERIFY(saved.has_value());
    QCOMPARE(*saved, notebookHash(bytes));
    QCOMPARE(readFile(target), bytes);
    QVERIFY(QFileInfo(link).isSymLink());
    struct stat status = {};
    QCOMPARE(::stat(QFile::encodeName(target).constData(), &status), 0);
    QCOMPARE(status.st_mode & 07777U, 0640U);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden).size(), 2); // no left-overs
}

void TestNotebookSave::saveRemovesWhatAKilledOneLeft()
{
    const QTemporaryDir folder;
    const auto put = [&folder](const char *name, int secondsOld) {
        QFile file(folder.filePath(QString::fromLatin1(name)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("part");
        file.flush();
        QVERIFY(file.setFileTime(QDateTime::currentDateTimeUtc().addSecs(-secondsOld),
                                 QFileDevice::FileModificationTime));
    };
    put(".~a.ipynb.AbCdEf", 3600);
    put(".~a.ipynb.locked", 3600); // another program is writing it
    put(".~a.ipynb.newone", 0);
    put(".~b.ipynb.AbCdEf", 3600); // of another notebook
    put(".~a.ipynb.backup1", 3600);
    QFile locked(folder.filePath(QStringLiteral(".~a.ipynb.locked")));
    QVERIFY(locked.open(QIODevice::ReadOnly));
    QCOMPARE(::flock(locked.handle(), LOCK_EX | LOCK_NB), 0);

    QVERIFY(saveNotebookFile(folder.filePath(QStringLiteral("a.ipynb")), "{}").has_value());

    QStringList left = QDir(folder.path()).entryList(QDir::Files | QDir::Hidden, QDir::Name);
    left.sort();
    QCOMPARE(left,
             (QStringList{QStringLiteral(".~a.ipynb.backup1"), QStringLiteral(".~a.ipynb.locked"),
                          QStringLiteral(".~a.ipynb.newone"), QStringLiteral(".~b.ipynb.AbCdEf"),
                          QStringLiteral("a.ipynb")}));
}

void TestNotebookSave::saveRefusesWhenTheFileChanged()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("a.ipynb"));
    QVERIFY(writeFile(path, notebookWith("[]")));
    const QByteArray hash = readNotebookFile(path)->contentHash;
    const QByteArray theirs = notebookWith("\"theirs\"");
    QVERIFY(writeFile(path, theirs));

    const auto saved = saveNotebookFile(path, notebookWith("\"ours\""), hash);

    QVERIFY(!saved.has_value());
    QVERIFY(saved.error().code == ErrorCode::Exists);
    QCOMPARE(readFile(path), theirs);
    QVERIFY(saveNotebookFile(path, notebookWith("\"ours\""), notebookHash(theirs)).has_value());
    QVERIFY(QFile::remove(path)); // deleted elsewhere: saving brings it back
    QVERIFY(saveNotebookFile(path, notebookWith("\"ours\""), hash).has_value());
}

void TestNotebookSave::saveIntoAFolderThatIsNotThere()
{
    const QTemporaryDir folder;

    const auto saved = saveNotebookFile(folder.filePath(QStringLiteral("no/a.ipynb")), "{}");

    QVERIFY(!saved.has_value());
    QVERIFY(!saved.error().message.isEmpty());
}

void TestNotebookSave::errorsNameTheFile()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("broken.ipynb"));
    QVERIFY(writeFile(path, "{\n \"cells\": [,]\n}\n"));

    const Result<LoadedNotebook> loaded = readNotebookFile(path);

    QVERIFY(!loaded.has_value());
    QCOMPARE(loaded.error().message, path + QStringLiteral(":2:12: A value is missing here"));
    QVERIFY(readNotebookFile(folder.filePath(QStringLiteral("none"))).error().code ==
            ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(TestNotebookSave)
#include "tst_notebooksave.moc"
