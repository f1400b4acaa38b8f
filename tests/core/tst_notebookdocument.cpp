// The document: every edit, its undo and redo, and what it tells the views.
#include "core/notebook/largetext.h"
#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

#include <QSignalSpy>
#include <QTest>

#include <random>

using namespace farcell;

namespace {

QString text(const NotebookDocument &document)
{
    QStringList parts;
    for (int i = 0; i < document.cellCount(); ++i)
        parts.append(document.cellAt(i).source);
    return parts.join(QLatin1Char('|'));
}

// Everything that undo must bring back.
QString snapshot(const NotebookDocument &document)
{
    QString all = QString::fromUtf8(document.metadata().text());
    for (int i = 0; i < document.cellCount(); ++i) {
        const Cell &cell = document.cellAt(i);
        all += QStringLiteral("\n%1 %2 %3 %4 %5")
                   .arg(cell.id.toString(), typeNameOf(cell), cell.source,
                        QString::fromUtf8(cell.metadata.text()),
                        QString::fromUtf8(cell.attachments.text()));
        all += cell.executionCount ? QString::number(*cell.executionCount) : QStringLiteral("-");
        for (const Output &output : cell.outputs.items())
            all += QLatin1Char('>') + output.text;
    }
    return all;
}

void fill(NotebookDocument &document, const QStringList &sources)
{
    NotebookContent content;
    for (const QString &source : sources) {
        Cell cell;
        cell.source = source;
        content.cells.push_back(cell);
    }
    document.setContent(std::move(content));
}

CellId idAt(const NotebookDocument &document, int index)
{
    return document.cellAt(index).id;
}

Output stream(const QString &text)
{
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = QStringLiteral("stdout");
    output.text = text;
    return output;
}

// One random edit by a person; may do nothing.
void editAtRandom(NotebookDocument &document, std::mt19937 &random)
{
    const auto below = [&random](int limit) {
        return limit <= 0 ? 0 : static_cast<int>(random() % static_cast<unsigned>(limit));
    };
    const int count = document.cellCount();
    if (count == 0) {
        document.insertCell(0, CellKind::Code);
        return;
    }
    const CellId id = idAt(document, below(count));
    const std::vector<CellId> some{id, idAt(document, below(count)), idAt(document, below(count))};
    const int size = static_cast<int>(document.findCell(id)->source.size());
    switch (below(14)) {
    case 0:
        document.insertCell(below(count + 1), CellKind::Markdown, QStringLiteral("new\ncell"));
        break;
    case 1:
        document.removeCells(some);
        break;
    case 2:
        document.moveCells(some, below(count + 1));
        break;
    case 3:
    case 4:
    case 5:
        document.editSource(id, below(size + 1), below(4), QStringLiteral("x"));
        break;
    case 6:
        document.setSource(id, QStringLiteral("line\n\U0001f600 %1").arg(below(9)));
        break;
    case 7:
        document.setKind(id, below(2) == 0 ? CellKind::Code : CellKind::Markdown);
        break;
    case 8: {
        const int position = below(size + 1);
        document.splitCell(id, std::span(&position, 1));
        break;
    }
    case 9:
        document.mergeCells(some);
        break;
    case 10:
        document.setCellMetadata(id, {{"n", below(5)}});
        break;
    case 11:
        document.setMetadata({{"m", below(5)}});
        break;
    case 12:
        document.clearOutputs(some);
        break;
    default:
        document.setAttachments(id, JsonText(QByteArrayLiteral("{\"a\": {}}")));
    }
}

} // namespace

class TestNotebookDocument : public QObject
{
    Q_OBJECT

private slots:
    void longStreams();
    void splitKeepsLineEnds();
    void newDocumentHasOneEmptyCell();
    void typingIsOneStep();
    void typingSteps_data();
    void typingSteps();
    void moves_data();
    void moves();
    void splitAndMerge();
    void macroIsOneStep();
    void runCanBeUndone();
    void kernelOutputsAreNoSteps();
    void modifiedFollowsUndo();
    void languageComesFromMetadata();
    void metadataEditKeepsSpelling();
    void signalsTellWhatHappened();
    void snapshotIsNotChangedLater();
    void randomEditsUndoAndRedo_data();
    void randomEditsUndoAndRedo();
};

void TestNotebookDocument::newDocumentHasOneEmptyCell()
{
    const NotebookDocument document;

    QCOMPARE(document.cellCount(), 1);
    QVERIFY(document.cellAt(0).kind == CellKind::Code);
    QVERIFY(document.hasCellIds());
    QCOMPARE(document.cellAt(0).fileId->size(), 8);
    QVERIFY(!document.isModified());
}

void TestNotebookDocument::typingIsOneStep()
{
    NotebookDocument document;
    const CellId id = idAt(document, 0);
    const QString typed = QStringLiteral("import os");
    for (int i = 0; i < typed.size(); ++i)
        document.editSource(id, i, 0, typed.mid(i, 1));

    QCOMPARE(document.undo(), id);

    QCOMPARE(text(document), QString());
    QVERIFY(!document.canUndo());
    document.redo();
    QCOMPARE(text(document), typed);
}

void TestNotebookDocument::typingSteps_data()
{
    QTest::addColumn<QList<QPoint>>("edits"); // x: position, y: 1 insert "a", -1 delete one
    QTest::addColumn<int>("steps");
    QTest::newRow("typing on") << QList<QPoint>{{0, 1}, {1, 1}, {2, 1}} << 1;
    QTest::newRow("typing elsewhere") << QList<QPoint>{{0, 1}, {1, 1}, {0, 1}} << 2;
    QTest::newRow("backspacing") << QList<QPoint>{{5, -1}, {4, -1}, {3, -1}} << 1;
    QTest::newRow("deleting forward") << QList<QPoint>{{2, -1}, {2, -1}, {2, -1}} << 1;
    QTest::newRow("typing, then backspacing") << QList<QPoint>{{0, 1}, {1, 1}, {1, -1}} << 2;
}

void TestNotebookDocument::typingSteps()
{
    QFETCH(QList<QPoint>, edits);
    QFETCH(int, steps);
    NotebookDocument document;
    fill(document, {QStringLiteral("0123456789")});
    const QString before = text(document);

    for (const QPoint &edit : edits)
        document.editSource(idAt(document, 0), edit.x(), edit.y() < 0 ? 1 : 0,
                            edit.y() > 0 ? QStringLiteral("a") : QString());

    int undone = 0;
    for (; document.canUndo(); ++undone)
        document.undo();
    QCOMPARE(undone, steps);
    QCOMPARE(text(document), before);
}

void TestNotebookDocument::moves_data()
{
    QTest::addColumn<QList<int>>("cells");
    QTest::addColumn<int>("to");
    QTest::addColumn<QString>("after");
    QTest::newRow("down") << QList<int>{0} << 3 << "b|c|a|d|e";
    QTest::newRow("up") << QList<int>{3} << 0 << "d|a|b|c|e";
    QTest::newRow("to the end") << QList<int>{1} << 5 << "a|c|d|e|b";
    QTest::newRow("several, in their order") << QList<int>{4, 1} << 3 << "a|c|b|e|d";
    QTest::newRow("onto itself") << QList<int>{2} << 3 << "a|b|c|d|e";
    QTest::newRow("into the middle of the moved") << QList<int>{1, 2, 3} << 2 << "a|b|c|d|e";
}

void TestNotebookDocument::moves()
{
    QFETCH(QList<int>, cells);
    QFETCH(int, to);
    QFETCH(QString, after);
    NotebookDocument document;
    fill(document, QStringLiteral("a|b|c|d|e").split(QLatin1Char('|')));
    std::vector<CellId> ids;
    for (const int index : cells)
        ids.push_back(idAt(document, index));

    document.moveCells(ids, to);

    QCOMPARE(text(document), after);
    for (int i = 0; i < document.cellCount(); ++i)
        QCOMPARE(document.indexOf(idAt(document, i)), i);
    document.undo();
    QCOMPARE(text(document), QStringLiteral("a|b|c|d|e"));
}

void TestNotebookDocument::splitAndMerge()
{
    NotebookDocument document;
    fill(document, {QStringLiteral("a = 1\nb = 2\nc = 3"), QStringLiteral("z")});
    const CellId first = idAt(document, 0);
    const std::vector<int> positions{6, 11}; // after a line break, before a line break

    document.splitCell(first, positions);
    QCOMPARE(text(document), QStringLiteral("a = 1|b = 2|c = 3|z"));
    QCOMPARE(idAt(document, 0), first);
    const std::vector<CellId> parts{idAt(document, 2), first, idAt(document, 1)};
    document.mergeCells(parts);
    QCOMPARE(text(document), QStringLiteral("a = 1\nb = 2\nc = 3|z"));
    QCOMPARE(idAt(document, 0), first);
    document.undo();
    QCOMPARE(text(document), QStringLiteral("a = 1|b = 2|c = 3|z"));
    document.undo();
    QVERIFY(!document.canUndo());
}

void TestNotebookDocument::macroIsOneStep()
{
    NotebookDocument document;
    fill(document, {QStringLiteral("a")});

    document.beginMacro();
    document.insertCell(1, CellKind::Code, QStringLiteral("b"));
    document.beginMacro();
    document.editSource(idAt(document, 0), 0, 1, QStringLiteral("A"));
    document.endMacro();
    document.endMacro();
    document.beginMacro(); // an empty one is no step
    document.endMacro();

    QCOMPARE(text(document), QStringLiteral("A|b"));
    document.undo();
    QCOMPARE(text(document), QStringLiteral("a"));
    QVERIFY(!document.canUndo());
    document.redo();
    QCOMPARE(text(document), QStringLiteral("A|b"));
}

void TestNotebookDocument::runCanBeUndone()
{
    NotebookDocument document;
    const CellId id = idAt(document, 0);
    document.startOutputs(id); // nothing to lose: no step
    QVERIFY(!document.canUndo());
    document.appendOutput(id, stream(QStringLiteral("old")));
    document.setExecutionCount(id, 1);

    document.startOutputs(id);
    document.appendOutput(id, stream(QStringLiteral("new")));
    document.setExecutionCount(id, 2);

    document.undo();
    QCOMPARE(document.cellAt(0).outputs.items().at(0).text, QStringLiteral("old"));
    QVERIFY(document.cellAt(0).executionCount == 1);
    document.redo();
    QCOMPARE(document.cellAt(0).outputs.items().at(0).text, QStringLiteral("new"));
    QVERIFY(document.cellAt(0).executionCount == 2);
}

void TestNotebookDocument::kernelOutputsAreNoSteps()
{
    NotebookDocument document;
    const CellId id = idAt(document, 0);

    document.appendOutput(id, stream(QStringLiteral("a")));
    document.appendStreamText(id, 0, QStringLiteral("b"));
    document.appendStreamText(id, 7, QStringLiteral("nowhere"));
    document.mergeCellMetadata(id, {{"execution", {{"t", 1}}}});
    document.mergeCellMetadata(id, {{"execution", {{"u", 2}}}});
    document.appendOutput(CellId(QStringLiteral("gone")), stream(QStringLiteral("c")));

    QCOMPARE(document.cellAt(0).outputs.items().at(0).text, QStringLiteral("ab"));
    QCOMPARE(document.cellAt(0).metadata.text(), QByteArray(R"({"execution":{"t":1,"u":2}})"));
    QVERIFY(!document.canUndo());
    QVERIFY(document.isModified());
    document.truncateOutputs(id);
    QVERIFY(document.cellAt(0).outputs.isEmpty());
}

void TestNotebookDocument::modifiedFollowsUndo()
{
    NotebookDocument document;
    fill(document, {QStringLiteral("a")});
    const QSignalSpy modified(&document, &NotebookDocument::modifiedChanged);
    const CellId id = idAt(document, 0);

    document.editSource(id, 1, 0, QStringLiteral("b"));
    QVERIFY(document.isModified());
    document.markSaved();
    document.editSource(id, 2, 0, QStringLiteral("c")); // typed on, but after a save
    QVERIFY(document.isModified());
    document.undo();
    QVERIFY(!document.isModified());
    QCOMPARE(text(document), QStringLiteral("ab"));
    document.undo();
    QVERIFY(document.isModified());
    document.editSource(id, 0, 0, QStringLiteral("x")); // the saved state cannot come back
    document.undo();
    QVERIFY(document.isModified());
    QCOMPARE(modified.size(), 5);
    document.markSaved();
    QVERIFY(!document.isModified());
}

void TestNotebookDocument::languageComesFromMetadata()
{
    NotebookDocument document;
    QCOMPARE(document.language(), QStringLiteral("python"));
    document.setMetadata({{"kernelspec", {{"name", "ir"}}}});
    QCOMPARE(document.language(), QStringLiteral("r"));
    QCOMPARE(document.kernelName(), QStringLiteral("ir"));
    document.setMetadata({{"language_info", {{"name", "Julia"}}}, {"kernelspec", 5}});
    QCOMPARE(document.language(), QStringLiteral("julia"));
    document.undo();
    QCOMPARE(document.language(), QStringLiteral("r"));
}

void TestNotebookDocument::metadataEditKeepsSpelling()
{
    NotebookDocument document;
    NotebookContent content;
    content.metadata =
        JsonText(QByteArrayLiteral(R"({"a": 1E0, "b": [1,  2], "c": {"d": "\u0041"}})"));
    document.setContent(std::move(content));
    nlohmann::ordered_json metadata = document.metadata().toJson();
    metadata["c"]["e"] = true;

    document.setMetadata(metadata);

    QCOMPARE(document.metadata().text(),
             QByteArray(R"({"a":1E0,"b":[1,  2],"c":{"d":"\u0041","e":true}})"));
}

void TestNotebookDocument::signalsTellWhatHappened()
{
    NotebookDocument document;
    fill(document, {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")});
    const QSignalSpy inserted(&document, &NotebookDocument::cellsInserted);
    const QSignalSpy removed(&document, &NotebookDocument::cellsRemoved);
    const QSignalSpy edited(&document, &NotebookDocument::sourceEdited);

    const std::vector<CellId> ends{idAt(document, 0), idAt(document, 2)};
    document.removeCells(ends);
    QCOMPARE(removed.size(), 2); // two runs, the last one first
    QCOMPARE(removed.at(0), QVariantList({2, 1}));
    QCOMPARE(removed.at(1), QVariantList({0, 1}));
    document.undo();
    QCOMPARE(inserted.size(), 2);
    QCOMPARE(text(document), QStringLiteral("a|b|c"));
    document.setSource(idAt(document, 1), QStringLiteral("bb"));
    QCOMPARE(edited.at(0).mid(1), QVariantList({1, 0, 1}));
}

void TestNotebookDocument::snapshotIsNotChangedLater()
{
    NotebookDocument document;
    const CellId id = idAt(document, 0);
    document.appendOutput(id, stream(QStringLiteral("a")));
    const NotebookContent content = document.content();

    document.appendStreamText(id, 0, QStringLiteral("b"));
    document.editSource(id, 0, 0, QStringLiteral("x"));

    QCOMPARE(content.cells.at(0).outputs.items().at(0).text, QStringLiteral("a"));
    QCOMPARE(content.cells.at(0).source, QString());
}

void TestNotebookDocument::randomEditsUndoAndRedo_data()
{
    QTest::addColumn<unsigned>("seed");
    for (unsigned seed = 1; seed <= 40; ++seed)
        QTest::addRow("seed %u", seed) << seed;
}

void TestNotebookDocument::randomEditsUndoAndRedo()
{
    QFETCH(unsigned, seed);
    std::mt19937 random(seed);
    NotebookDocument document;
    fill(document,
         {QStringLiteral("one"), QStringLiteral("two\nlines"), QStringLiteral("# three")});
    for (int i = 0; i < 3; ++i)
        document.appendOutput(idAt(document, i), stream(QStringLiteral("out %1").arg(i)));
    const QString start = snapshot(document);
    for (int i = 0; i < 60; ++i)
        editAtRandom(document, random);

    // Back to the start, remembering the way; there again; and once more from the middle.
    QStringList states{snapshot(document)};
    while (document.canUndo()) {
        document.undo();
        states.prepend(snapshot(document));
    }
    QCOMPARE(states.front(), start);
    for (int i = 1; document.canRedo(); ++i) {
        document.redo();
        QCOMPARE(snapshot(document), states.at(i));
    }
    QCOMPARE(snapshot(document), states.back());
    for (qsizetype i = states.size() - 2; i >= states.size() / 2; --i) {
        document.undo();
        QCOMPARE(snapshot(document), states.at(i));
    }
    for (int i = 0; i < document.cellCount(); ++i)
        QCOMPARE(document.indexOf(idAt(document, i)), i);
}

// Text of a flood is kept in a file, and neither undo nor copies notice.
void TestNotebookDocument::longStreams()
{
    NotebookDocument document;
    const CellId id = idAt(document, 0);
    document.appendOutput(id, stream(QStringLiteral("0\n")));
    QString expected = QStringLiteral("0\n");
    const QString line = QString::fromUtf8("größer 漢字\n");
    for (int i = 0; i < 40; ++i) {
        const QString more = line.repeated(20'000) + QString::number(i) + QLatin1Char('\n');
        expected += more;
        document.appendStreamText(id, 0, more);
    }
    QVERIFY(isLargeText(document.cellAt(0).outputs.items()[0].text));
    QVERIFY(document.cellAt(0).outputs.items()[0].text == expected);

    const NotebookContent before = document.content(); // as saving takes it
    document.appendStreamText(id, 0, QStringLiteral("end"));
    QVERIFY(before.cells[0].outputs.items()[0].text == expected);
    QVERIFY(document.cellAt(0).outputs.items()[0].text == expected + QStringLiteral("end"));
    QString changed = document.cellAt(0).outputs.items()[0].text;
    changed += QLatin1Char('!');
    changed[0] = QLatin1Char('1');
    QVERIFY(!isLargeText(changed));
    QVERIFY(document.cellAt(0).outputs.items()[0].text == expected + QStringLiteral("end"));

    document.startOutputs(id); // run again …
    document.appendOutput(id, stream(QStringLiteral("new")));
    document.undo();
    QVERIFY(document.cellAt(0).outputs.items()[0].text == expected + QStringLiteral("end"));
    document.appendStreamText(id, 0, QStringLiteral("?"));
    QVERIFY(document.cellAt(0).outputs.items()[0].text == expected + QStringLiteral("end?"));
}

void TestNotebookDocument::splitKeepsLineEnds()
{
    for (const int cut : {3, 5}) {
        NotebookDocument document;
        fill(document, {QStringLiteral("abc\r\ndef")});
        document.splitCell(idAt(document, 0), std::vector<int>{cut});
        QCOMPARE(text(document), QStringLiteral("abc|def"));
    }
}

QTEST_GUILESS_MAIN(TestNotebookDocument)
#include "tst_notebookdocument.moc"
