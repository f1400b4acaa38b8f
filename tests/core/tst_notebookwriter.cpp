#include "core/nbformat/jsonlayout.h"
#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"
#include "tests/core/notebookbytes.h"

#include <nlohmann/json.hpp>

#include <QTest>

#include <limits>

using namespace farcell;
using test::edited;
using test::notebookWith;

// Writing in the style of a file: only what was edited changes.
class TestNotebookWriter : public QObject
{
    Q_OBJECT

private slots:
    void sourceEdit_data();
    void sourceEdit();
    void newNotebookIsAsNbformatWritesIt();
    void pythonFloats_data();
    void pythonFloats();
    void idsOnlyWhereTheFormatHasThem();
    void kindChangeAddsAndRemovesMembers();
    void newOutputsLeaveOldOnesAlone();
    void version3IsSavedOnlyAfterAgreement();
};

void TestNotebookWriter::sourceEdit_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QString>("source");
    QTest::addColumn<QByteArray>("after");
    const QString lines = QStringLiteral("a\nb\u00e9\nc/");

    QTest::newRow("list of lines: same lines keep their spelling")
        << notebookWith("[\n    \"a\\u000a\",\n    \"x\\n\",\n    \"c\\/\"\n   ]") << lines
        << notebookWith("[\n    \"a\\u000a\",\n    \"b\xc3\xa9\\n\",\n    \"c\\/\"\n   ]");
    QTest::newRow("one text stays one text")
        << notebookWith("\"x\"") << lines << notebookWith("\"a\\nb\xc3\xa9\\nc/\"");
    QTest::newRow("list on one line stays there")
        << notebookWith(R"(["a\n", "x"])") << lines
        << notebookWith("[\"a\\n\", \"b\xc3\xa9\\n\", \"c/\"]");
    QTest::newRow("compact file")
        << QByteArray(R"({"cells":[{"cell_type":"raw","metadata":{},"source":["x"]}],)"
                      R"("metadata":{},"nbformat":4,"nbformat_minor":4})")
        << lines
        << QByteArray(R"({"cells":[{"cell_type":"raw","metadata":{},"source":["a\n",)"
                      "\"b\xc3\xa9\\n\",\"c/\"]}],\"metadata\":{},\"nbformat\":4,"
                      "\"nbformat_minor\":4}");
    QTest::newRow("ASCII escapes in capitals")
        << notebookWith("[\n    \"\\u00C4\"\n   ]") << lines
        << notebookWith("[\n    \"a\\n\",\n    \"b\\u00E9\\n\",\n    \"c/\"\n   ]");
    QTest::newRow("escaped slash")
        << notebookWith("[\n    \"x\\/y\"\n   ]") << lines
        << notebookWith("[\n    \"a\\n\",\n    \"b\xc3\xa9\\n\",\n    \"c\\/\"\n   ]");
    QTest::newRow("emptied") << notebookWith("[\n    \"x\"\n   ]") << QString()
                             << notebookWith("[]");
    QTest::newRow("filled") << notebookWith("[]") << QStringLiteral("a\nb")
                            << notebookWith("[\n    \"a\\n\",\n    \"b\"\n   ]");
    QTest::newRow("CR LF file")
        << notebookWith("[]").replace('\n', "\r\n") << QStringLiteral("a\nb")
        << notebookWith("[\n    \"a\\n\",\n    \"b\"\n   ]").replace('\n', "\r\n");
    QTest::newRow("indented by tabs")
        << notebookWith("[]").replace("\n ", "\n\t") << QStringLiteral("a")
        << notebookWith("[\n  \t \"a\"\n   ]")
               .replace("\n ", "\n\t")
               .replace("\n\t \t \"", "\n\t  \t\"");
}

void TestNotebookWriter::sourceEdit()
{
    QFETCH(QByteArray, before);
    QFETCH(QString, source);
    QFETCH(QByteArray, after);

    QCOMPARE(edited(before, source), after);
}

void TestNotebookWriter::newNotebookIsAsNbformatWritesIt()
{
    NotebookContent content;
    content.metadata = JsonText(QByteArrayLiteral(
        R"({"orig_nbformat": 3, "kernelspec": {"name": "python3", "display_name": "Python 3"}})"));
    Cell cell;
    cell.fileId = QStringLiteral("b2");
    cell.metadata = JsonText(QByteArrayLiteral(R"({"n": 1.0, "trusted": true, "a": []})"));
    Output stream;
    stream.kind = OutputKind::Stream;
    stream.streamName = QStringLiteral("stdout");
    stream.text = QStringLiteral("\u00e9\r\na\u000cb");
    Output result;
    result.kind = OutputKind::ExecuteResult;
    result.executionCount = 1;
    result.data.set(QStringLiteral("text/plain"), JsonText::fromString(QStringLiteral("1\n2")));
    result.data.set(QStringLiteral("image/png"),
                    JsonText(QByteArrayLiteral(R"(["iVBO\n", "Rw"])")));
    result.data.set(QStringLiteral("application/json"),
                    JsonText(QByteArrayLiteral("{\"b\":[1,2.5e0]}")));
    cell.outputs = OutputList({stream, result});
    content.cells.push_back(cell);

    const QByteArray expected = R"({
 "cells": [
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "b2",
   "metadata": {
    "a": [],
    "n": 1.0
   },
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
      "application/json": {
       "b": [
        1,
        2.5
       ]
      },
      "image/png": "iVBO\nRw",
      "text/plain": [
       "1\n",
       "2"
      ]
     },
     "execution_count": 1,
     "metadata": {},
     "output_type": "execute_result"
    }
   ],
   "source": []
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Python 3",
   "name": "python3"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
)";
    QCOMPARE(writeNotebook(content), expected);
}

void TestNotebookWriter::pythonFloats_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("whole") << 1.0 << QByteArray("1.0");
    QTest::newRow("minus zero") << -0.0 << QByteArray("-0.0");
    QTest::newRow("tenth") << 0.1 << QByteArray("0.1");
    QTest::newRow("last before an exponent") << 0.0001 << QByteArray("0.0001");
    QTest::newRow("first with an exponent") << 0.00001 << QByteArray("1e-05");
    QTest::newRow("largest without") << 1e15 << QByteArray("1000000000000000.0");
    QTest::newRow("smallest with") << 1e16 << QByteArray("1e+16");
    QTest::newRow("shortest digits") << 1.1e-7 << QByteArray("1.1e-07");
    QTest::newRow("three digits") << 1e300 << QByteArray("1e+300");
    QTest::newRow("smallest of all") << 5e-324 << QByteArray("5e-324");
    QTest::newRow("infinite") << -std::numeric_limits<double>::infinity()
                              << QByteArray("-Infinity");
}

void TestNotebookWriter::pythonFloats()
{
    QFETCH(double, value);
    QFETCH(QByteArray, text);

    QCOMPARE(nbformat::pythonFloat(value), text);
}

void TestNotebookWriter::idsOnlyWhereTheFormatHasThem()
{
    const QByteArray old = notebookWith("[]");
    const QByteArray recent = QByteArray(old)
                                  .replace("_minor\": 4", "_minor\": 5")
                                  .replace("null,\n", "null,\n   \"id\": \"a1\",\n");
    for (const QByteArray &bytes : {old, recent}) {
        const bool hasIds = bytes == recent;
        NotebookDocument document;
        document.setContent(readNotebook(bytes).value());
        QCOMPARE(document.hasCellIds(), hasIds);
        document.insertCell(1, CellKind::Code, QStringLiteral("x"));
        const QByteArray after = writeNotebook(document.content());
        QCOMPARE(after.count("\"id\""), hasIds ? 2 : 0);
        QVERIFY(after.contains(hasIds ? "_minor\": 5" : "_minor\": 4"));
        document.insertCells(2, {document.cellAt(0)}); // a copy needs an id of its own
        if (hasIds)
            QVERIFY(document.cellAt(2).fileId != document.cellAt(0).fileId);
    }
}

void TestNotebookWriter::kindChangeAddsAndRemovesMembers()
{
    const QByteArray code = notebookWith("[]");
    NotebookDocument document;
    document.setContent(readNotebook(code).value());
    const CellId id = document.cellAt(0).id;

    document.setKind(id, CellKind::Markdown);
    const QByteArray text = writeNotebook(document.content());
    QVERIFY(text.contains("\"cell_type\": \"markdown\",\n   \"metadata\": {},\n   \"source\": []"));
    document.setContent(readNotebook(text).value());
    document.setKind(document.cellAt(0).id, CellKind::Code);
    QCOMPARE(writeNotebook(document.content()), code);
}

void TestNotebookWriter::newOutputsLeaveOldOnesAlone()
{
    // Spelled as no writer would, to see that it stays.
    const QByteArray old = R"({ "output_type":"stream","name":"stdout", "text" : ["\u0061"]})";
    const QByteArray list = "\"outputs\": [" + old + "]";
    const QByteArray bytes = notebookWith("[]").replace("\"outputs\": []", list);
    NotebookDocument document;
    document.setContent(readNotebook(bytes).value());
    const CellId id = document.cellAt(0).id;
    Output error;
    error.kind = OutputKind::Error;
    error.errorName = QStringLiteral("E");
    error.traceback = {QStringLiteral("\u001b[31mE")};

    document.appendOutput(id, error);
    QVERIFY(writeNotebook(document.content()).contains(old));
    QVERIFY(writeNotebook(document.content()).contains("\\u001b[31mE"));
    document.appendStreamText(id, 0, QStringLiteral("b"));
    QVERIFY(!writeNotebook(document.content()).contains(old));
    QVERIFY(writeNotebook(document.content()).contains("\"ab\""));
    document.replaceOutput(id, 1, Output{});
    document.truncateOutputs(id);
    QVERIFY(writeNotebook(document.content()).contains("\"outputs\": []"));
}

void TestNotebookWriter::version3IsSavedOnlyAfterAgreement()
{
    const QByteArray bytes = R"({"metadata": {"name": "n"}, "nbformat": 3, "nbformat_minor": 0,
 "worksheets": [{"cells": [
  {"cell_type": "heading", "level": 2, "source": ["Title"]},
  {"cell_type": "code", "collapsed": true, "input": ["1+1"], "language": "python",
   "outputs": [{"output_type": "pyout", "prompt_number": 4, "text": ["2"]},
               {"output_type": "stream", "stream": "stderr", "text": "w"},
               {"output_type": "display_data", "json": "{\"a\": 1}", "png": "QUI="}],
   "prompt_number": 4}]}]})";
    NotebookDocument document;
    document.setContent(readNotebook(bytes).value());

    QVERIFY(document.isConvertedFromV3());
    QCOMPARE(document.cellAt(0).source, QStringLiteral("## Title"));
    QVERIFY(document.cellAt(1).executionCount == 4);
    const auto &outputs = document.cellAt(1).outputs.items();
    QVERIFY(outputs[0].kind == OutputKind::ExecuteResult);
    QCOMPARE(outputs[1].streamName, QStringLiteral("stderr"));
    QCOMPARE(outputs[2].data.find(u"application/json")->text(), QByteArray("{\"a\": 1}"));
    QCOMPARE(writeNotebook(document.content()), bytes);

    document.editSource(document.cellAt(0).id, 0, 0, QStringLiteral("#"));
    QVERIFY(writeNotebook(document.content()).isNull());
    QVERIFY(!saveNotebookFile(QStringLiteral("/nonexistent/x"), writeNotebook(document.content())));

    NotebookContent content = document.content();
    upgradeToV4(content);
    document.adoptFormat(content);
    const Result<NotebookContent> again = readNotebook(writeNotebook(document.content()));
    QVERIFY(again.has_value());
    QVERIFY(!again->convertedFromV3);
    QCOMPARE(again->cells.at(0).source, QStringLiteral("### Title"));
    QVERIFY(again->cells.at(1).metadata.toJson().at("collapsed") == true);
}

QTEST_GUILESS_MAIN(TestNotebookWriter)
#include "tst_notebookwriter.moc"
