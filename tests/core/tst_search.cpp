// Finding and replacing text in a notebook.
#include "core/notebook/notebookdocument.h"
#include "core/notebook/search.h"

#include <QTest>

#include <atomic>
#include <thread>

using namespace farcell;

namespace {

void fill(NotebookDocument &document)
{
    NotebookContent content;
    for (const char *const source :
         {"value = 1\nVALUE = value_2", "# \xc3\x84rger value", "x.y(x.z)"}) {
        Cell cell;
        cell.source = QString::fromUtf8(source);
        content.cells.push_back(cell);
    }
    Output stream;
    stream.kind = OutputKind::Stream;
    stream.text = QStringLiteral("the \u001b[31mval\u001b[0mue is 1\n");
    Output result;
    result.kind = OutputKind::ExecuteResult;
    result.data.set(QStringLiteral("text/plain"), JsonText::fromString(QStringLiteral("value")));
    result.data.set(QStringLiteral("text/html"), JsonText::fromString(QStringLiteral("<b>value")));
    Output error;
    error.kind = OutputKind::Error;
    error.traceback = {QStringLiteral("Traceback"), QStringLiteral("ValueError")};
    content.cells[0].outputs = OutputList({stream, result, error});
    document.setContent(std::move(content));
}

// "cell[/output]:position+length", in order.
QString places(const NotebookDocument &document, const std::vector<SearchHit> &hits)
{
    QStringList all;
    for (const SearchHit &hit : hits) {
        QString place = QString::number(document.indexOf(hit.cell));
        if (hit.place == SearchPlace::Output)
            place += QStringLiteral("/%1").arg(hit.output);
        all.append(QStringLiteral("%1:%2+%3").arg(place).arg(hit.position).arg(hit.length));
    }
    return all.join(QLatin1Char(' '));
}

} // namespace

class TestSearch : public QObject
{
    Q_OBJECT

private slots:
    void finds_data();
    void finds();
    void badPatternIsAnError();
    void replaces_data();
    void replaces();
    void staleHitsAreLeftAlone();
    void limitIsKept();
    void anotherThreadSearchesWhatWas();
};

void TestSearch::finds_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("options"); // c: case, w: words, r: regex, o: outputs
    QTest::addColumn<QString>("found");
    QTest::newRow("any case") << "value"
                              << ""
                              << "0:0+5 0:10+5 0:18+5 1:8+5";
    QTest::newRow("match case") << "value"
                                << "c"
                                << "0:0+5 0:18+5 1:8+5";
    QTest::newRow("whole words") << "value"
                                 << "cw"
                                 << "0:0+5 1:8+5";
    QTest::newRow("capital umlaut in any case") << QString::fromUtf8("\xc3\xa4rger") << ""
                                                << "1:2+5";
    QTest::newRow("dots are dots") << "x.y"
                                   << ""
                                   << "2:0+3";
    QTest::newRow("expression") << "x\\.(y|z)"
                                << "r"
                                << "2:0+3 2:4+3";
    QTest::newRow("line start and end") << "^VALUE.*$"
                                        << "rc"
                                        << "0:10+15";
    QTest::newRow("matching nothing is no hit") << "q*"
                                                << "r"
                                                << "";
    QTest::newRow("over lines") << "1\nV"
                                << "c"
                                << "0:8+3";
    QTest::newRow("outputs without colours") << "value"
                                             << "co"
                                             << "0:0+5 0:18+5 0/0:4+5 0/1:0+5 1:8+5";
    QTest::newRow("traceback") << "ValueError"
                               << "o"
                               << "0/2:10+10";
    QTest::newRow("nothing asked") << ""
                                   << ""
                                   << "";
}

void TestSearch::finds()
{
    QFETCH(QString, text);
    QFETCH(QString, options);
    QFETCH(QString, found);
    NotebookDocument document;
    fill(document);
    const auto has = [&options](char letter) { return options.contains(QLatin1Char(letter)); };

    const SearchQuery query{text, has('c'), has('w'), has('r'), true, has('o')};

    QCOMPARE(places(document, findInNotebook(document, query)), found);
}

void TestSearch::badPatternIsAnError()
{
    SearchQuery query;
    query.text = QStringLiteral("(");
    QVERIFY(patternOf(query).has_value()); // a bracket as such
    query.isRegex = true;

    const auto pattern = patternOf(query);

    QVERIFY(!pattern.has_value());
    QVERIFY(pattern.error().message.startsWith(QStringLiteral("The pattern is not valid: ")));
    QVERIFY(findInNotebook(NotebookDocument(), query).empty());
}

void TestSearch::replaces_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("isRegex");
    QTest::addColumn<QString>("replacement");
    QTest::addColumn<int>("count");
    QTest::addColumn<QString>("first"); // source of the first cell afterwards
    QTest::newRow("longer") << "value" << false << "number$1" << 4
                            << "number$1 = 1\nnumber$1 = number$1_2";
    QTest::newRow("away") << " = " << false << "" << 2 << "value1\nVALUEvalue_2";
    QTest::newRow("groups") << "(\\w+) = (\\w+)" << true << "$2 == \\1 ($0)" << 2
                            << "1 == value (value = 1)\nvalue_2 == VALUE (VALUE = value_2)";
    QTest::newRow("line break and dollar")
        << "\\n"
        << true << "\\n\\n$$" << 1 << "value = 1\n\n$VALUE = value_2";
}

void TestSearch::replaces()
{
    QFETCH(QString, text);
    QFETCH(bool, isRegex);
    QFETCH(QString, replacement);
    QFETCH(int, count);
    QFETCH(QString, first);
    NotebookDocument document;
    fill(document);
    const QString before = document.cellAt(0).source;
    SearchQuery query;
    query.text = text;
    query.isRegex = isRegex;
    query.inOutputs = true;

    const int replaced =
        replaceInNotebook(document, findInNotebook(document, query), query, replacement);

    QCOMPARE(replaced, count);
    QCOMPARE(document.cellAt(0).source, first);
    document.undo();
    QCOMPARE(document.cellAt(0).source, before);
    QVERIFY(!document.canUndo());
}

void TestSearch::staleHitsAreLeftAlone()
{
    NotebookDocument document;
    fill(document);
    SearchQuery query;
    query.text = QStringLiteral("value");
    const std::vector<SearchHit> hits = findInNotebook(document, query);
    const CellId second = document.cellAt(1).id;
    document.removeCells(std::span(&second, 1));
    document.editSource(document.cellAt(0).id, 0, 1, QStringLiteral("V_"));

    QCOMPARE(replaceInNotebook(document, hits, query, QStringLiteral("n")), 0);
}

void TestSearch::limitIsKept()
{
    NotebookDocument document;
    document.setSource(document.cellAt(0).id, QString(1000, QLatin1Char('a')));
    SearchQuery query;
    query.text = QStringLiteral("a");

    QCOMPARE(findInNotebook(document, query, 10).size(), size_t{10});
}

// The document goes on changing meanwhile.
void TestSearch::anotherThreadSearchesWhatWas()
{
    NotebookDocument document;
    fill(document);
    const CellId id = document.cellAt(0).id;
    SearchQuery query;
    query.text = QStringLiteral("value");
    query.inOutputs = true;
    const std::vector<SearchHit> expected = findInNotebook(document, query);
    const std::vector<SearchedCell> cells = cellsToSearch(document);
    std::vector<SearchHit> found;

    std::thread other([&] { found = findInCells(cells, query); });
    for (int i = 0; i < 200; ++i)
        document.appendStreamText(id, 0, QStringLiteral("value\n"));
    document.setSource(id, QStringLiteral("nothing"));
    other.join();

    QCOMPARE(places(document, found), places(document, expected));
    for (const SearchHit &hit : found) {
        if (hit.place != SearchPlace::Output)
            continue;
        const Output &output = cells[0].outputs.items()[static_cast<size_t>(hit.output)];
        QCOMPARE(hit.position + hit.fromEnd, static_cast<int>(searchableText(output).size()));
    }
    const std::atomic<bool> cancelled = true;
    QVERIFY(findInCells(cells, query, 10, &cancelled).empty());
}

QTEST_GUILESS_MAIN(TestSearch)
#include "tst_search.moc"
