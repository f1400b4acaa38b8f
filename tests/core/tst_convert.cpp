// Notebooks as scripts, Markdown and HTML, and cells on the clipboard.
#include "core/nbformat/cellclipboard.h"
#include "core/nbformat/convert.h"
#include "core/nbformat/exporters.h"
#include "core/nbformat/notebookfile.h"

#include <QTest>

using namespace farcell;

namespace {

Cell cellOf(CellKind kind, const QString &source)
{
    Cell cell;
    cell.kind = kind;
    cell.typeName = typeNameOf(cell);
    cell.source = source;
    cell.metadata = JsonText(QByteArrayLiteral("{}"));
    return cell;
}

Output dataOutput(const QString &mime, const QString &value)
{
    Output output;
    output.kind = OutputKind::DisplayData;
    output.data.set(mime, JsonText::fromString(value));
    return output;
}

NotebookContent sample()
{
    NotebookContent content;
    content.metadata = JsonText(QByteArrayLiteral(R"({"language_info": {"name": "python"}})"));
    Cell text = cellOf(CellKind::Markdown,
                       QStringLiteral("# Title\n\n![p](attachment:a%20b.png) <script>x</script>"));
    text.attachments = JsonText(QByteArrayLiteral(R"({"a b.png": {"image/png": "QUJD"}})"));
    Cell code = cellOf(CellKind::Code, QStringLiteral("%matplotlib inline\nprint(1 < 2)"));
    code.executionCount = 3;
    Output stream;
    stream.kind = OutputKind::Stream;
    stream.streamName = QStringLiteral("stdout");
    stream.text = QStringLiteral("\u001b[1mTrue\u001b[0m & more\n");
    Output error;
    error.kind = OutputKind::Error;
    error.traceback = {QStringLiteral("\u001b[31mE\u001b[0m: <v>")};
    code.outputs = OutputList(
        {stream, dataOutput(QStringLiteral("image/png"), QStringLiteral("QUI=\n")), error});
    content.cells = {text, code, cellOf(CellKind::Raw, QStringLiteral("raw"))};
    return content;
}

QByteArray exported(const NotebookContent &content, ExportFormat format)
{
    return exportNotebook(content, format, QStringLiteral("a <title>")).value_or(QByteArray());
}

} // namespace

class TestConvert : public QObject
{
    Q_OBJECT

private slots:
    void magics_data();
    void magics();
    void script();
    void scriptOfOtherLanguages();
    void markdown();
    void html();
    void clipboardComesBack();
    void clipboardOfOthers_data();
    void clipboardOfOthers();
};

// What IPython's TransformerManager makes of the same cells.
void TestConvert::magics_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("python");
    QTest::newRow("plain") << "x = 1\n"
                           << "x = 1\n";
    QTest::newRow("line magic") << "%matplotlib inline"
                                << "get_ipython().run_line_magic('matplotlib', 'inline')\n";
    QTest::newRow("magic without arguments") << "%lsmagic"
                                             << "get_ipython().run_line_magic('lsmagic', '')\n";
    QTest::newRow("shell") << "!ls -l {x}"
                           << "get_ipython().system('ls -l {x}')\n";
    QTest::newRow("shell with quotes") << "!echo 'a'"
                                       << "get_ipython().system(\"echo 'a'\")\n";
    QTest::newRow("shell over two lines") << "!pip install a \\\n  b"
                                          << "get_ipython().system('pip install a    b')\n";
    QTest::newRow("shell output") << "!!ls"
                                  << "get_ipython().getoutput('ls')\n";
    QTest::newRow("assigned shell") << "y = !pwd"
                                    << "y = get_ipython().getoutput('pwd')\n";
    QTest::newRow("assigned magic") << "z = %time 1"
                                    << "z = get_ipython().run_line_magic('time', '1')\n";
    QTest::newRow("comparison is no assignment") << "a = b != c"
                                                 << "a = b != c\n";
    QTest::newRow("percent in a text") << "print(\"w = %d\" % x)"
                                       << "print(\"w = %d\" % x)\n";
    QTest::newRow("Windows line ends") << "\r\n!ls\r\nx"
                                       << "get_ipython().system('ls')\nx\n";
    QTest::newRow("modulo") << "a = 5 %2"
                            << "a = 5 %2\n";
    QTest::newRow("help") << "os.path?"
                          << "get_ipython().run_line_magic('pinfo', 'os.path')\n";
    QTest::newRow("more help") << "?"
                                  "?os"
                               << "get_ipython().run_line_magic('pinfo2', 'os')\n";
    QTest::newRow("search") << "*int*?"
                            << "get_ipython().run_line_magic('psearch', '*int*')\n";
    QTest::newRow("indented") << "if x:\n    %cd .."
                              << "if x:\n    get_ipython().run_line_magic('cd', '..')\n";
    QTest::newRow("inside a string") << "s = '''\n%no\n!no\n'''"
                                     << "s = '''\n%no\n!no\n'''\n";
    QTest::newRow("inside brackets") << "f(1,\n%2)"
                                     << "f(1,\n%2)\n";
    QTest::newRow("after a comment with a quote") << "# don't\n!ls"
                                                  << "# don't\nget_ipython().system('ls')\n";
    QTest::newRow("cell magic")
        << "%%bash -l\necho 'hi'\necho \"x\""
        << "get_ipython().run_cell_magic('bash', '-l', 'echo \\'hi\\'\\necho \"x\"\\n')\n";
}

void TestConvert::magics()
{
    QFETCH(QString, source);
    QFETCH(QString, python);

    QCOMPARE(nbformat::withoutMagics(source), python);
}

void TestConvert::script()
{
    const QByteArray expected = R"(#!/usr/bin/env python
# coding: utf-8

# # Title
# 
# ![p](attachment:a%20b.png) <script>x</script>

# In[3]:


get_ipython().run_line_magic('matplotlib', 'inline')
print(1 < 2)

raw
)";
    QCOMPARE(exported(sample(), ExportFormat::Script), expected);
    QCOMPARE(exportSuffix(sample(), ExportFormat::Script), QStringLiteral(".py"));
}

void TestConvert::scriptOfOtherLanguages()
{
    NotebookContent content;
    content.metadata = JsonText(
        QByteArrayLiteral(R"({"language_info": {"name": "Rust", "file_extension": ".rs"}})"));
    content.cells = {cellOf(CellKind::Markdown, QStringLiteral("Text")),
                     cellOf(CellKind::Code, QStringLiteral("!x"))};

    QCOMPARE(exported(content, ExportFormat::Script),
             QByteArray("\n// Text\n\n// In[ ]:\n\n\n!x\n\n"));
    QCOMPARE(exportSuffix(content, ExportFormat::Script), QStringLiteral(".rs"));
}

void TestConvert::markdown()
{
    const QByteArray text = exported(sample(), ExportFormat::Markdown);

    QVERIFY(text.startsWith("# Title\n\n![p](data:image/png;base64,QUJD)"));
    QVERIFY(text.contains("```python\n%matplotlib inline\nprint(1 < 2)\n```\n\n    True & more\n"));
    QVERIFY(text.contains("![output](data:image/png;base64,QUI=)"));
    QVERIFY(text.contains("    E: <v>"));
    NotebookContent fenced;
    fenced.cells = {cellOf(CellKind::Code, QStringLiteral("s = '''\n```\n'''"))};
    QVERIFY(exported(fenced, ExportFormat::Markdown).startsWith("````python\n"));
}

void TestConvert::html()
{
    const QByteArray page = exported(sample(), ExportFormat::Html);

    QVERIFY(page.startsWith("<!DOCTYPE html>"));
    QVERIFY(page.contains("<title>a &lt;title&gt;</title>"));
    QVERIFY(page.contains("default-src 'none'")); // nothing runs, nothing is fetched
    QVERIFY(page.contains("<h1>Title</h1>"));
    QVERIFY(!page.contains("<script"));
    QVERIFY(page.contains("src=\"data:image/png;base64,QUJD\""));
    QVERIFY(page.contains("print(1 &lt; 2)"));
    QVERIFY(page.contains("True &amp; more"));
    QVERIFY(page.contains(R"(<img alt="" src="data:image/png;base64,QUI=">)"));
    QVERIFY(page.contains("E: &lt;v&gt;"));
}

void TestConvert::clipboardComesBack()
{
    NotebookDocument document;
    document.setContent(sample());
    const NotebookContent content = document.content();

    const CellClip clip = clipOf(content.cells);
    const Result<std::vector<Cell>> cells = cellsFromClip(clip.json);

    QVERIFY2(cells.has_value(), qPrintable(cells ? QString() : cells.error().message));
    QCOMPARE(cells->size(), size_t{3});
    QCOMPARE(cells->at(1).source, content.cells[1].source);
    QVERIFY(cells->at(1).executionCount == 3);
    QCOMPARE(cells->at(1).outputs.items().at(0).text, content.cells[1].outputs.items().at(0).text);
    QVERIFY(!cells->at(0).attachments.isNull());
    QVERIFY(clip.text.contains(QStringLiteral("print(1 < 2)\n\nraw")));
    QVERIFY(clip.html.contains(QStringLiteral("print(1 &lt; 2)")));

    NotebookDocument other; // pasted into another notebook, it is written in that one's style
    other.setContent(
        readNotebook(R"({"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":2})").value());
    other.insertCells(0, *cells);
    const QByteArray bytes = writeNotebook(other.content());
    QVERIFY(!bytes.contains('\n'));
    QVERIFY(!bytes.contains("\"id\""));
    QCOMPARE(readNotebook(bytes)->cells.size(), size_t{3});
}

void TestConvert::clipboardOfOthers_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<int>("cells"); // -1: refused
    QTest::newRow("one cell") << QByteArray(R"({"cell_type": "code", "source": "x"})") << 1;
    QTest::newRow("a whole notebook")
        << QByteArray(R"({"cells": [{"cell_type": "raw", "source": ["x"]}], "nbformat": 4})") << 1;
    QTest::newRow("not cells") << QByteArray("[1, \"a\", {}]") << 0;
    QTest::newRow("text") << QByteArray("print(1)") << -1;
    QTest::newRow("nothing") << QByteArray() << 0;
}

void TestConvert::clipboardOfOthers()
{
    QFETCH(QByteArray, json);
    QFETCH(int, cells);

    const Result<std::vector<Cell>> result = cellsFromClip(json);

    QCOMPARE(result ? static_cast<int>(result->size()) : -1, cells);
    if (cells > 0)
        QCOMPARE(result->at(0).source, QStringLiteral("x"));
}

QTEST_GUILESS_MAIN(TestConvert)
#include "tst_convert.moc"
