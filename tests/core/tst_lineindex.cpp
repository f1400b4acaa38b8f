// The lines of a very long text, and finding in it.
#include "core/notebook/lineindex.h"

#include <QRandomGenerator>
#include <QTest>

using namespace farcell;

class TestLineIndex : public QObject
{
    Q_OBJECT

private slots:
    void lines_data();
    void lines();
    void manyLines();
    void longLinesAreBroken();
    void finds();
    void cancelled();
};

void TestLineIndex::lines_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("expected");

    QTest::newRow("nothing") << QString() << QStringList();
    QTest::newRow("no newline") << QStringLiteral("a") << QStringList{QStringLiteral("a")};
    QTest::newRow("final newline opens no line")
        << QStringLiteral("a\nb\n") << QStringList{QStringLiteral("a"), QStringLiteral("b")};
    QTest::newRow("empty lines") << QStringLiteral("\n\nx")
                                 << QStringList{QString(), QString(), QStringLiteral("x")};
}

void TestLineIndex::lines()
{
    QFETCH(QString, text);
    QFETCH(QStringList, expected);

    const LineIndex index(text);

    QCOMPARE(index.count(), expected.size());
    for (qint64 i = 0; i < index.count(); ++i)
        QCOMPARE(index.line(i).toString(), expected.at(i));
    QCOMPARE(index.startOf(index.count()), text.size());
    QVERIFY(index.line(index.count()).isEmpty());
}

// Against Qt's own split.
void TestLineIndex::manyLines()
{
    QRandomGenerator random(7);
    QString text;
    for (int i = 0; i < 5000; ++i)
        text += QString(random.bounded(60), QChar(u'a' + i % 26)) + u'\n';
    const QStringList expected = text.chopped(1).split(u'\n');
    const LineIndex index(text);

    QCOMPARE(index.count(), expected.size());
    for (qint64 i = 0; i < index.count(); i += 7) {
        QCOMPARE(index.line(i).toString(), expected.at(i));
        QCOMPARE(index.lineAt(index.startOf(i)), i);
        QCOMPARE(index.lineAt(index.startOf(i + 1) - 1), i);
    }
    QCOMPARE(index.lineAt(text.size() + 10), index.count() - 1);
}

void TestLineIndex::longLinesAreBroken()
{
    const QString emoji = QString::fromUtf8("\xf0\x9f\x98\x80"); // two units
    const QString text = u'x' + emoji.repeated(LineIndex::longest) + QStringLiteral("\nend");
    const LineIndex index(text);

    QString joined;
    for (qint64 i = 0; i < index.count() - 1; ++i) {
        const QStringView line = index.line(i);
        QVERIFY(line.size() <= LineIndex::longest);
        QVERIFY(!line.back().isHighSurrogate());
        joined += line;
    }
    QCOMPARE(joined, text.first(text.indexOf(u'\n')));
    QCOMPARE(index.line(index.count() - 1).toString(), QStringLiteral("end"));
    QVERIFY(index.widest() <= LineIndex::longest);
}

// Also where the pieces meet in which it is searched.
void TestLineIndex::finds()
{
    constexpr qsizetype piece = qsizetype{4} << 20;
    QString text(2 * piece + 100, u'.');
    const std::vector<qsizetype> places = {
        0, 5, piece - 3, piece + 4, 2 * piece - 6, text.size() - 6};
    for (const qsizetype at : places)
        text.replace(at, 5, QStringLiteral("Aaaaa"));

    QCOMPARE(findAll(text, QStringLiteral("aaaaa"), Qt::CaseInsensitive, 100), places);
    QVERIFY(findAll(text, QStringLiteral("aaaaa"), Qt::CaseSensitive, 100).empty());
    QCOMPARE(findAll(text, QStringLiteral("aaaaa"), Qt::CaseInsensitive, 2).size(), size_t{2});
    QVERIFY(findAll(text, QString(), Qt::CaseInsensitive, 2).empty());
    QCOMPARE(findAll(QStringLiteral("aaaa"), QStringLiteral("aa"), Qt::CaseSensitive, 9),
             (std::vector<qsizetype>{0, 2})); // they do not overlap
}

void TestLineIndex::cancelled()
{
    const std::atomic<bool> stop = true;
    const QString text = QStringLiteral("a\n").repeated(1000);

    QCOMPARE(LineIndex(text, &stop).count(), 0);
    QVERIFY(findAll(text, QStringLiteral("a"), Qt::CaseSensitive, 10, &stop).empty());
}

QTEST_GUILESS_MAIN(TestLineIndex)
#include "tst_lineindex.moc"
