#include "app/celllist/usagetext.h"
#include "app/notebook/kernellink.h"
#include "app/runtime/cellcosts.h"
#include "app/runtime/costpanel.h"
#include "app/shell/commandregistry.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/fakegpus.h"
#include "tests/support/farcelld.h"
#include "tests/support/windowfixture.h"

#include <QHelpEvent>
#include <QLabel>
#include <QPushButton>
#include <QTest>
#include <QToolTip>
#include <QTreeWidget>

namespace farcell {

using nlohmann::json;
using test::WindowFixture;

namespace {

constexpr int patience = 90000;
constexpr long long gib = 1LL << 30;

api::CellUsage usageOnGpu()
{
    api::CellUsage usage;
    usage.seconds = 41.2;
    usage.cpuSeconds = 38.4;
    usage.peakMemory = 310LL << 20;
    usage.gpu.emplace();
    usage.gpu->peakMemory = qint64(11.2 * gib);
    usage.gpu->utilization = 93.4;
    usage.gpu->energy = 9800;
    usage.gpu->seconds = 38.1;
    return usage;
}

} // namespace

// What a cell cost, as the window shows it: a real kernel on a real farcelld, GPUs from a file.
class TestCost : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init();
    void cleanup();
    void words_data();
    void words();
    void namesAreNoMarkup();
    void aRunIsAccountedFor();
    void aLaterWindowKnowsTheCosts();
    void writtenOnlyIfAsked();
    void aFullGpuIsExplained();

private:
    NotebookView *open(const QList<QByteArray> &sources);
    // Shows the kernel on GPU 0 with so much memory, from its first cell on, which tells its pid.
    bool holdOnGpu(const NotebookView &view, long long bytes);
    static void run(const NotebookView &view, int cell);
    [[nodiscard]] static CellRunState stateOf(const NotebookView &view, int cell)
    {
        return view.session().runState(view.document().cellAt(cell).id);
    }
    [[nodiscard]] static QString textOf(const NotebookView &view, int cell);
    CostPanel *showPanel();

    std::unique_ptr<test::FakeGpus> m_gpus;
    std::unique_ptr<test::Farcelld> m_server;
    std::unique_ptr<WindowFixture> m_app;
};

void TestCost::initTestCase()
{
    QLocale::setDefault(QLocale::c());
    if (!test::Farcelld::hasIpykernel())
        QSKIP("no ipykernel: whole test");
}

void TestCost::init()
{
    m_gpus = std::make_unique<test::FakeGpus>();
    m_server = std::make_unique<test::Farcelld>();
    QVERIFY(m_server->start(
        {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), QStringLiteral(FAKE_NVML)}));
    m_app = std::make_unique<WindowFixture>();
    m_app->makeWindow();
    m_app->connectTo(m_server->port());
}

void TestCost::cleanup()
{
    m_app.reset();
    m_server.reset();
    m_gpus.reset();
}

NotebookView *TestCost::open(const QList<QByteArray> &sources)
{
    WindowFixture::write(m_server->root() + QStringLiteral("/n.ipynb"),
                         WindowFixture::notebook(sources));
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    return QTest::qWaitFor([this] { return m_app->window().usableNotebook() != nullptr; }, patience)
               ? m_app->window().usableNotebook()
               : nullptr;
}

void TestCost::run(const NotebookView &view, int cell)
{
    view.kernel().run({view.document().cellAt(cell).id});
}

QString TestCost::textOf(const NotebookView &view, int cell)
{
    QString text;
    for (const Output &output : view.document().cellAt(cell).outputs.items())
        text += output.text;
    return text;
}

bool TestCost::holdOnGpu(const NotebookView &view, long long bytes)
{
    run(view, 0);
    if (!QTest::qWaitFor([&] { return textOf(view, 0).endsWith(u'\n'); }, patience))
        return false;
    m_gpus->state["gpus"][0]["processes"] = {{textOf(view, 0).trimmed().toLongLong(), bytes}};
    m_gpus->write();
    return QTest::qWaitFor([&] { return stateOf(view, 0).usage.has_value(); }, patience);
}

CostPanel *TestCost::showPanel()
{
    m_app->window().commands().trigger(QStringLiteral("view.costs"));
    return m_app->window().findChild<CostPanel *>();
}

void TestCost::words_data()
{
    QTest::addColumn<QString>("said");
    QTest::addColumn<QString>("expected");

    QTest::newRow("on a GPU") << usageSummary(usageOnGpu())
                              << QStringLiteral("41 s · peak 11.2 GiB VRAM · 93 % · 9.8 kJ");
    api::CellUsage partly = usageOnGpu();
    partly.gpu->energy.reset();
    partly.gpu->utilization.reset();
    QTest::newRow("what is not known is left out")
        << usageSummary(partly) << QStringLiteral("41 s · peak 11.2 GiB VRAM");
    api::CellUsage without = usageOnGpu();
    without.gpu.reset();
    QTest::newRow("without a GPU")
        << usageSummary(without) << QStringLiteral("41 s · peak 310.0 MiB RAM · 38 s CPU");
    QTest::newRow("in the gutter")
        << usageMarks(usageOnGpu()).join(u'|') << QStringLiteral("11.2 GiB|93 %|9.8 kJ");
    QTest::newRow("minutes") << secondsText(200.4) << QStringLiteral("3 min 20 s");
    QTest::newRow("hours") << secondsText(7260) << QStringLiteral("2 h 1 min");
    QTest::newRow("little energy") << energyText(7.26) << QStringLiteral("7.3 J");
    QTest::newRow("much energy") << energyText(2.34e6) << QStringLiteral("2.3 MJ");
}

void TestCost::words()
{
    QFETCH(QString, said);
    QFETCH(QString, expected);
    QCOMPARE(said, expected);
}

void TestCost::namesAreNoMarkup()
{
    api::GpuShortage shortage;
    shortage.sentence = QStringLiteral("No room.");
    api::GpuDevice gpu;
    gpu.name = QStringLiteral("H100");
    gpu.memory = api::GpuMemory{80 * gib, 79 * gib, gib};
    gpu.processes = {{4711, QStringLiteral("py|thon"), 5 * gib, QStringLiteral("k"),
                      QStringLiteral("**a**|<b>.ipynb")}};
    shortage.gpus = {gpu};
    const auto block = RenderService(m_app->theme())
                           .markdown(shortageText(shortage, KernelId(QStringLiteral("x"))), {}, {});
    block->layout(700);
    const QString shown = block->plainText();
    QVERIFY2(shown.contains(QStringLiteral("**a**|<b>.ipynb")), qPrintable(shown));
    QVERIFY2(shown.contains(QStringLiteral("py|thon, process 4711")), qPrintable(shown));
    QVERIFY2(shown.contains(QStringLiteral("79.0 GiB of 80.0 GiB in use, 1.0 GiB free")),
             qPrintable(shown));
}

void TestCost::aRunIsAccountedFor()
{
    NotebookView *view = open({"import os, time\nprint(os.getpid())",
                               "time.sleep(2.5)\nprint('a')\nprint('b')\nprint('c')", "1/0"});
    QVERIFY(view);
    QVERIFY(holdOnGpu(*view, 10 * gib));
    CostPanel *panel = showPanel();
    QVERIFY(panel && panel->isVisible());

    run(*view, 1);
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*view, 1).usage.has_value(), patience);
    run(*view, 2);
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*view, 2).usage.has_value(), patience);

    const api::CellUsage usage = *stateOf(*view, 1).usage;
    QVERIFY(usage.gpu.has_value());
    QCOMPARE(usage.gpu->peakMemory, std::optional<qint64>(10 * gib));
    QVERIFY(usage.seconds >= 2.5);

    // The panel, sorted by time: the longest last, then first.
    auto *rows = panel->findChild<QTreeWidget *>(QStringLiteral("costRows"));
    QTRY_COMPARE_WITH_TIMEOUT(rows->topLevelItemCount(), 3, patience);
    rows->sortByColumn(CostPanel::TimeColumn, Qt::DescendingOrder);
    QVERIFY2(rows->topLevelItem(0)->text(CostPanel::CellColumn).startsWith(QLatin1String("2  ")),
             qPrintable(rows->topLevelItem(0)->text(CostPanel::CellColumn)));
    QCOMPARE(rows->topLevelItem(0)->text(CostPanel::GpuMemoryColumn), QStringLiteral("10.0 GiB"));
    rows->sortByColumn(CostPanel::TimeColumn, Qt::AscendingOrder);
    QVERIFY(rows->topLevelItem(2)->text(CostPanel::CellColumn).startsWith(QLatin1String("2  ")));
    QVERIFY(panel->findChild<QLabel *>(QStringLiteral("costSum"))
                ->text()
                .startsWith(QStringLiteral("3 runs · ")));

    // The tool tip of the gutter, below the button.
    CellListView &list = view->list();
    list.finishLayout();
    const QRect row = list.cellRect(view->document().cellAt(1).id);
    const int column = std::max(16, (list.viewport()->width() - 1200) / 2);
    const QPoint below(column + 30, row.top() + 7 + 5 + 26 + 10);
    QHelpEvent help(QEvent::ToolTip, below, list.viewport()->mapToGlobal(below));
    QApplication::sendEvent(list.viewport(), &help);
    QTRY_VERIFY2(QToolTip::text().contains(QStringLiteral("peak 10.0 GiB VRAM")),
                 qPrintable(QToolTip::text()));
}

void TestCost::aLaterWindowKnowsTheCosts()
{
    NotebookView *view = open({"import os, time\nprint(os.getpid())", "time.sleep(1.5)"});
    QVERIFY(view);
    QVERIFY(holdOnGpu(*view, 6 * gib));
    run(*view, 1);
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*view, 1).usage.has_value(), patience);

    m_app->useComputer(QStringLiteral("two"));
    m_app->makeWindow();
    m_app->connectTo(m_server->port());
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    CostPanel *panel = showPanel();
    auto *rows = panel->findChild<QTreeWidget *>(QStringLiteral("costRows"));

    QTRY_COMPARE_WITH_TIMEOUT(rows->topLevelItemCount(), 2, patience);
    QCOMPARE(rows->topLevelItem(1)->text(CostPanel::GpuMemoryColumn), QStringLiteral("6.0 GiB"));
    // The replay and the account of the runtime tell of the same runs.
    QTest::qWait(500);
    QVERIFY(panel->findChild<QLabel *>(QStringLiteral("costSum"))
                ->text()
                .startsWith(QStringLiteral("2 runs · ")));
}

void TestCost::writtenOnlyIfAsked()
{
    NotebookView *view = open({"x = 1"});
    QVERIFY(view);
    run(*view, 0);
    QTRY_VERIFY_WITH_TIMEOUT(stateOf(*view, 0).usage.has_value(), patience);
    CostPanel *panel = showPanel();
    auto *rows = panel->findChild<QTreeWidget *>(QStringLiteral("costRows"));
    QTRY_COMPARE_WITH_TIMEOUT(rows->topLevelItemCount(), 1, patience);
    const auto metadata = [view] { return view->document().cellAt(0).metadata.toJson(); };
    QVERIFY(!metadata().contains("farcell"));

    QTest::mouseClick(panel->findChild<QPushButton *>(QStringLiteral("writeCosts")),
                      Qt::LeftButton);

    QVERIFY(metadata()["farcell"]["usage"]["seconds"].get<double>() > 0);
    QCOMPARE(metadata()["farcell"]["usage"].value("status", ""), "ok");
    QVERIFY(metadata()["farcell"]["usage"]["gpu"].is_null()); // never a made-up figure

    view->document().undo();
    QVERIFY(!metadata().contains("farcell"));
    view->document().redo();
    QTest::mouseClick(panel->findChild<QPushButton *>(QStringLiteral("removeCosts")),
                      Qt::LeftButton);
    QVERIFY(!metadata().contains("farcell"));
}

void TestCost::aFullGpuIsExplained()
{
    NotebookView *view =
        open({"import os, time\nprint(os.getpid())",
              "time.sleep(1.5)\nclass OutOfMemoryError(RuntimeError):\n    pass\n"
              "raise OutOfMemoryError('CUDA out of memory. Tried to allocate 20.00 GiB.')"});
    QVERIFY(view);
    m_gpus->state["gpus"][0]["memory"]["used"] = 79 * gib;
    m_gpus->state["gpus"][0]["memory"]["free"] = gib;
    QVERIFY(holdOnGpu(*view, 61 * gib));
    const CellId cell = view->document().cellAt(1).id;

    run(*view, 1);
    QTRY_VERIFY_WITH_TIMEOUT(!view->list().note(cell).isEmpty(), patience);

    const QString note = view->list().note(cell);
    QVERIFY2(note.contains(QStringLiteral("The GPU's memory was full.")), qPrintable(note));
    QVERIFY2(note.contains(QStringLiteral("this notebook")), qPrintable(note));
    QVERIFY2(note.contains(QStringLiteral("61.0 GiB")), qPrintable(note));
    QVERIFY2(note.contains(QStringLiteral("79.0 GiB of 80.0 GiB in use")), qPrintable(note));

    // Never in the file.
    view->save();
    const QString path = m_server->root() + QStringLiteral("/n.ipynb");
    QTRY_VERIFY_WITH_TIMEOUT(WindowFixture::read(path).contains("Tried to allocate"), patience);
    QVERIFY(!WindowFixture::read(path).contains("memory was full"));
    QVERIFY(!WindowFixture::read(path).contains("61.0 GiB"));

    // It goes with the error.
    view->list().setCurrentCell(cell);
    m_app->window().commands().trigger(QStringLiteral("cell.clearOutput"));
    QTRY_VERIFY(view->list().note(cell).isEmpty());
}

} // namespace farcell

QTEST_MAIN(farcell::TestCost)
#include "tst_cost.moc"
