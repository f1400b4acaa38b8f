#include "app/celllist/heightindex.h"

#include <QRandomGenerator>
#include <QTest>

#include <numeric>

using namespace farcell;

// HeightIndex against a plain sum.
class TestHeightIndex : public QObject
{
    Q_OBJECT

private slots:
    void randomEdits_data();
    void randomEdits();
    void emptyIndex();
    void allHidden();
    void outsideIsNearest();
};

namespace {

int plainRowAt(const std::vector<int> &heights, qint64 y)
{
    qint64 top = 0;
    int last = -1;
    for (size_t i = 0; i < heights.size(); ++i) {
        if (heights[i] == 0)
            continue;
        last = static_cast<int>(i);
        top += heights[i];
        if (y < top)
            return last;
    }
    return last;
}

} // namespace

void TestHeightIndex::randomEdits_data()
{
    QTest::addColumn<int>("rows");
    QTest::newRow("one row") << 1;
    QTest::newRow("two rows") << 2;
    QTest::newRow("a power of two") << 64;
    QTest::newRow("one more") << 65;
    QTest::newRow("many") << 1000;
}

void TestHeightIndex::randomEdits()
{
    QFETCH(int, rows);
    QRandomGenerator random(42);
    std::vector<int> plain(static_cast<size_t>(rows));
    for (int &height : plain)
        height = random.bounded(3) == 0 ? 0 : random.bounded(1, 400);
    HeightIndex index;
    index.assign(plain);

    for (int round = 0; round < 400; ++round) {
        const int row = random.bounded(rows);
        const int height = random.bounded(4) == 0 ? 0 : random.bounded(1, 2000);
        index.setHeight(row, height);
        plain[static_cast<size_t>(row)] = height;

        const int probe = random.bounded(rows + 1);
        const qint64 sum = std::accumulate(plain.begin(), plain.begin() + probe, qint64(0));
        QCOMPARE(index.top(probe), sum);
        QCOMPARE(index.total(), std::accumulate(plain.begin(), plain.end(), qint64(0)));
        const qint64 y = random.bounded(static_cast<int>(index.total()) + 10);
        QCOMPARE(index.rowAt(y), plainRowAt(plain, y));
    }
}

void TestHeightIndex::emptyIndex()
{
    const HeightIndex index;

    QCOMPARE(index.size(), 0);
    QCOMPARE(index.rowAt(0), -1);
    QCOMPARE(index.visibleFrom(0, 1), -1);
}

void TestHeightIndex::allHidden()
{
    HeightIndex index;
    index.assign({0, 0, 0});

    QCOMPARE(index.total(), 0);
    QCOMPARE(index.rowAt(0), -1);
}

void TestHeightIndex::outsideIsNearest()
{
    HeightIndex index;
    index.assign({0, 10, 20, 0});

    QCOMPARE(index.rowAt(-5), 1);
    QCOMPARE(index.rowAt(9), 1);
    QCOMPARE(index.rowAt(10), 2);
    QCOMPARE(index.rowAt(5000), 2);
    QCOMPARE(index.visibleFrom(3, 1), -1);
    QCOMPARE(index.visibleFrom(3, -1), 2);
}

QTEST_GUILESS_MAIN(TestHeightIndex)
#include "tst_heightindex.moc"
