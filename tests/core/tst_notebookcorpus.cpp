// Reads and writes every notebook of the corpus: unedited files come back byte for byte, an edit
// changes the lines of its own cell only, and broken files are refused at the right place.
#include "core/nbformat/filestyle.h"
#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/corpus.h"

#include <nlohmann/json.hpp>

#include <QRegularExpression>
#include <QTest>

using namespace farcell;

namespace {

// Where Python's json module stops, by file; read from the tables that come with the corpus.
QHash<QString, QString> knownFaults()
{
    QHash<QString, QString> faults;
    static const QRegularExpression place(QStringLiteral("line (\\d+) column (\\d+) ?"));
    for (const auto &[table, folder] :
         {std::pair("corpus/MANIFEST.csv", "corpus/"),
          std::pair("corpus-synthetic/EXPECT.csv", "corpus-synthetic/")}) {
        const QString text = QString::fromUtf8(testing::corpusBytes(QString::fromLatin1(table)));
        for (const QString &row : text.split(QLatin1Char('\n'))) {
            const auto match = place.match(row);
            const QString name = row.section(QLatin1Char(','), 0, 0);
            // Python reads neither a byte order mark nor UTF-16; we do.
            if (match.hasMatch() && !row.contains(QLatin1String("UTF-8 BOM")) &&
                !row.contains(QLatin1String("UTF16")))
                faults.insert(QLatin1String(folder) + name,
                              match.captured(1) + QLatin1Char(':') + match.captured(2));
        }
    }
    return faults;
}

// Files that hold no notebook at all, and what is said about them.
QHash<QString, QString> knownRefusals()
{
    const auto name = [](const char *file) {
        return QStringLiteral("corpus-synthetic/%1.ipynb").arg(QLatin1String(file));
    };
    return {
        {name("cesu8_surrogates"), QStringLiteral("not UTF-8")},
        {name("invalid_utf8_byte"), QStringLiteral("not UTF-8")},
        {name("latin1"), QStringLiteral("not UTF-8")},
        {name("overlong_utf8"), QStringLiteral("not UTF-8")},
        {name("json_array"), QStringLiteral("no object")},
        {name("json_null"), QStringLiteral("no object")},
        {name("json_number"), QStringLiteral("no object")},
        {name("json_string"), QStringLiteral("no object")},
        {name("json_object_empty"), QStringLiteral("no \"cells\"")},
        {name("nbformat_0"), QStringLiteral("version 0")},
        {name("nbformat_5_0"), QStringLiteral("version 5")},
        {name("nbformat_99"), QStringLiteral("version 99")},
        {name("nbformat_negative"), QStringLiteral("version -1")},
        {name("merge_conflict_INVALID"), QStringLiteral("git conflict markers")},
        {name("empty_0_bytes"), QStringLiteral("empty")},
        {name("whitespace_only"), QStringLiteral("empty")},
        {QStringLiteral("corpus/microsoft__vscode-jupyter/"
                        "resources__startNativeNotebooks@e69de29b.ipynb"),
         QStringLiteral("empty")},
    };
}

// The same text but for one stretch: what differs, as [begin, end) of each.
struct Difference
{
    qsizetype begin = 0;
    qsizetype endBefore = 0;
    qsizetype endAfter = 0;
};

Difference differenceOf(const QByteArray &before, const QByteArray &after)
{
    const qsizetype shorter = std::min(before.size(), after.size());
    qsizetype head = 0;
    while (head < shorter && before[head] == after[head])
        ++head;
    qsizetype tail = 0;
    while (tail < shorter - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
        ++tail;
    return {head, before.size() - tail, after.size() - tail};
}

// Where a cell stands in its file; not for UTF-16.
std::pair<qsizetype, qsizetype> placeOfCell(const NotebookContent &content, int index)
{
    const QByteArray &raw = content.cells.at(static_cast<size_t>(index)).origin->raw;
    const FileStyle &file = *content.style;
    const qsizetype begin = raw.constData() - file.text.constData();
    const qsizetype mark = file.bytes.size() - file.text.size();
    return {begin + mark, begin + mark + raw.size()};
}

Output sampleOutput()
{
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = QStringLiteral("stdout");
    output.text = QStringLiteral("caf\u00e9 \"1\"\nline/2 <b>\n");
    return output;
}

} // namespace

class TestNotebookCorpus : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void comesBackByteForByte_data() { addFiles(); }
    void comesBackByteForByte();
    void sourceEditStaysInItsCell_data() { addFiles(); }
    void sourceEditStaysInItsCell();
    void outputEditStaysInItsCell_data() { addFiles(); }
    void outputEditStaysInItsCell();
    void structureEditsCanBeRead_data() { addFiles(); }
    void structureEditsCanBeRead();

private:
    static void addFiles();
    const QHash<QString, QString> m_faults = knownFaults();
    const QHash<QString, QString> m_refusals = knownRefusals();
};

void TestNotebookCorpus::initTestCase()
{
    if (testing::corpusRoot().isEmpty())
        QSKIP("no notebook corpus (FARCELL_CORPUS_ROOT): the whole test");
}

void TestNotebookCorpus::addFiles()
{
    QTest::addColumn<QString>("file");
    for (const char *folder : {"corpus", "corpus-synthetic"}) {
        for (const QString &file : testing::corpusFiles(QString::fromLatin1(folder)))
            QTest::newRow(file.toUtf8().constData()) << file;
    }
}

void TestNotebookCorpus::comesBackByteForByte()
{
    QFETCH(QString, file);
    const QByteArray bytes = testing::corpusBytes(file);

    const Result<NotebookContent> content = readNotebook(bytes);

    if (m_refusals.contains(file)) {
        QVERIFY(!content.has_value());
        QVERIFY2(content.error().message.contains(m_refusals[file]),
                 qPrintable(content.error().message));
    }
    if (m_faults.contains(file)) {
        QVERIFY2(!content.has_value(), "a broken file was read");
        QCOMPARE(content.error().message.section(QStringLiteral(": "), 0, 0), m_faults[file]);
    } else if (!m_refusals.contains(file)) {
        QVERIFY2(content.has_value(), qPrintable(content ? QString() : content.error().message));
        QCOMPARE(writeNotebook(*content), bytes);
    }
}

void TestNotebookCorpus::sourceEditStaysInItsCell()
{
    QFETCH(QString, file);
    const QByteArray bytes = testing::corpusBytes(file);
    const Result<NotebookContent> content = readNotebook(bytes);
    if (!content || content->cells.empty() || bytes.contains('\0'))
        return; // refused, empty or UTF-16: nothing to compare by place
    NotebookContent upgraded = *content;
    QByteArray before = bytes;
    if (content->convertedFromV3) {
        upgradeToV4(upgraded);
        upgraded = readNotebook(before = writeNotebook(upgraded)).value();
    }
    NotebookDocument document;
    document.setContent(upgraded);
    const int index = document.cellCount() / 2;
    const CellId id = document.cellAt(index).id;
    const auto [cellBegin, cellEnd] = placeOfCell(upgraded, index);

    document.editSource(id, 0, 0, QStringLiteral("# \u00e9\n"));
    const QByteArray after = writeNotebook(document.content());

    const Difference difference = differenceOf(before, after);
    QVERIFY2(difference.begin >= cellBegin && difference.endBefore <= cellEnd,
             qPrintable(QStringLiteral("changed %1..%2, the cell is %3..%4")
                            .arg(difference.begin)
                            .arg(difference.endBefore)
                            .arg(cellBegin)
                            .arg(cellEnd)));
    const Result<NotebookContent> again = readNotebook(after);
    QVERIFY2(again.has_value(), qPrintable(again ? QString() : again.error().message));
    const auto at = static_cast<size_t>(index);
    QCOMPARE(again->cells.at(at).source, document.cellAt(index).source);
    QCOMPARE(again->cells.at(at).metadata, upgraded.cells.at(at).metadata);
    QCOMPARE(again->cells.at(at).outputs.text(), upgraded.cells.at(at).outputs.text());
    document.undo();
    QCOMPARE(writeNotebook(document.content()), before);
}

void TestNotebookCorpus::outputEditStaysInItsCell()
{
    QFETCH(QString, file);
    const QByteArray bytes = testing::corpusBytes(file);
    const Result<NotebookContent> content = readNotebook(bytes);
    if (!content || content->convertedFromV3 || bytes.contains('\0'))
        return;
    NotebookDocument document;
    document.setContent(*content);
    for (int index = 0; index < document.cellCount(); ++index) {
        if (document.cellAt(index).kind != CellKind::Code)
            continue;
        const CellId id = document.cellAt(index).id;
        const auto [cellBegin, cellEnd] = placeOfCell(*content, index);
        const auto outputs = document.cellAt(index).outputs.items();

        document.appendOutput(id, sampleOutput());
        const QByteArray after = writeNotebook(document.content());

        const Difference difference = differenceOf(bytes, after);
        QVERIFY(difference.begin >= cellBegin && difference.endBefore <= cellEnd);
        const Result<NotebookContent> again = readNotebook(after);
        QVERIFY2(again.has_value(), qPrintable(again ? QString() : again.error().message));
        const auto &now = again->cells.at(static_cast<size_t>(index)).outputs.items();
        QCOMPARE(now.size(), outputs.size() + 1);
        QCOMPARE(now.back().text, sampleOutput().text);
        for (size_t i = 0; i < outputs.size(); ++i)
            QCOMPARE(now[i].origin, outputs[i].origin);
        break;
    }
}

void TestNotebookCorpus::structureEditsCanBeRead()
{
    QFETCH(QString, file);
    const Result<NotebookContent> content = readNotebook(testing::corpusBytes(file));
    if (!content || content->convertedFromV3)
        return;
    NotebookDocument document;
    document.setContent(*content);
    document.insertCell(0, CellKind::Code, QStringLiteral("first = 1"));
    document.insertCell(document.cellCount(), CellKind::Markdown, QStringLiteral("last\ncell"));
    const CellId last = document.cellAt(document.cellCount() - 1).id;
    document.moveCells(std::span(&last, 1), document.cellCount() / 2);
    const CellId second = document.cellAt(1).id;
    document.removeCells(std::span(&second, 1));
    document.setMetadata({{"kernelspec", {{"name", "ir"}}}, {"extra", {1, 2.5, nullptr}}});

    const Result<NotebookContent> again = readNotebook(writeNotebook(document.content()));

    QVERIFY2(again.has_value(), qPrintable(again ? QString() : again.error().message));
    QCOMPARE(static_cast<int>(again->cells.size()), document.cellCount());
    for (int i = 0; i < document.cellCount(); ++i)
        QCOMPARE(again->cells[static_cast<size_t>(i)].source, document.cellAt(i).source);
    NotebookDocument reread;
    reread.setContent(*again);
    QCOMPARE(reread.kernelName(), QStringLiteral("ir"));
}

QTEST_GUILESS_MAIN(TestNotebookCorpus)
#include "tst_notebookcorpus.moc"
