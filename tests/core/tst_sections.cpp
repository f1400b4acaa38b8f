// The outline and which sections are collapsed.
#include "core/notebook/collapse.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

#include <QSignalSpy>
#include <QTest>

using namespace farcell;

namespace {

// One cell for each text; "$" in front makes it a code cell.
void fill(NotebookDocument &document, const QStringList &sources, const char *metadata = "{}")
{
    NotebookContent content;
    content.metadata = JsonText(QByteArray(metadata));
    int number = 0;
    for (const QString &source : sources) {
        Cell cell;
        const bool isCode = source.startsWith(QLatin1Char('$'));
        cell.kind = isCode ? CellKind::Code : CellKind::Markdown;
        cell.typeName = isCode ? QStringLiteral("code") : QStringLiteral("markdown");
        cell.source = isCode ? source.mid(1) : source;
        cell.metadata = JsonText(R"({"id": "i)" + QByteArray::number(number++) + "\"}");
        content.cells.push_back(cell);
    }
    document.setContent(std::move(content));
}

QString hidden(const NotebookDocument &document, const SectionFolds &folds)
{
    QString marks;
    for (int i = 0; i < document.cellCount(); ++i)
        marks += folds.isHidden(i) ? QLatin1Char('.') : QLatin1Char('x');
    return marks;
}

const QStringList sample{QStringLiteral("# A"), QStringLiteral("$a"),   QStringLiteral("## B"),
                         QStringLiteral("$b"),  QStringLiteral("text"), QStringLiteral("## C"),
                         QStringLiteral("# D"), QStringLiteral("$d")};

} // namespace

class TestSections : public QObject
{
    Q_OBJECT

private slots:
    void headings_data();
    void headings();
    void sectionsNest();
    void collapsing();
    void revealOpensAllAround();
    void movingAHeadingTakesItsSection();
    void editsKeepTheStateRight();
    void readsEveryForm_data();
    void readsEveryForm();
    void savesInTheFormOfTheFile_data();
    void savesInTheFormOfTheFile();
    void hiddenPartsAreWrittenAsTheFileDoes_data();
    void hiddenPartsAreWrittenAsTheFileDoes();
};

void TestSections::headings_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<int>("level"); // 0: no heading
    QTest::addColumn<QString>("title");
    QTest::newRow("plain") << "# Title" << 1 << "Title";
    QTest::newRow("deepest") << "###### x" << 6 << "x";
    QTest::newRow("too deep") << "####### x" << 0 << "";
    QTest::newRow("no space") << "#Title" << 0 << "";
    QTest::newRow("empty title") << "##" << 2 << "";
    QTest::newRow("closing marks") << "## Title ##" << 2 << "Title";
    QTest::newRow("blank lines before") << "\n  \n# Title\ntext" << 1 << "Title";
    QTest::newRow("text before") << "text\n# Title" << 0 << "";
    QTest::newRow("three spaces before") << "   # Title" << 1 << "Title";
    QTest::newRow("four spaces are code") << "    # Title" << 0 << "";
    QTest::newRow("in fenced code") << "```\n# Title\n```" << 0 << "";
    QTest::newRow("underlined with =") << "Title\n=====\ntext" << 1 << "Title";
    QTest::newRow("underlined with -") << "Title\n---" << 2 << "Title";
    QTest::newRow("list above a rule") << "- item\n---" << 0 << "";
    QTest::newRow("bold, code, link")
        << "# **Bold** `code` [link](http://x) _it_ a_b_c" << 1 << "Bold code link it a_b_c";
    QTest::newRow("picture and tag")
        << "# ![logo](a.png) <b>x</b> 2 * 3 * 4" << 1 << "logo x 2 * 3 * 4";
    QTest::newRow("Windows line end") << "# Title\r\ntext" << 1 << "Title";
    QTest::newRow("empty") << "" << 0 << "";
}

void TestSections::headings()
{
    QFETCH(QString, source);
    QFETCH(int, level);
    QFETCH(QString, title);
    NotebookDocument document;
    fill(document, {source});

    const std::vector<Section> sections = outlineOf(document);

    QCOMPARE(sections.size(), size_t(level > 0 ? 1 : 0));
    if (level > 0) {
        QCOMPARE(sections[0].level, level);
        QCOMPARE(sections[0].title, title);
    }
}

void TestSections::sectionsNest()
{
    NotebookDocument document;
    fill(document, sample);

    QStringList found;
    for (const Section &section : outlineOf(document))
        found.append(QStringLiteral("%1%2:%3-%4")
                         .arg(section.title)
                         .arg(section.level)
                         .arg(section.first)
                         .arg(section.end));

    QCOMPARE(found.join(QLatin1Char(' ')), QStringLiteral("A1:0-6 B2:2-5 C2:5-6 D1:6-8"));
}

void TestSections::collapsing()
{
    NotebookDocument document;
    fill(document, sample);
    SectionFolds folds(document);
    const QSignalSpy changed(&folds, &SectionFolds::changed);
    const CellId a = document.cellAt(0).id;
    const CellId b = document.cellAt(2).id;

    folds.setCollapsed(b, true);
    QCOMPARE(hidden(document, folds), QStringLiteral("xxx..xxx"));
    QCOMPARE(folds.hiddenCount(b), 2);
    folds.setCollapsed(a, true);
    QCOMPARE(hidden(document, folds), QStringLiteral("x.....xx"));
    QCOMPARE(folds.hiddenCells(a).size(), size_t{5});
    folds.setCollapsed(a, false); // what was closed inside stays closed
    QCOMPARE(hidden(document, folds), QStringLiteral("xxx..xxx"));
    folds.setCollapsed(document.cellAt(1).id, true); // no heading
    folds.setAllCollapsed(true);
    QCOMPARE(hidden(document, folds), QStringLiteral("x.....x."));
    folds.setAllCollapsed(false);
    QCOMPARE(hidden(document, folds), QStringLiteral("xxxxxxxx"));
    QCOMPARE(changed.size(), 5);
    QVERIFY(!document.isModified()); // collapsing is no edit
}

void TestSections::revealOpensAllAround()
{
    NotebookDocument document;
    fill(document, sample);
    SectionFolds folds(document);
    folds.setAllCollapsed(true);

    folds.reveal(document.cellAt(3).id);

    QCOMPARE(hidden(document, folds), QStringLiteral("xxxxxxx."));
    QVERIFY(folds.isCollapsed(document.cellAt(6).id));
}

void TestSections::movingAHeadingTakesItsSection()
{
    NotebookDocument document;
    fill(document, sample);
    SectionFolds folds(document);
    const CellId b = document.cellAt(2).id;
    const CellId d = document.cellAt(6).id;
    folds.setCollapsed(b, true);
    const std::vector<CellId> chosen{d, b};

    const std::vector<CellId> moved = folds.withHiddenCells(chosen);

    QCOMPARE(moved.size(), size_t{4}); // B with its two cells, and D alone: it is open
    document.moveCells(moved, 0);
    QCOMPARE(document.cellAt(2).source, QStringLiteral("text"));
    QCOMPARE(hidden(document, folds), QStringLiteral("x..xxxxx"));
}

void TestSections::editsKeepTheStateRight()
{
    NotebookDocument document;
    fill(document, sample);
    SectionFolds folds(document);
    const CellId b = document.cellAt(2).id;
    folds.setCollapsed(b, true);

    document.insertCell(4, CellKind::Code);
    QCOMPARE(hidden(document, folds), QStringLiteral("xxx...xxx"));
    document.setSource(b, QStringLiteral("no heading"));
    QCOMPARE(hidden(document, folds), QStringLiteral("xxxxxxxxx"));
    document.undo();
    QCOMPARE(hidden(document, folds), QStringLiteral("xxx...xxx"));
    document.setKind(b, CellKind::Code);
    QCOMPARE(hidden(document, folds), QStringLiteral("xxxxxxxxx"));
}

void TestSections::readsEveryForm_data()
{
    QTest::addColumn<QByteArray>("notebook");
    QTest::addColumn<QByteArray>("cell");
    QTest::newRow("Colab") << QByteArray(R"({"colab": {"collapsed_sections": ["i0", "gone"]}})")
                           << QByteArray(R"({"id": "i0"})");
    QTest::newRow("JupyterLab") << QByteArray("{}")
                                << QByteArray(R"({"jp-MarkdownHeadingCollapsed": true})");
    QTest::newRow("classic") << QByteArray("{}") << QByteArray(R"({"heading_collapsed": true})");
}

void TestSections::readsEveryForm()
{
    QFETCH(QByteArray, notebook);
    QFETCH(QByteArray, cell);
    NotebookDocument document;
    SectionFolds folds(document);
    fill(document, sample);
    NotebookContent content = document.content();
    content.metadata = JsonText(notebook);
    content.cells[0].metadata = JsonText(cell);

    document.setContent(content);

    QCOMPARE(hidden(document, folds), QStringLiteral("x.....xx"));
}

void TestSections::savesInTheFormOfTheFile_data()
{
    QTest::addColumn<QByteArray>("notebook");
    QTest::addColumn<QByteArray>("cell"); // metadata of D, which is collapsed in the file
    QTest::addColumn<QByteArray>("notebookAfter");
    QTest::addColumn<QByteArray>("aAfter"); // metadata of A, which is collapsed now
    QTest::addColumn<QByteArray>("dAfter");

    QTest::newRow("Colab keeps ids it does not know")
        << QByteArray(R"({"colab":{"name":"n","collapsed_sections":["gone","i6"]}})")
        << QByteArray(R"({"id": "i6"})")
        << QByteArray(R"({"colab":{"name":"n","collapsed_sections":["gone","i0"]}})")
        << QByteArray(R"({"id": "i0"})") << QByteArray(R"({"id": "i6"})");
    QTest::newRow("JupyterLab") << QByteArray("{}")
                                << QByteArray(R"({"jp-MarkdownHeadingCollapsed": true})")
                                << QByteArray("{}")
                                << QByteArray(R"({"id":"i0","jp-MarkdownHeadingCollapsed":true})")
                                << QByteArray("{}");
    QTest::newRow("classic") << QByteArray("{}") << QByteArray(R"({"heading_collapsed": true})")
                             << QByteArray("{}")
                             << QByteArray(R"({"id":"i0","heading_collapsed":true})")
                             << QByteArray("{}");
    QTest::newRow("none yet, not Colab")
        << QByteArray("{}") << QByteArray("{}") << QByteArray("{}")
        << QByteArray(R"({"id":"i0","jp-MarkdownHeadingCollapsed":true})") << QByteArray("{}");
}

void TestSections::savesInTheFormOfTheFile()
{
    QFETCH(QByteArray, notebook);
    QFETCH(QByteArray, cell);
    QFETCH(QByteArray, notebookAfter);
    QFETCH(QByteArray, aAfter);
    QFETCH(QByteArray, dAfter);
    NotebookDocument document;
    fill(document, sample, notebook.constData());
    NotebookContent content = document.content();
    content.cells[6].metadata = JsonText(cell);
    document.setContent(content);
    SectionFolds folds(document);
    folds.setAllCollapsed(false);
    folds.setCollapsed(document.cellAt(0).id, true);

    folds.saveLayout();

    QCOMPARE(document.metadata().text(), notebookAfter);
    QCOMPARE(document.cellAt(0).metadata.text(), aAfter);
    QCOMPARE(document.cellAt(6).metadata.text(), dAfter);
    document.undo(); // one step
    QVERIFY(!document.canUndo());
    QCOMPARE(document.cellAt(6).metadata.text(), cell);
}

void TestSections::hiddenPartsAreWrittenAsTheFileDoes_data()
{
    QTest::addColumn<QByteArray>("notebook"); // its metadata
    QTest::addColumn<QByteArray>("shown");    // the cell's metadata
    QTest::addColumn<QByteArray>("source");   // … with the source hidden
    QTest::addColumn<QByteArray>("outputs");  // … with the outputs hidden
    QTest::addColumn<QByteArray>("after");    // … with both shown again
    const auto row = [](const char *name, const char *notebook, const char *shown,
                        const char *source, const char *outputs, const char *after) {
        QTest::newRow(name) << QByteArray(notebook) << QByteArray(shown) << QByteArray(source)
                            << QByteArray(outputs) << QByteArray(after);
    };
    row("as JupyterLab", "{}", R"({"tags":["a"]})",
        R"({"tags":["a"],"jupyter":{"source_hidden":true}})", R"({"tags":["a"],"collapsed":true})",
        R"({"tags":["a"]})");
    row("beside other keys", "{}", R"({"jupyter":{"x":1}})",
        R"({"jupyter":{"x":1,"source_hidden":true}})", R"({"jupyter":{"x":1},"collapsed":true})",
        R"({"jupyter":{"x":1}})");
    row("classic", "{}", R"({"collapsed":false,"hide_input":false})",
        R"({"collapsed":false,"hide_input":true})", R"({"collapsed":true,"hide_input":false})",
        R"({"hide_input":false})");
    row("Colab", R"({"colab":{}})", R"({"id":"x"})", R"({"id":"x","cellView":"form"})",
        R"({"id":"x","collapsed":true})", R"({"id":"x"})");
}

void TestSections::hiddenPartsAreWrittenAsTheFileDoes()
{
    QFETCH(QByteArray, notebook);
    QFETCH(QByteArray, shown);
    QFETCH(QByteArray, source);
    QFETCH(QByteArray, outputs);
    QFETCH(QByteArray, after);
    NotebookContent content;
    content.metadata = JsonText(notebook);
    content.cells.resize(1);
    content.cells[0].metadata = JsonText(shown);
    NotebookDocument document;
    document.setContent(content);
    const CellId id = document.cellAt(0).id;
    const auto metadata = [&document] { return document.cellAt(0).metadata.toJson(); };
    const auto expected = [](const QByteArray &text) { return JsonText(text).toJson(); };

    setSourceCollapsed(document, id, true);
    QVERIFY(metadata() == expected(source));
    QVERIFY(isSourceCollapsed(document.cellAt(0)) && !areOutputsCollapsed(document.cellAt(0)));
    setSourceCollapsed(document, id, false);
    setOutputsCollapsed(document, id, true);
    QVERIFY(metadata() == expected(outputs));
    QVERIFY(!isSourceCollapsed(document.cellAt(0)) && areOutputsCollapsed(document.cellAt(0)));
    setOutputsCollapsed(document, id, false);
    QVERIFY(metadata() == expected(after));
    QVERIFY(document.isModified());
}

QTEST_GUILESS_MAIN(TestSections)
#include "tst_sections.moc"
