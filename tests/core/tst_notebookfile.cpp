// One row for each nasty kind of file that says what happens to it; writing in the style of a
// file; saving to disk.
#include "core/nbformat/jsonlayout.h"
#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QStringEncoder>
#include <QTemporaryDir>
#include <QTest>

#include <limits>

#include <sys/file.h>
#include <sys/stat.h>

using namespace farcell;

namespace {

// A small notebook with something put in: the source of its one cell, as JSON.
QByteArray notebookWith(const QByteArray &source, const QByteArray &more = {})
{
    return "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n"
           "   \"metadata\": {},\n   \"outputs\": [],\n   \"source\": " +
           source + "\n  }\n ],\n \"metadata\": {" + more +
           "},\n \"nbformat\": 4,\n \"nbformat_minor\": 4\n}\n";
}

QByteArray repeated(const QByteArray &text, int times)
{
    return text.repeated(times);
}

QByteArray inUtf16(const QByteArray &utf8, QStringConverter::Encoding encoding)
{
    QStringEncoder encoder(encoding, QStringConverter::Flag::WriteBom);
    return encoder.encode(QString::fromUtf8(utf8));
}

QByteArray manyCells(int count)
{
    QByteArray text("{\n \"cells\": [");
    for (int i = 0; i < count; ++i) {
        text += i == 0 ? "\n" : ",\n";
        text += "  {\n   \"cell_type\": \"markdown\",\n   \"metadata\": {},\n   \"source\": [\n"
                "    \"cell " +
                QByteArray::number(i) + "\"\n   ]\n  }";
    }
    return text + "\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 4\n}\n";
}

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

// Writes the notebook after an edit of its first cell.
QByteArray edited(const QByteArray &bytes, const QString &source)
{
    Result<NotebookContent> content = readNotebook(bytes);
    if (!content)
        return content.error().message.toUtf8();
    NotebookDocument document;
    document.setContent(std::move(*content));
    document.setSource(document.cellAt(0).id, source);
    return writeNotebook(document.content());
}

} // namespace

class TestNotebookFile : public QObject
{
    Q_OBJECT

private slots:
    void readable_data();
    void readable();
    void refused_data();
    void refused();
    void sourceEdit_data();
    void sourceEdit();
    void hundredMegabytes();
    void sixtyFiveThousandCells();
    void newNotebookIsAsNbformatWritesIt();
    void pythonFloats_data();
    void pythonFloats();
    void idsOnlyWhereTheFormatHasThem();
    void kindChangeAddsAndRemovesMembers();
    void newOutputsLeaveOldOnesAlone();
    void version3IsSavedOnlyAfterAgreement();
    void saveKeepsModeAndFollowsLinks();
    void saveRemovesWhatAKilledOneLeft();
    void saveRefusesWhenTheFileChanged();
    void saveIntoAFolderThatIsNotThere();
    void errorsNameTheFile();
};

void TestNotebookFile::readable_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("source"); // of the first cell
    const QByteArray plain = notebookWith("\"x = 1\"");
    const QString x = QStringLiteral("x = 1");

    QTest::newRow("deep nesting in metadata, 1,000,000 levels")
        << notebookWith("\"x = 1\"",
                        "\"a\": " + repeated("[", 1'000'000) + repeated("]", 1'000'000))
        << x;
    QTest::newRow("deep objects, 200,000 levels")
        << notebookWith("\"x = 1\"",
                        "\"a\": " + repeated("{\"a\":", 200'000) + "1" + repeated("}", 200'000))
        << x;
    QTest::newRow("doubled key: the last counts, both stay")
        << plain.chopped(2) + ",\n \"nbformat\": 4\n}\n"
        << x;
    QTest::newRow("doubled cells: the last count")
        << QByteArray("{\"cells\": [], ") + plain.mid(1) << x;
    QTest::newRow("lone surrogates")
        << notebookWith(R"("a\ud800b\udc00")")
        << QStringLiteral("a") + QChar(0xd800) + QStringLiteral("b") + QChar(0xdc00);
    QTest::newRow("surrogate pair in escapes")
        << notebookWith(R"("\uD83D\uDE00")") << QString::fromUtf8("\xf0\x9f\x98\x80");
    QTest::newRow("NaN and Infinity")
        << notebookWith("\"x = 1\"", "\"a\": [NaN, Infinity, -Infinity]") << x;
    QTest::newRow("UTF-8 with byte order mark") << "\xef\xbb\xbf" + plain << x;
    QTest::newRow("UTF-16 little endian") << inUtf16(plain, QStringConverter::Utf16LE) << x;
    QTest::newRow("UTF-16 big endian") << inUtf16(plain, QStringConverter::Utf16BE) << x;
    QTest::newRow("lines end in CR LF") << QByteArray(plain).replace('\n', "\r\n") << x;
    QTest::newRow("lines end in CR") << QByteArray(plain).replace('\n', '\r') << x;
    QTest::newRow("blank lines before, none after") << "\n\n \t\n" + plain.trimmed() << x;
    QTest::newRow("a megabyte in one line") << notebookWith('"' + repeated("z", 1'000'000) + '"')
                                            << QString(1'000'000, QLatin1Char('z'));
    QTest::newRow("huge and odd numbers")
        << notebookWith("\"x = 1\"", "\"n\": [1e999, -0, 1E-0, 123456789012345678901234567890]")
        << x;
    QTest::newRow("source that is no text") << notebookWith("{\"a\": 1}") << QString();
    QTest::newRow("version as float") << QByteArray(plain).replace("at\": 4,", "at\": 4.0,") << x;
    QTest::newRow("comma at the start of a line; a cell that is none")
        << QByteArray("{\n \"cells\": [\n  null\n ]\n, \"metadata\": {}\n, \"nbformat\": 4\n}\n")
        << QString();
    QTest::newRow("no version at all") << QByteArray(R"({"cells": [{"source": "x = 1"}]})") << x;
    QTest::newRow("newer minor version")
        << QByteArray(plain).replace("minor\": 4", "minor\": 99") << x;
}

void TestNotebookFile::readable()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, source);

    const Result<NotebookContent> content = readNotebook(bytes);

    QVERIFY2(content.has_value(), qPrintable(content ? QString() : content.error().message));
    QCOMPARE(content->cells.at(0).source, source);
    QCOMPARE(writeNotebook(*content), bytes);
    NotebookDocument document; // and edited files can be read again
    document.setContent(*content);
    document.editSource(document.cellAt(0).id, 0, 0, QStringLiteral("y\n"));
    const Result<NotebookContent> again = readNotebook(writeNotebook(document.content()));
    QVERIFY2(again.has_value(), qPrintable(again ? QString() : again.error().message));
    QCOMPARE(again->cells.at(0).source, document.cellAt(0).source);
}

void TestNotebookFile::refused_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("message");
    const QByteArray plain = notebookWith("\"x\"");

    QTest::newRow("empty") << QByteArray() << "1:1: The file is empty";
    QTest::newRow("nothing but space") << QByteArray(" \n\n") << "3:1: The file is empty";
    QTest::newRow("cut off") << plain.left(40)
                             << "4:23: A ',' or a closing bracket is missing here";
    QTest::newRow("comma before the end")
        << QByteArray("{\"cells\": [1,]}") << "1:14: A value is missing here";
    QTest::newRow("no comma") << QByteArray("{\"cells\": []\n\"a\": 1}")
                              << "2:1: A ',' or a closing bracket is missing here";
    QTest::newRow("no colon") << QByteArray("{\"cells\" []}") << "1:10: A ':' is missing here";
    QTest::newRow("open text") << QByteArray("{\"cells")
                               << "1:2: The text that starts here has no closing quote";
    QTest::newRow("line break in a text")
        << QByteArray("{\"\xc3\xa9\": \"a\n\"}")
        << "1:9: A text has a line break or control character in it";
    QTest::newRow("unknown escape")
        << QByteArray(R"({"a": "\x"})")
        << "1:8: A backslash is followed by something that means nothing";
    QTest::newRow("half an escape")
        << QByteArray(R"({"a": "\u12"})")
        << "1:9: A backslash is followed by something that means nothing";
    QTest::newRow("two notebooks")
        << plain + plain << "15:1: There is more text after the end of the notebook";
    QTest::newRow("git conflict")
        << QByteArray("{\n<<<<<<< HEAD\n \"cells\": []\n=======\n \"cells\": [1]\n>>>>>>> b\n}\n")
        << "2:1: The file has unresolved git conflict markers (<<<<<<<)";
    QTest::newRow("not UTF-8") << QByteArray("{\"a\": \"\xe9\"}")
                               << "1:8: The file is not UTF-8 text (byte 0xe9)";
    QTest::newRow("half a UTF-16 character")
        << QByteArray("\xff\xfe{\0\"", 5) << "1:1: The file is not valid UTF-16 text";
    QTest::newRow("a list") << QByteArray("[]")
                            << "1:1: This is JSON but not a notebook: it is no object";
    QTest::newRow("no cells") << QByteArray("{}")
                              << "1:1: This is JSON but not a notebook: it has no \"cells\"";
    QTest::newRow("cells that are no list") << QByteArray(R"({"nbformat": 4, "cells": {}})")
                                            << "1:26: The notebook's \"cells\" are not a list";
    QTest::newRow("version of the future")
        << QByteArray(R"({"nbformat": 5, "cells": []})")
        << "1:14: The notebook has format version 5, newer than any known (4)";
    QTest::newRow("cells of version 4 under the number of version 2")
        << QByteArray(R"({"nbformat": 2, "cells": []})")
        << "1:14: The notebook says it has format version 2, but not the \"worksheets\" of that "
           "version";
    QTest::newRow("version of the past")
        << QByteArray(R"({"nbformat": 1, "cells": []})")
        << "1:14: The notebook has format version 1, which cannot be read";
    QTest::newRow("cells of version 4 in a version 3")
        << QByteArray(R"({"nbformat": 3, "cells": [{"source": "x"}]})")
        << "1:14: The notebook says it has format version 3, but not the \"worksheets\" of that "
           "version";
}

void TestNotebookFile::refused()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, message);

    const Result<NotebookContent> content = readNotebook(bytes);

    QVERIFY(!content.has_value());
    QCOMPARE(content.error().message, message);
    QVERIFY(content.error().code == ErrorCode::InvalidData);
}

void TestNotebookFile::sourceEdit_data()
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

void TestNotebookFile::sourceEdit()
{
    QFETCH(QByteArray, before);
    QFETCH(QString, source);
    QFETCH(QByteArray, after);

    QCOMPARE(edited(before, source), after);
}

void TestNotebookFile::hundredMegabytes()
{
    const QByteArray picture = '"' + repeated("QUJD", 250'000) + '"'; // 1 MB
    QByteArray text("{\"cells\": [");
    for (int i = 0; i < 100; ++i) {
        text += i == 0 ? "" : ", ";
        text += R"({"cell_type": "code", "execution_count": 1, "metadata": {}, "source": "p", )"
                R"("outputs": [{"output_type": "display_data", "metadata": {}, "data": )"
                R"({"image/png": )" +
                picture + "}}]}";
    }
    text += R"(], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})";

    const Result<NotebookContent> content = readNotebook(text);

    QVERIFY(content.has_value());
    QCOMPARE(content->cells.size(), size_t{100});
    QVERIFY(writeNotebook(*content) == text);
    const JsonText *const png = content->cells[99].outputs.items()[0].data.find(u"image/png");
    QVERIFY(png != nullptr);
    QVERIFY2(png->text().constData() > text.constData() &&
                 png->text().constData() < text.constData() + text.size(),
             "the picture is a copy, not a part of the file");
    QVERIFY(edited(text, QStringLiteral("q")).size() == text.size());
}

void TestNotebookFile::sixtyFiveThousandCells()
{
    const QByteArray bytes = manyCells(65'000);
    Result<NotebookContent> content = readNotebook(bytes);
    QVERIFY(content.has_value());
    NotebookDocument document;
    document.setContent(std::move(*content));
    QCOMPARE(document.cellCount(), 65'000);
    QCOMPARE(writeNotebook(document.content()), bytes);

    const CellId last = document.cellAt(64'999).id;
    document.insertCell(0, CellKind::Markdown, QStringLiteral("first"));
    QCOMPARE(document.indexOf(last), 65'000);
    document.undo();
    QCOMPARE(document.indexOf(last), 64'999);
    QCOMPARE(writeNotebook(document.content()), bytes);
}

void TestNotebookFile::newNotebookIsAsNbformatWritesIt()
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

void TestNotebookFile::pythonFloats_data()
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

void TestNotebookFile::pythonFloats()
{
    QFETCH(double, value);
    QFETCH(QByteArray, text);

    QCOMPARE(nbformat::pythonFloat(value), text);
}

void TestNotebookFile::idsOnlyWhereTheFormatHasThem()
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

void TestNotebookFile::kindChangeAddsAndRemovesMembers()
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

void TestNotebookFile::newOutputsLeaveOldOnesAlone()
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

void TestNotebookFile::version3IsSavedOnlyAfterAgreement()
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

void TestNotebookFile::saveKeepsModeAndFollowsLinks()
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

void TestNotebookFile::saveRemovesWhatAKilledOneLeft()
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

void TestNotebookFile::saveRefusesWhenTheFileChanged()
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

void TestNotebookFile::saveIntoAFolderThatIsNotThere()
{
    const QTemporaryDir folder;

    const auto saved = saveNotebookFile(folder.filePath(QStringLiteral("no/a.ipynb")), "{}");

    QVERIFY(!saved.has_value());
    QVERIFY(!saved.error().message.isEmpty());
}

void TestNotebookFile::errorsNameTheFile()
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

QTEST_GUILESS_MAIN(TestNotebookFile)
#include "tst_notebookfile.moc"
