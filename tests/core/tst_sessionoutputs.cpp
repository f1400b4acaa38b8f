#include "tests/core/sessionbench.h"

#include <QSignalSpy>
#include <QTest>

#include <utility>
#include <vector>

using namespace farcell;
using Bench = test::SessionBench;
using Phase = CellRunState::Phase;
using Request = test::FakeKernelServer::Request;
using test::display;
using test::stream;

// How the messages of a kernel that does exactly what the test says become outputs.
class TestSessionOutputs : public QObject
{
    Q_OBJECT

private slots:
    void longMessagesAreTakenApart();
    void mergesStreamsOfOneName();
    void keepsTheSpellingOfNumbers();
    void clearOutput_data();
    void clearOutput();
    void displayIdsReachAllCells();
    void lateOutputStillLands();
    void legacyFramingWorks();
    void brokenMessagesAreMended();
    void floodChangesTheDocumentRarely();
};

// A message of several MB is decoded in parts; no escape or character may be cut.
void TestSessionOutputs::longMessagesAreTakenApart()
{
    const std::vector<std::pair<QByteArray, QString>> bits{
        {"a", QStringLiteral("a")},
        {R"(\\)", QStringLiteral("\\")},
        {R"(\")", QStringLiteral("\"")},
        {R"(\n)", QStringLiteral("\n")},
        {R"(\u0041)", QStringLiteral("A")},
        {R"(\ud83d\ude00)", QString::fromUtf8("\xF0\x9F\x98\x80")},
        {"\xE6\xBC\xA2", QString::fromUtf8("\xE6\xBC\xA2")}};
    QByteArray written;
    QString expected;
    quint32 random = 1;
    while (written.size() < 3'500'000) {
        random = random * 1664525U + 1013904223U;
        const auto &[escaped, text] = bits[(random >> 16) % bits.size()];
        written += escaped;
        expected += text;
    }
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell, 1);

    bench.server.iopub("stream", stream(written), request);
    bench.finish(request, 1);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    QCOMPARE(bench.outputs(cell).size(), size_t{1});
    QVERIFY(bench.outputs(cell)[0].text == expected);
}

void TestSessionOutputs::mergesStreamsOfOneName()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell, 7);

    bench.server.iopub("stream", stream("a\\n"), request);
    bench.server.iopub("stream", stream("b\\n"), request);
    bench.server.iopub("stream", stream("e", "stderr"), request);
    bench.server.iopub("stream", stream("c"), request);
    bench.server.iopub("display_data", display("d"), request);
    bench.server.iopub("stream", stream("f"), request);
    bench.finish(request, 7);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    QCOMPARE(bench.outputs(cell).size(), size_t{5});
    QCOMPARE(bench.outputs(cell)[0].text, QStringLiteral("a\nb\n"));
    QCOMPARE(bench.outputs(cell)[1].streamName, QStringLiteral("stderr"));
    QCOMPARE(bench.outputs(cell)[4].text, QStringLiteral("f"));
    QCOMPARE(bench.document.findCell(cell)->executionCount, std::optional<int>(7));
    QCOMPARE(bench.session.runState(cell).executionCount, std::optional<int>(7));
}

void TestSessionOutputs::keepsTheSpellingOfNumbers()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);

    bench.server.iopub("execute_result", R"({"execution_count": 1, "metadata": {"a": 1.50},
        "data": {"text/plain": "x", "application/json": {"n": 1.0e5, "b": [1.10, NaN]}}})",
                       request);
    bench.finish(request);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    const Output &output = bench.outputs(cell).at(0);
    QCOMPARE(output.kind, OutputKind::ExecuteResult);
    QCOMPARE(output.data.find(u"application/json")->text(),
             QByteArray(R"({"n": 1.0e5, "b": [1.10, NaN]})"));
    QCOMPARE(output.metadata.text(), QByteArray(R"({"a": 1.50})"));
    QCOMPARE(output.data.entries.front().first, QStringLiteral("text/plain"));
}

void TestSessionOutputs::clearOutput_data()
{
    QTest::addColumn<bool>("wait");
    QTest::addColumn<bool>("moreFollows");
    QTest::addColumn<QStringList>("left");

    QTest::newRow("now, nothing follows") << false << false << QStringList();
    QTest::newRow("now") << false << true << QStringList{QStringLiteral("after")};
    QTest::newRow("wait, nothing follows")
        << true << false << QStringList{QStringLiteral("before")};
    QTest::newRow("wait") << true << true << QStringList{QStringLiteral("after")};
}

void TestSessionOutputs::clearOutput()
{
    QFETCH(bool, wait);
    QFETCH(bool, moreFollows);
    QFETCH(QStringList, left);
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);

    bench.server.iopub("stream", stream("before"), request);
    bench.server.iopub("clear_output", wait ? R"({"wait": true})" : R"({"wait": false})", request);
    if (moreFollows)
        bench.server.iopub("stream", stream("after"), request);
    bench.finish(request);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    QStringList texts;
    for (const Output &output : bench.outputs(cell))
        texts << output.text;
    QCOMPARE(texts, left);
}

void TestSessionOutputs::displayIdsReachAllCells()
{
    Bench bench;
    const CellId first = bench.add();
    const CellId second = bench.add();
    Request request = bench.started(first);
    bench.server.iopub("display_data", display("old", "id"), request);
    bench.server.iopub("display_data", display("other", "id2"), request);
    bench.finish(request);
    QTRY_COMPARE(bench.phase(first), Phase::Succeeded);

    request = bench.started(second);
    bench.server.iopub("display_data", display("again", "id"), request);
    bench.server.iopub("update_display_data", display("unknown", "nobody"), request);
    bench.server.idle(request);
    bench.server.replyOk(request, 2);
    QTRY_COMPARE(bench.phase(second), Phase::Succeeded);
    QCOMPARE(bench.plain(first, 0), QStringLiteral("again"));

    const Request late = request;
    bench.server.iopub("update_display_data", display("new", "id"), late);
    QTRY_COMPARE(bench.plain(first, 0), QStringLiteral("new"));
    QCOMPARE(bench.plain(second, 0), QStringLiteral("new"));
    QCOMPARE(bench.plain(first, 1), QStringLiteral("other"));
    QCOMPARE(bench.outputs(second).size(), size_t{1});
}

void TestSessionOutputs::lateOutputStillLands()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);
    bench.finish(request);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    bench.server.iopub("stream", stream("late"), request);
    QTRY_COMPARE(bench.outputs(cell).size(), size_t{1});
    const Request again = bench.started(cell, 2);
    bench.server.iopub("stream", stream("too late"), request);
    bench.server.iopub("stream", stream("mine"), again);
    bench.finish(again, 2);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    QCOMPARE(bench.outputs(cell).size(), size_t{1});
    QCOMPARE(bench.outputs(cell)[0].text, QStringLiteral("mine"));
}

void TestSessionOutputs::legacyFramingWorks()
{
    Bench bench(false);
    const CellId cell = bench.add();
    const Request request = bench.started(cell);

    bench.server.iopub("stream", stream("hällo"), request);
    bench.finish(request);

    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);
    QCOMPARE(bench.outputs(cell)[0].text, QStringLiteral("hällo"));
}

void TestSessionOutputs::brokenMessagesAreMended()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);

    bench.server.iopub("stream", stream("a\\ud800b"), request); // lone surrogate
    bench.server.iopub("display_data", R"({"data": {"text/plain": "NaN", "x+json": NaN},
                                           "metadata": {}})",
                       request);
    bench.server.iopub("display_data", R"({"data": 7})", request);
    bench.server.iopub("stream", R"({"nonsense": true})", request);
    bench.server.iopub("stream", "not JSON at all", request);
    bench.finish(request);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    QCOMPARE(bench.outputs(cell)[0].text, QStringLiteral("a\ufffdb"));
    QCOMPARE(bench.plain(cell, 1), QStringLiteral("NaN"));
}

void TestSessionOutputs::floodChangesTheDocumentRarely()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);
    QSignalSpy appended(&bench.document, &NotebookDocument::streamAppended);
    constexpr int lines = 20000;

    for (int i = 0; i < lines; ++i)
        bench.server.iopub("stream", stream("line " + QByteArray::number(i) + "\\n"), request);
    bench.finish(request);
    QTRY_COMPARE_WITH_TIMEOUT(bench.phase(cell), Phase::Succeeded, 30000);

    QCOMPARE(bench.outputs(cell).size(), size_t{1});
    QCOMPARE(bench.outputs(cell)[0].text.count(u'\n'), lines);
    QVERIFY2(appended.size() < lines / 20, qPrintable(QString::number(appended.size())));
}

QTEST_GUILESS_MAIN(TestSessionOutputs)
#include "tst_sessionoutputs.moc"
