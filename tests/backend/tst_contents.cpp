#include "tests/backend/contentsfixture.h"

#include <QTest>

using namespace farcell;
using nlohmann::json;

namespace {

json parse(const QByteArray &text)
{
    return json::parse(text.begin(), text.end(), nullptr, false);
}

} // namespace

// The contents service: models, and that nothing leads out of the root. Writing: tst_contentswrite.
class TestContents : public QObject, protected test::ContentsFixture
{
    Q_OBJECT

private slots:
    void init() { makeFolder(); }
    void confinement_data();
    void confinement();
    void linksInsideWork();
    void followingLinksWhenAllowed();
    void listing();
    void largeFolder();
    void reading_data();
    void reading();
    void notebookLinesAreJoined();
};

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

QTEST_GUILESS_MAIN(TestContents)
#include "tst_contents.moc"
