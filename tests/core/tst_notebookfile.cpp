#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"
#include "tests/core/notebookbytes.h"

#include <QStringEncoder>
#include <QTest>

using namespace farcell;
using test::edited;
using test::notebookWith;

namespace {

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

} // namespace

// One row for each nasty kind of file that says what happens to it.
class TestNotebookFile : public QObject
{
    Q_OBJECT

private slots:
    void readable_data();
    void readable();
    void refused_data();
    void refused();
    void hundredMegabytes();
    void sixtyFiveThousandCells();
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

QTEST_GUILESS_MAIN(TestNotebookFile)
#include "tst_notebookfile.moc"
