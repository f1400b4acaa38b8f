#include "core/client/attachmentstore.h"
#include "tests/core/sessionbench.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace farcell;
using Bench = test::SessionBench;
using Phase = CellRunState::Phase;
using Request = test::FakeKernelServer::Request;
using test::display;
using test::stream;

// NotebookSession and KernelConnection with a kernel that does exactly what the test says: runs,
// their end, questions, lost lines. Outputs: tst_sessionoutputs.
class TestNotebookSession : public QObject
{
    Q_OBJECT

private slots:
    void finishedNeedsReplyAndIdle_data();
    void finishedNeedsReplyAndIdle();
    void errorStopsTheQueue();
    void errorIsExpected_data();
    void errorIsExpected();
    void replyErrorAloneIsShown();
    void emptyCellIsNotSent();
    void textIsTakenWhenItsTurnComes();
    void deletedCellGetsNothing();
    void inputIsAskedAndAnswered();
    void payloadsAreToldOf();
    void usageFindsItsCell();
    void unknownCommsAreClosed();
    void cancelledCellsAreSkipped();
    void deathEndsEverything();
    void lostLineIsFoundAgain();
    void lostReplyEndsTheRun();
    void goneKernelIsToldFromABrokenNetwork();
    void storeKnowsWhichRunIsOver_data();
    void storeKnowsWhichRunIsOver();
    void timesAreWrittenAsTheFileDoes_data();
    void timesAreWrittenAsTheFileDoes();
};

void TestNotebookSession::finishedNeedsReplyAndIdle_data()
{
    QTest::addColumn<bool>("idleFirst");
    QTest::newRow("reply first") << false;
    QTest::newRow("idle first") << true;
}

void TestNotebookSession::finishedNeedsReplyAndIdle()
{
    QFETCH(bool, idleFirst);
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);
    QSignalSpy finished(&bench.session, &NotebookSession::queueFinished);

    idleFirst ? bench.server.idle(request) : bench.server.replyOk(request, 1);
    bench.server.iopub("stream", stream("still"), request);
    QTRY_VERIFY(!bench.outputs(cell).empty());
    QCOMPARE(bench.phase(cell), Phase::Running);
    QCOMPARE(finished.size(), 0);
    idleFirst ? bench.server.replyOk(request, 1) : bench.server.idle(request);

    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);
    QCOMPARE(finished.size(), 1);
}

void TestNotebookSession::errorStopsTheQueue()
{
    Bench bench;
    const CellId fails = bench.add();
    const CellId second = bench.add();
    const CellId third = bench.add();
    QSignalSpy finished(&bench.session, &NotebookSession::queueFinished);
    bench.run({fails, second, third});
    QCOMPARE(bench.session.runState(second).queuePosition, 1);
    QCOMPARE(bench.session.runState(third).queuePosition, 2);
    QCOMPARE(bench.session.queuedCells(), (std::vector<CellId>{second, third}));
    const Request request = bench.next();
    bench.server.busy(request, 1);

    bench.server.iopub("error", R"({"ename": "E", "evalue": "v", "traceback": ["a", "b"]})",
                       request);
    bench.server.reply(request, R"({"status": "error", "ename": "E", "evalue": "v"})");
    bench.server.idle(request);
    QTRY_COMPARE(finished.size(), 1);

    QCOMPARE(finished.first().first().toBool(), false);
    QCOMPARE(bench.phase(fails), Phase::Failed);
    QCOMPARE(bench.phase(second), Phase::Aborted);
    QCOMPARE(bench.phase(third), Phase::Aborted);
    QCOMPARE(bench.outputs(fails).size(), size_t{1});
    QCOMPARE(bench.outputs(fails)[0].traceback,
             QStringList({QStringLiteral("a"), QStringLiteral("b")}));
    QVERIFY(bench.server.requests.isEmpty());
}

void TestNotebookSession::errorIsExpected_data()
{
    QTest::addColumn<bool>("tagged");
    QTest::addColumn<bool>("ok");
    QTest::newRow("errors allowed") << false << false;
    QTest::newRow("raises-exception tag") << true << true;
}

void TestNotebookSession::errorIsExpected()
{
    QFETCH(bool, tagged);
    QFETCH(bool, ok);
    Bench bench;
    const CellId fails = bench.add();
    const CellId second = bench.add();
    if (tagged)
        bench.document.setCellMetadata(fails, {{"tags", {"raises-exception"}}});
    QSignalSpy cells(&bench.session, &NotebookSession::cellFinished);
    bench.run({fails, second},
              tagged ? NotebookSession::OnError::Stop : NotebookSession::OnError::Continue);
    const Request request = bench.next();
    bench.server.busy(request, 1);
    bench.server.reply(request, R"({"status": "error", "ename": "E", "evalue": "v"})");
    bench.server.idle(request);
    bench.finish(bench.next(), 2);

    QTRY_COMPARE(bench.phase(second), Phase::Succeeded);
    QVERIFY(request.content["stop_on_error"] == false);
    QCOMPARE(cells.first().at(1).toBool(), ok);
}

void TestNotebookSession::replyErrorAloneIsShown()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);

    bench.server.reply(request, R"({"status": "error", "ename": "Internal", "evalue": "v",
                                    "traceback": ["t"]})");
    bench.server.idle(request);
    QTRY_COMPARE(bench.phase(cell), Phase::Failed);

    QCOMPARE(bench.outputs(cell).size(), size_t{1});
    QCOMPARE(bench.outputs(cell)[0].errorName, QStringLiteral("Internal"));
}

void TestNotebookSession::emptyCellIsNotSent()
{
    Bench bench;
    const CellId empty = bench.add(QStringLiteral("  \n"));
    const CellId full = bench.add(QStringLiteral("a\r\nb"));

    bench.run({empty, full});
    const Request request = bench.next();

    QVERIFY(request.content["code"] == "a\nb");
    QCOMPARE(bench.phase(empty), Phase::NotRun);
}

void TestNotebookSession::textIsTakenWhenItsTurnComes()
{
    Bench bench;
    const CellId first = bench.add();
    const CellId second = bench.add(QStringLiteral("old"));
    bench.run({first, second});
    const Request request = bench.next();

    bench.document.setSource(second, QStringLiteral("new"));
    bench.finish(request);

    QVERIFY(bench.next().content["code"] == "new");
}

void TestNotebookSession::deletedCellGetsNothing()
{
    Bench bench;
    const CellId cell = bench.add();
    const CellId other = bench.add();
    const Request request = bench.started(cell);
    bench.run({other});
    bench.document.removeCells(std::vector<CellId>{cell});

    bench.server.iopub("stream", stream("into the void"), request);
    bench.server.iopub("display_data", display("x", "id"), request);
    bench.finish(request);
    bench.finish(bench.next(), 2);

    QTRY_COMPARE(bench.phase(other), Phase::Succeeded);
}

void TestNotebookSession::inputIsAskedAndAnswered()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);
    QSignalSpy asked(&bench.session, &NotebookSession::inputRequested);
    QSignalSpy ended(&bench.session, &NotebookSession::inputEnded);

    bench.server.send("stdin", "input_request", R"({"prompt": "PW: ", "password": true})",
                      request.header);
    QTRY_COMPARE(asked.size(), 1);
    bench.session.answerInput(QStringLiteral("secret"));
    const Request answer = bench.next();
    bench.finish(request);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    QCOMPARE(asked.first().at(2).toBool(), true);
    QCOMPARE(answer.type, QStringLiteral("input_reply"));
    QVERIFY(answer.content["value"] == "secret");
    QCOMPARE(ended.size(), 1);
    QVERIFY(!bench.outputs(cell)[0].text.contains(QLatin1String("secret")));
}

void TestNotebookSession::usageFindsItsCell()
{
    Bench bench;
    const CellId cell = bench.add();
    QSignalSpy told(&bench.session, &NotebookSession::usageReported);
    QSignalSpy shortage(&bench.session, &NotebookSession::gpuShortageReported);
    const auto usageOf = [](const Request &request, double seconds) {
        return QByteArray::fromStdString(nlohmann::json{
            {"msg_id", request.header["msg_id"]},
            {"cell_id", request.metadata["cellId"]},
            {"status", "ok"},
            {"seconds", seconds},
            {"peak_memory", 1000}}.dump());
    };
    const Request first = bench.started(cell);
    bench.finish(first);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);
    bench.server.iopub("farcell_gpu_memory", R"({"sentence": "It is full.", "gpus": []})", first);
    bench.server.iopub("farcell_usage", usageOf(first, 1), first); // after the run is over
    QTRY_COMPARE(told.size(), 1);
    QCOMPARE(bench.session.runState(cell).usage->seconds, 1.0);
    QCOMPARE(bench.session.runState(cell).usage->peakMemory, std::optional<qint64>(1000));
    QVERIFY(!bench.session.runState(cell).usage->cpuSeconds);
    QCOMPARE(shortage.size(), 1);
    QCOMPARE(qvariant_cast<CellId>(shortage[0][0]), cell);
    QCOMPARE(qvariant_cast<api::GpuShortage>(shortage[0][1]).sentence,
             QStringLiteral("It is full."));

    // One that comes late is not that of the run that has begun since.
    const Request second = bench.started(cell);
    QTRY_COMPARE(bench.phase(cell), Phase::Running);
    bench.server.iopub("farcell_usage", usageOf(first, 2), first);
    QTRY_COMPARE(told.size(), 2);
    QVERIFY(!bench.session.runState(cell).usage);
    bench.server.iopub("farcell_usage", usageOf(second, 3), second); // before the reply
    bench.finish(second);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);
    QCOMPARE(bench.session.runState(cell).usage->seconds, 3.0);
    QVERIFY(bench.outputs(cell).empty());
    bench.server.iopub("farcell_usage", R"({"msg_id": 5})", second); // makes no sense
    bench.server.iopub("status", R"({"execution_state": "busy"})", second);
    QTRY_COMPARE(bench.connection->executionState(), QStringLiteral("busy"));
    QCOMPARE(told.size(), 3);
}

void TestNotebookSession::payloadsAreToldOf()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);
    QSignalSpy pager(&bench.session, &NotebookSession::pagerRequested);
    QSignalSpy nextInput(&bench.session, &NotebookSession::nextInputRequested);

    bench.server.reply(request, R"({"status": "ok", "execution_count": 1, "payload": [
        {"source": "page", "data": {"text/plain": "help"}, "start": 0},
        {"source": "set_next_input", "text": "y = 1", "replace": true},
        {"source": "who knows"}]})");
    bench.server.idle(request);
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    QCOMPARE(pager.first().first().toString(), QStringLiteral("help"));
    QCOMPARE(nextInput.first().at(1).toString(), QStringLiteral("y = 1"));
    QCOMPARE(nextInput.first().at(2).toBool(), true);
}

void TestNotebookSession::unknownCommsAreClosed()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);

    bench.server.iopub("comm_open", R"({"comm_id": "c1", "target_name": "x", "data": {}})",
                       request);
    const Request answer = bench.next();

    QCOMPARE(answer.type, QStringLiteral("comm_close"));
    QVERIFY(answer.content["comm_id"] == "c1");
}

void TestNotebookSession::cancelledCellsAreSkipped()
{
    Bench bench;
    const CellId first = bench.add();
    const CellId second = bench.add(QStringLiteral("second"));
    const CellId third = bench.add(QStringLiteral("third"));
    bench.run({first, second, third});
    const Request request = bench.next();

    bench.session.cancelQueued(second);
    bench.finish(request);

    QVERIFY(bench.next().content["code"] == "third");
    QCOMPARE(bench.phase(second), Phase::NotRun);
}

void TestNotebookSession::deathEndsEverything()
{
    Bench bench;
    const CellId cell = bench.add();
    const CellId queued = bench.add();
    const Request request = bench.started(cell);
    bench.run({queued});
    bench.server.iopub("stream", stream("last words"), request);
    auto completion = bench.connection->complete(QStringLiteral("x"), 1);

    bench.server.status("dead");

    QTRY_COMPARE(bench.phase(cell), Phase::Failed);
    QCOMPARE(bench.phase(queued), Phase::Aborted);
    QCOMPARE(bench.outputs(cell)[0].text, QStringLiteral("last words"));
    QTRY_VERIFY(completion.isFinished());
    QVERIFY(!completion.result());
    QCOMPARE(bench.connection->executionState(), QStringLiteral("dead"));
}

void TestNotebookSession::lostLineIsFoundAgain()
{
    Bench bench;
    const CellId cell = bench.add();
    const Request request = bench.started(cell);
    bench.server.iopub("stream", stream("one "), request);
    QTRY_COMPARE(bench.outputs(cell).size(), size_t{1});
    bench.server.kernelState = "busy";
    bench.server.answersInfo = false; // the kernel is busy with the cell

    bench.server.cut();
    QTRY_COMPARE(bench.connection->state(), KernelConnection::State::Reconnecting);
    QTRY_COMPARE(bench.server.connections, 2);
    QTRY_COMPARE(bench.connection->state(), KernelConnection::State::Connected);
    bench.server.iopub("stream", stream("two"), request);
    bench.finish(request);

    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);
    QCOMPARE(bench.outputs(cell)[0].text, QStringLiteral("one two"));
}

void TestNotebookSession::lostReplyEndsTheRun()
{
    Bench bench;
    const CellId cell = bench.add();
    static_cast<void>(bench.started(cell));
    QTRY_COMPARE(bench.connection->executionState(), QStringLiteral("busy"));

    bench.server.cut(); // reply and idle were on their way

    QTRY_COMPARE_WITH_TIMEOUT(bench.phase(cell), Phase::Failed, 15000);
}

void TestNotebookSession::goneKernelIsToldFromABrokenNetwork()
{
    Bench bench;
    const CellId cell = bench.add();
    static_cast<void>(bench.started(cell));
    QTRY_COMPARE(bench.phase(cell), Phase::Running);
    QSignalSpy failed(bench.connection.get(), &KernelConnection::failed);
    bench.server.kernelState.clear(); // 404 from now on

    bench.server.cut();

    QTRY_COMPARE(failed.size(), 1);
    QCOMPARE(bench.connection->state(), KernelConnection::State::Closed);
    QCOMPARE(bench.phase(cell), Phase::Failed);
    QCOMPARE(failed.first().first().value<Error>().code, ErrorCode::NotFound);
}

void TestNotebookSession::storeKnowsWhichRunIsOver_data()
{
    QTest::addColumn<bool>("idleFirst");
    QTest::newRow("reply first") << false;
    QTest::newRow("idle first") << true;
}

void TestNotebookSession::storeKnowsWhichRunIsOver()
{
    QFETCH(bool, idleFirst);
    const QTemporaryDir folder;
    AttachmentStore store(folder.filePath(QStringLiteral("attachments.json")));
    Bench bench;
    Attachment base;
    base.notebook = QStringLiteral("/n.ipynb");
    bench.session.remember(&store, base);
    const CellId first = bench.add();
    const CellId second = bench.add();
    bench.run({first, second});
    const Request ended = bench.next();
    bench.server.busy(ended, 1);
    idleFirst ? bench.server.idle(ended) : bench.server.replyOk(ended, 1);
    idleFirst ? bench.server.replyOk(ended, 1) : bench.server.idle(ended);
    bench.server.busy(bench.next(), 2);
    QTRY_COMPARE(bench.phase(second), Phase::Running);

    const QList<PendingRun> runs = store.find(base.notebook)->runs;
    QCOMPARE(runs.size(), 2);
    QVERIFY(runs[0].isOver && !runs[1].isOver);
    QVERIFY(runs[0].request != runs[1].request);
}

void TestNotebookSession::timesAreWrittenAsTheFileDoes_data()
{
    QTest::addColumn<QByteArray>("metadata"); // of another cell of the file
    QTest::addColumn<QStringList>("keys");

    QTest::newRow("a file without") << QByteArray("{}") << QStringList();
    QTest::newRow("JupyterLab") << QByteArray(R"({"execution": {"iopub.status.busy": "2024"}})")
                                << QStringList{QStringLiteral("iopub.execute_input"),
                                               QStringLiteral("iopub.status.busy"),
                                               QStringLiteral("iopub.status.idle"),
                                               QStringLiteral("shell.execute_reply")};
    QTest::newRow("Colab") << QByteArray(R"({"executionInfo": {"status": "ok"}})")
                           << QStringList{QStringLiteral("elapsed"), QStringLiteral("status"),
                                          QStringLiteral("timestamp"), QStringLiteral("user_tz")};
}

void TestNotebookSession::timesAreWrittenAsTheFileDoes()
{
    QFETCH(QByteArray, metadata);
    QFETCH(QStringList, keys);
    Bench bench;
    const CellId other = bench.add();
    bench.document.setCellMetadata(other, nlohmann::ordered_json::parse(metadata.toStdString()));
    const CellId cell = bench.add();
    bench.document.setCellMetadata(
        cell, nlohmann::ordered_json::parse(R"({"executionInfo": {"user": {"id": "Bob"}}})"));
    if (keys.isEmpty() || keys.first().startsWith(QLatin1String("iopub")))
        bench.document.setCellMetadata(cell, nlohmann::ordered_json::object());

    bench.finish(bench.started(cell));
    QTRY_COMPARE(bench.phase(cell), Phase::Succeeded);

    const auto written = bench.document.findCell(cell)->metadata.toJson();
    QCOMPARE(written.size(), size_t{keys.isEmpty() ? 0U : 1U});
    if (keys.isEmpty())
        return;
    QStringList found;
    for (const auto &[key, value] : written.front().items())
        found << QString::fromStdString(key);
    found.sort();
    QCOMPARE(found, keys);
}

QTEST_GUILESS_MAIN(TestNotebookSession)
#include "tst_notebooksession.moc"
