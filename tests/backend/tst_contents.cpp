#include "backend/contents/contents.h"
#include "backend/contents/notebookjson.h"

#include <nlohmann/json.hpp>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace farcell;
using nlohmann::json;

namespace {

json parse(const QByteArray &text)
{
    return json::parse(text.begin(), text.end(), nullptr, false);
}

QByteArray put(const char *type, const char *format, const json &content)
{
    return QByteArray::fromStdString(
        json{{"type", type}, {"format", format}, {"content", content}}.dump());
}

} // namespace

// The contents service on a real folder: models, saving, names, checkpoints, and that nothing leads
// out of the root.
class TestContents : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void confinement_data();
    void confinement();
    void linksInsideWork();
    void followingLinksWhenAllowed();
    void listing();
    void largeFolder();
    void reading_data();
    void reading();
    void notebookLinesAreJoined();
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

private:
    void write(const QString &path, const QByteArray &bytes) const;
    [[nodiscard]] QByteArray read(const QString &path) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Contents> m_contents;
};

// outside/secret  rootx/secret  root/{a.txt, sub/b.txt, out -> outside, outfile -> outside/secret,
// in -> sub, abs -> root/a.txt, dangling -> outside/new, .hidden}
void TestContents::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", QFile::encodeName(m_folder->filePath(QStringLiteral("data"))));
    QDir base(m_folder->path());
    for (const char *folder : {"outside", "rootx", "root/sub"})
        QVERIFY(base.mkpath(QString::fromLatin1(folder)));
    write(QStringLiteral("../outside/secret"), "secret");
    write(QStringLiteral("../rootx/secret"), "secret");
    write(QStringLiteral("a.txt"), "hello");
    write(QStringLiteral("sub/b.txt"), "there");
    write(QStringLiteral(".hidden"), "x");
    const QString root = base.filePath(QStringLiteral("root/"));
    QVERIFY(QFile::link(QStringLiteral("../outside"), root + QStringLiteral("out")));
    QVERIFY(QFile::link(QStringLiteral("../outside/secret"), root + QStringLiteral("outfile")));
    QVERIFY(QFile::link(QStringLiteral("sub"), root + QStringLiteral("in")));
    QVERIFY(QFile::link(root + QStringLiteral("a.txt"), root + QStringLiteral("abs")));
    QVERIFY(QFile::link(QStringLiteral("../outside/new"), root + QStringLiteral("dangling")));
    QCOMPARE(::mkfifo(QFile::encodeName(root + QStringLiteral("pipe")).constData(), 0600), 0);
    auto contents = Contents::create(base.filePath(QStringLiteral("root")), {});
    QVERIFY(contents);
    m_contents = std::move(*contents);
}

void TestContents::write(const QString &path, const QByteArray &bytes) const
{
    QFile file(m_folder->path() + QStringLiteral("/root/") + path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

QByteArray TestContents::read(const QString &path) const
{
    QFile file(m_folder->path() + QStringLiteral("/root/") + path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("<none>");
}

void TestContents::confinement_data()
{
    QTest::addColumn<QString>("path");

    for (const char *path : {"../outside/secret", "sub/../../outside/secret", "..", ".", "sub/..",
                             "../rootx/secret", "out/secret", "out", "outfile", "dangling",
                             "in/../../outside/secret", ".hidden", "a.txt/x", "/../outside/secret"})
        QTest::newRow(path) << QString::fromLatin1(path);
    QTest::newRow("absolute path") << QStringLiteral("@/outside/secret");
    QTest::newRow("zero byte") << QStringLiteral("a.txt") + QChar(u'\0');
    QTest::newRow("name too long") << QString(300, u'x');
}

// Whatever is done there is refused, and what is outside stays as it was.
void TestContents::confinement()
{
    QFETCH(QString, path);
    path.replace(u'@', m_folder->path());
    const QString good = QStringLiteral("a.txt");

    QVERIFY(!m_contents->get(path, {}));
    QVERIFY(!m_contents->open(path));
    QVERIFY(!m_contents->save(path, put("file", "text", "changed")));
    QVERIFY(!m_contents->save(path, put("directory", "json", nullptr)));
    QVERIFY(!m_contents->copy(path, QString()));
    QVERIFY(!m_contents->copy(good, path));
    QVERIFY(!m_contents->rename(path, QStringLiteral("stolen")));
    QVERIFY(!m_contents->rename(good, path));
    QVERIFY(!m_contents->createUntitled(path, EntryType::File, QString()));
    QVERIFY(!m_contents->createCheckpoint(path));
    QVERIFY(!m_contents->restoreCheckpoint(path, QStringLiteral("checkpoint")));
    QVERIFY(!m_contents->remove(path));
    QCOMPARE(read(QStringLiteral("../outside/secret")), QByteArray("secret"));
    QCOMPARE(read(QStringLiteral("../rootx/secret")), QByteArray("secret"));
    QCOMPARE(read(QStringLiteral("../outside/new")), QByteArray("<none>"));
    QCOMPARE(read(good), QByteArray("hello"));
}

void TestContents::linksInsideWork()
{
    QCOMPARE(m_contents->get(QStringLiteral("in/b.txt"), {})->content, QByteArray("\"there\""));
    QCOMPARE(m_contents->get(QStringLiteral("abs"), {})->content, QByteArray("\"hello\""));
    QVERIFY(m_contents->save(QStringLiteral("abs"), put("file", "text", "new")));
    QCOMPARE(read(QStringLiteral("a.txt")), QByteArray("new"));
    QVERIFY(m_contents->remove(QStringLiteral("in"))); // the link, not the folder
    QCOMPARE(read(QStringLiteral("sub/b.txt")), QByteArray("there"));
}

void TestContents::followingLinksWhenAllowed()
{
    Contents::Options options;
    options.root.followSymlinks = true;
    const auto contents = Contents::create(m_folder->filePath(QStringLiteral("root")), options);

    QCOMPARE((*contents)->get(QStringLiteral("out/secret"), {})->content, QByteArray("\"secret\""));
    QVERIFY(!(*contents)->get(QStringLiteral("../outside/secret"), {}));
}

void TestContents::listing()
{
    const json list = parse(m_contents->get(QString(), {})->content);

    QStringList names;
    for (const json &entry : list) {
        names << QString::fromStdString(entry["name"].get<std::string>());
        QVERIFY(entry["content"].is_null() && entry["format"].is_null());
        QVERIFY(entry["last_modified"].get<std::string>().ends_with("Z"));
    }
    QCOMPARE(names, (QStringList{QStringLiteral("a.txt"), QStringLiteral("abs"),
                                 QStringLiteral("in"), QStringLiteral("sub")}));
    QVERIFY(list[0]["mimetype"] == "text/plain");
    QVERIFY(list[0]["size"] == 5);
    QVERIFY(list[3]["size"].is_null());
}

void TestContents::largeFolder()
{
    for (int i = 0; i < 5000; ++i)
        write(QStringLiteral("sub/f%1.py").arg(i), {});

    const json list = parse(m_contents->get(QStringLiteral("sub"), {})->content);

    QCOMPARE(list.size(), size_t(5001));
}

void TestContents::reading_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("type");   // asked for
    QTest::addColumn<QString>("format"); // asked for
    QTest::addColumn<QString>("got");    // the format, or the reason of the refusal
    QTest::addColumn<QByteArray>("content");

    const QString none;
    const QString text = QStringLiteral("text");
    const QString base64 = QStringLiteral("base64");
    const QString badType = QStringLiteral("bad type");
    const QString badFormat = QStringLiteral("bad format");
    const QString file = QStringLiteral("file");
    QTest::newRow("text") << QStringLiteral("t.txt") << QByteArray("é\n\"\\\x01") << none << none
                          << text << QByteArray(R"("é\n\"\\\u0001")");
    QTest::newRow("bytes") << QStringLiteral("t.bin") << QByteArray("\xff\x00", 2) << none << none
                           << base64 << QByteArray("\"/wA=\"");
    QTest::newRow("text as base64") << QStringLiteral("t.txt") << QByteArray("a") << none << base64
                                    << base64 << QByteArray("\"YQ==\"");
    QTest::newRow("bytes as text") << QStringLiteral("t.bin") << QByteArray("\xff") << none << text
                                   << badFormat << QByteArray();
    QTest::newRow("unknown format") << QStringLiteral("t.txt") << QByteArray("a") << none
                                    << QStringLiteral("x") << badFormat << QByteArray();
    QTest::newRow("file as directory")
        << QStringLiteral("t.txt") << QByteArray("a") << QStringLiteral("directory") << none
        << badType << QByteArray();
    QTest::newRow("empty file") << QStringLiteral("t.txt") << QByteArray() << none << none << text
                                << QByteArray("\"\"");
    QTest::newRow("notebook as file") << QStringLiteral("n.ipynb") << QByteArray("{}") << file
                                      << none << text << QByteArray("\"{}\"");
    QTest::newRow("notebook") << QStringLiteral("n.ipynb")
                              << QByteArray(R"({"cells":[], "x": 1.50})") << none << none
                              << QStringLiteral("json") << QByteArray(R"({"cells":[],"x":1.50})");
    QTest::newRow("broken notebook") << QStringLiteral("n.ipynb") << QByteArray("{\"cells\":")
                                     << none << none << QString() << QByteArray();
    QTest::newRow("notebook of nests") << QStringLiteral("n.ipynb") << QByteArray(100000, '[')
                                       << none << none << QString() << QByteArray();
}

void TestContents::reading()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, type);
    QFETCH(QString, format);
    QFETCH(QString, got);
    QFETCH(QByteArray, content);
    write(name, bytes);
    Contents::Get how;
    how.format = format;
    how.hash = true;
    if (type == u"directory")
        how.type = EntryType::Directory;
    else if (type == u"file")
        how.type = EntryType::File;

    const auto model = m_contents->get(name, how);

    if (content.isEmpty()) {
        QVERIFY(!model);
        QCOMPARE(model.error().code, ErrorCode::InvalidData);
        QCOMPARE(model.error().detail, got);
        return;
    }
    QVERIFY(model);
    QCOMPARE(model->format, got);
    QCOMPARE(model->content, content);
    QCOMPARE(model->sha256.size(), 64);
    how.content = false;
    QVERIFY(m_contents->get(name, how)->content.isEmpty());
    QVERIFY(parse(toJson(*model)).is_object());
}

void TestContents::notebookLinesAreJoined()
{
    write(QStringLiteral("n.ipynb"),
          R"({"cells": [{"cell_type": "code", "metadata": {"trusted": true},
 "source": ["a\n", "b"], "attachments": {"i.png": {"image/png": ["x", "y"]}},
 "outputs": [{"output_type": "stream", "text": ["1\n", "2"]},
  {"output_type": "display_data", "data": {"text/html": ["<p>", "</p>"], "application/json": ["a", "b"]}},
  {"output_type": "error", "traceback": ["l1", "l2"]}]}], "nbformat": 4})");

    const json cell = parse(m_contents->get(QStringLiteral("n.ipynb"), {})->content)["cells"][0];

    QVERIFY(cell["source"] == "a\nb");
    QVERIFY(cell["attachments"]["i.png"]["image/png"] == "xy");
    QVERIFY(cell["outputs"][0]["text"] == "1\n2");
    QVERIFY(cell["outputs"][1]["data"]["text/html"] == "<p></p>");
    QVERIFY(cell["outputs"][1]["data"]["application/json"].is_array());
    QVERIFY(cell["outputs"][2]["traceback"].is_array());
    QVERIFY(!cell["metadata"].contains("trusted")); // a file cannot vouch for itself
}

void TestContents::notebookIsWrittenAsNbformatWould()
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

void TestContents::numbers_data()
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

void TestContents::numbers()
{
    QFETCH(QByteArray, given);
    QFETCH(QByteArray, written);

    const QByteArray text = "[" + given + "]";
    const auto value = contents::parseJson(text.toStdString());

    QVERIFY(value);
    QCOMPARE(contents::encodeJson(*value), text); // the wire: untouched
    QCOMPARE(contents::encodeNotebook(*value), QByteArray("[\n " + written + "\n]\n"));
}

void TestContents::saving_data()
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

void TestContents::saving()
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

void TestContents::saveKeepsModeAndLeavesNothingBehind()
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

void TestContents::uploadInPieces()
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

void TestContents::untitledNames()
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

void TestContents::copies()
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

void TestContents::renaming()
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

void TestContents::removing()
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

void TestContents::checkpoints()
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

QTEST_GUILESS_MAIN(TestContents)
#include "tst_contents.moc"
