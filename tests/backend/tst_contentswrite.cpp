#include "backend/contents/notebookjson.h"
#include "tests/backend/contentsfixture.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace farcell;
using nlohmann::json;

// What changes files through the contents service: saving, uploads, names, checkpoints.
class TestContentsWrite : public QObject, protected test::ContentsFixture
{
    Q_OBJECT

private slots:
    void init() { makeFolder(); }
    void notebookIsWrittenAsNbformatWould();
    void numbers_data();
    void numbers();
    void saving_data();
    void saving();
    void saveKeepsModeAndLeavesNothingBehind();
    void uploadInPieces();
    void untitledNames();
    void copies();
    void renaming();
    void removing();
    void checkpoints();
};

void TestContentsWrite::notebookIsWrittenAsNbformatWould()
{
    const json notebook = {
        {"nbformat", 4},
        {"nbformat_minor", 5},
        {"metadata", {{"orig_nbformat", 4}, {"b", 1}, {"a", json::array()}}},
        {"cells",
         {{{"id", "x"},
           {"cell_type", "code"},
           {"execution_count", nullptr},
           {"metadata", {{"trusted", true}}},
           {"source", ""},
           {"outputs",
            {{{"output_type", "stream"},
              {"name", "stdout"},
              {"text", "é\r\na\x0c"
                       "b"}},
             {{"output_type", "display_data"},
              {"metadata", json::object()},
              {"data", {{"image/png", "iVBO\nRw==\n"}, {"text/plain", "1"}}}}}}}}}};

    QVERIFY(m_contents->save(QStringLiteral("n.ipynb"), put("notebook", "json", notebook)));

    QCOMPARE(read(QStringLiteral("n.ipynb")), QByteArray(R"({
 "cells": [
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "x",
   "metadata": {},
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "é\r\n",
      "a\f",
      "b"
     ]
    },
    {
     "data": {
      "image/png": "iVBO\nRw==\n",
      "text/plain": [
       "1"
      ]
     },
     "metadata": {},
     "output_type": "display_data"
    }
   ],
   "source": []
  }
 ],
 "metadata": {
  "a": [],
  "b": 1
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
)"));
}

void TestContentsWrite::numbers_data()
{
    QTest::addColumn<QByteArray>("given");
    QTest::addColumn<QByteArray>("written"); // as Python's json would

    for (const auto &[given, written] :
         std::initializer_list<std::pair<const char *, const char *>>{
             {"1", "1"},
             {"-1", "-1"},
             {"1.0", "1.0"},
             {"1.50", "1.5"},
             {"1e3", "1000.0"},
             {"1E16", "1e+16"},
             {"1e-5", "1e-05"},
             {"0.0001", "0.0001"},
             {"123456789012345678901234567890", "123456789012345678901234567890"},
             {"18446744073709551615", "18446744073709551615"},
             {"-0.0", "-0.0"},
             {"1e22", "1e+22"},
             {"123456789012345.67", "123456789012345.67"},
             {"5e-324", "5e-324"},
             {"0.1", "0.1"}})
        QTest::newRow(given) << QByteArray(given) << QByteArray(written);
}

void TestContentsWrite::numbers()
{
    QFETCH(QByteArray, given);
    QFETCH(QByteArray, written);

    const QByteArray text = "[" + given + "]";
    const auto value = contents::parseJson(text.toStdString());

    QVERIFY(value);
    QCOMPARE(contents::encodeJson(*value), text); // the wire: untouched
    QCOMPARE(contents::encodeNotebook(*value), QByteArray("[\n " + written + "\n]\n"));
}

void TestContentsWrite::saving_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("outcome"); // created, saved, or the error's code

    const auto newFile = QStringLiteral("new.txt");
    const json empty = {{"cells", json::array()},
                        {"metadata", json::object()},
                        {"nbformat", 4},
                        {"nbformat_minor", 5}};
    QTest::newRow("new text") << newFile << put("file", "text", "x") << QStringLiteral("created");
    QTest::newRow("existing text")
        << QStringLiteral("a.txt") << put("file", "text", "x") << QStringLiteral("saved");
    QTest::newRow("base64 with line breaks")
        << newFile << put("file", "base64", "YW\nJj\r\n") << QStringLiteral("created");
    QTest::newRow("bad base64") << newFile << put("file", "base64", "!!")
                                << QStringLiteral("invalid");
    QTest::newRow("folder") << QStringLiteral("d") << put("directory", "json", nullptr)
                            << QStringLiteral("created");
    QTest::newRow("existing folder")
        << QStringLiteral("sub") << put("directory", "json", nullptr) << QStringLiteral("saved");
    QTest::newRow("folder over a file")
        << QStringLiteral("a.txt") << put("directory", "json", nullptr)
        << QStringLiteral("invalid");
    QTest::newRow("file over a folder")
        << QStringLiteral("sub") << put("file", "text", "x") << QStringLiteral("invalid");
    QTest::newRow("file over a pipe")
        << QStringLiteral("pipe") << put("file", "text", "x") << QStringLiteral("invalid");
    QTest::newRow("missing folder")
        << QStringLiteral("no/x") << put("file", "text", "x") << QStringLiteral("missing");
    QTest::newRow("notebook") << QStringLiteral("n.ipynb") << put("notebook", "json", empty)
                              << QStringLiteral("created");
    QTest::newRow("notebook that is none")
        << QStringLiteral("n.ipynb") << put("notebook", "json", json::array())
        << QStringLiteral("invalid");
    QTest::newRow("notebook as text")
        << QStringLiteral("n.ipynb") << put("notebook", "json", "x") << QStringLiteral("invalid");
    QTest::newRow("notebook without format")
        << QStringLiteral("n.ipynb") << put("notebook", "json", json::object())
        << QStringLiteral("invalid");
    QTest::newRow("no type") << newFile << QByteArray(R"({"content": "x"})")
                             << QStringLiteral("invalid");
    QTest::newRow("no content") << newFile << put("file", "text", nullptr)
                                << QStringLiteral("invalid");
    QTest::newRow("content is a number")
        << newFile << put("file", "text", 1) << QStringLiteral("invalid");
    QTest::newRow("type is a number")
        << newFile << QByteArray("{\"type\": 1}") << QStringLiteral("invalid");
    QTest::newRow("unknown type") << newFile << put("thing", "text", "x")
                                  << QStringLiteral("invalid");
    QTest::newRow("copy_from") << newFile << QByteArray(R"({"copy_from": "a.txt"})")
                               << QStringLiteral("invalid");
    QTest::newRow("not JSON") << newFile << QByteArray("{") << QStringLiteral("invalid");
    QTest::newRow("a list") << newFile << QByteArray("[1]") << QStringLiteral("invalid");
    QTest::newRow("too deep") << newFile << QByteArray(100000, '[') << QStringLiteral("invalid");
    QTest::newRow("the root") << QString() << put("file", "text", "x") << QStringLiteral("invalid");
}

void TestContentsWrite::saving()
{
    QFETCH(QString, path);
    QFETCH(QByteArray, body);
    QFETCH(QString, outcome);

    const auto saved = m_contents->save(path, body);

    if (saved) {
        QCOMPARE(saved->created ? QStringLiteral("created") : QStringLiteral("saved"), outcome);
        QVERIFY(saved->model.content.isEmpty());
        return;
    }
    QCOMPARE(saved.error().code == ErrorCode::NotFound      ? QStringLiteral("missing")
             : saved.error().code == ErrorCode::InvalidData ? QStringLiteral("invalid")
                                                            : QStringLiteral("other"),
             outcome);
}

void TestContentsWrite::saveKeepsModeAndLeavesNothingBehind()
{
    const QString path = m_folder->path() + QStringLiteral("/root/a.txt");
    QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);

    QVERIFY(m_contents->save(QStringLiteral("a.txt"), put("file", "text", "x")));

    struct stat info = {};
    QCOMPARE(::stat(QFile::encodeName(path).constData(), &info), 0);
    QCOMPARE(info.st_mode & 0777, mode_t(0700));
    const QStringList left = QDir(m_folder->path() + QStringLiteral("/root"))
                                 .entryList({QStringLiteral(".~*")}, QDir::Files | QDir::Hidden);
    QVERIFY(left.isEmpty());
}

void TestContentsWrite::uploadInPieces()
{
    const auto piece = [&](int number, const char *content) {
        return m_contents->save(QStringLiteral("up.bin"), QByteArray::fromStdString(json{
                                                              {"type", "file"},
                                                              {"format", "text"},
                                                              {"chunk", number},
                                                              {"content", content}}.dump()));
    };
    QVERIFY(piece(1, "one ")->created);
    QVERIFY(piece(2, "two ") && piece(-1, "three"));
    QCOMPARE(read(QStringLiteral("up.bin")), QByteArray("one two three"));
    // One that breaks off leaves what was there.
    QVERIFY(piece(1, "anew"));
    QCOMPARE(read(QStringLiteral("up.bin")), QByteArray("one two three"));
    QVERIFY(piece(1, "again ") && piece(-1, "anew"));
    QCOMPARE(read(QStringLiteral("up.bin")), QByteArray("again anew"));
    QCOMPARE(piece(2, "x").error().code, ErrorCode::InvalidData); // nothing was begun
    QVERIFY(!piece(0, "x"));
}

void TestContentsWrite::untitledNames()
{
    const auto name = [&](EntryType type, const char *ending) {
        return m_contents->createUntitled(QString(), type, QString::fromLatin1(ending))->name;
    };
    QCOMPARE(name(EntryType::Notebook, ""), QStringLiteral("Untitled.ipynb"));
    QCOMPARE(name(EntryType::Notebook, ""), QStringLiteral("Untitled1.ipynb"));
    QCOMPARE(name(EntryType::File, ".txt"), QStringLiteral("untitled.txt"));
    QCOMPARE(name(EntryType::File, ".txt"), QStringLiteral("untitled1.txt"));
    QCOMPARE(name(EntryType::Directory, ""), QStringLiteral("Untitled Folder"));
    QCOMPARE(name(EntryType::Directory, ""), QStringLiteral("Untitled Folder 1"));
    QVERIFY(m_contents->get(QStringLiteral("Untitled.ipynb"), {}));
    QVERIFY(!m_contents->createUntitled(QStringLiteral("a.txt"), EntryType::File, QString()));
    QVERIFY(!m_contents->createUntitled(QString(), EntryType::File, QStringLiteral("/../x")));
}

void TestContentsWrite::copies()
{
    const auto copy = [&](const char *from, const char *to) {
        return m_contents->copy(QString::fromLatin1(from), QString::fromLatin1(to))->path;
    };
    QCOMPARE(copy("a.txt", ""), QStringLiteral("a-Copy1.txt"));
    QCOMPARE(copy("a.txt", ""), QStringLiteral("a-Copy2.txt"));
    QCOMPARE(copy("a-Copy1.txt", ""), QStringLiteral("a-Copy3.txt"));
    QCOMPARE(copy("a.txt", "sub"), QStringLiteral("sub/a.txt"));
    QVERIFY(!m_contents->copy(QStringLiteral("sub"), QString()));
    QCOMPARE(m_contents->copy(QStringLiteral("none"), QString()).error().code, ErrorCode::NotFound);
}

void TestContentsWrite::renaming()
{
    QVERIFY(m_contents->createCheckpoint(QStringLiteral("a.txt")));

    QCOMPARE(m_contents->rename(QStringLiteral("a.txt"), QStringLiteral("sub/c.txt"))->path,
             QStringLiteral("sub/c.txt"));

    QCOMPARE(m_contents->checkpoints(QStringLiteral("sub/c.txt"))->size(), 1);
    const auto code = [&](const char *from, const char *to) {
        return m_contents->rename(QString::fromLatin1(from), QString::fromLatin1(to)).error().code;
    };
    QCOMPARE(code("sub/c.txt", "sub/b.txt"), ErrorCode::Exists);
    QCOMPARE(code("none", "x"), ErrorCode::NotFound);
    QCOMPARE(code("sub", "sub/x"), ErrorCode::InvalidData);
    QCOMPARE(code("", "x"), ErrorCode::Denied);
    QVERIFY(m_contents->rename(QStringLiteral("sub/c.txt"), QStringLiteral("sub/c.txt")));
}

void TestContentsWrite::removing()
{
    QVERIFY(!m_contents->remove(QStringLiteral("sub"))); // not empty
    QVERIFY(m_contents->createCheckpoint(QStringLiteral("sub/b.txt")));
    QVERIFY(m_contents->remove(QStringLiteral("sub/b.txt")));
    const QString trash = m_folder->filePath(QStringLiteral("data/Trash"));
    QVERIFY(QFile::exists(trash + QStringLiteral("/files/b.txt")));
    QFile note(trash + QStringLiteral("/info/b.txt.trashinfo"));
    QVERIFY(note.open(QIODevice::ReadOnly) && note.readAll().contains("/root/sub/b.txt\n"));
    QVERIFY(m_contents->remove(QStringLiteral("sub"))); // only the folder of checkpoints was left
    QVERIFY(!m_contents->remove(QString()));
    QCOMPARE(m_contents->remove(QStringLiteral("none")).error().code, ErrorCode::NotFound);
}

void TestContentsWrite::checkpoints()
{
    const QString path = QStringLiteral("a.txt");
    const QString id = QStringLiteral("checkpoint");

    QVERIFY(m_contents->checkpoints(path)->isEmpty());
    QCOMPARE(m_contents->createCheckpoint(path)->id, id);
    write(path, "changed");
    QVERIFY(m_contents->restoreCheckpoint(path, id));
    QCOMPARE(read(path), QByteArray("hello"));
    QCOMPARE(m_contents->restoreCheckpoint(path, QStringLiteral("x")).error().code,
             ErrorCode::NotFound);
    QVERIFY(m_contents->removeCheckpoint(path, id));
    QCOMPARE(m_contents->removeCheckpoint(path, id).error().code, ErrorCode::NotFound);
    QCOMPARE(m_contents->restoreCheckpoint(path, id).error().code, ErrorCode::NotFound);
    // A folder of checkpoints that leads elsewhere is not used.
    QVERIFY(
        QDir(m_folder->path() + QStringLiteral("/root/.ipynb_checkpoints")).removeRecursively());
    QVERIFY(QFile::link(QStringLiteral("../outside"),
                        m_folder->path() + QStringLiteral("/root/.ipynb_checkpoints")));
    QVERIFY(!m_contents->createCheckpoint(path));
}

QTEST_GUILESS_MAIN(TestContentsWrite)
#include "tst_contentswrite.moc"
