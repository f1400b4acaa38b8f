#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/panels/memoryholders.h"
#include "app/panels/metricslog.h"
#include "app/panels/resourcegraphs.h"
#include "app/panels/resourcemonitor.h"
#include "app/panels/resourcespanel.h"
#include "app/panels/resourcewarnings.h"
#include "app/shell/meterbar.h"
#include "core/client/notebooksession.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/fakegpus.h"
#include "tests/support/farcelld.h"
#include "tests/support/jupyterserver.h"
#include "tests/support/windowfixture.h"
#include "tests/support/xdesktop.h"

#include <QAbstractButton>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace farcell {

using nlohmann::json;
using test::FakeGpus;
using test::WindowFixture;
using test::XDesktop;

namespace {

constexpr int patience = 60000;
constexpr double start = 1.7e9;
constexpr qint64 gib = qint64{1} << 30;

api::MetricsSample sampleAt(double time, double load, qint64 gpuUsed)
{
    api::MetricsSample sample;
    sample.time = start + time;
    sample.machine = {{100 * gib, 10 * gib}, {1000, 1}, 2, load};
    sample.gpus = {{0, api::GpuMemory{80 * gib, gpuUsed, 80 * gib - gpuUsed}, load, {}, {}}};
    sample.kernels = {{QStringLiteral("k"), true, 3 * gib, 0}};
    return sample;
}

api::GpuReport reportOf(const std::function<void(api::GpuDevice &)> &change)
{
    api::GpuReport report;
    report.gpus.resize(1);
    report.gpus[0].uuid = QStringLiteral("GPU-1");
    report.gpus[0].temperature = 91;
    report.gpus[0].smClock = 1200;
    change(report.gpus[0]);
    return report;
}

} // namespace

// Meters, graphs, shares and warnings: the parts alone, and in a real window on a display of its
// own with a real farcelld, whose GPUs are doubles, and real kernels.
class TestResources : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void theLogKeepsPeaksAndMeans();
    void theLogIsBounded();
    void gapsStayGaps();
    void memoryIsToldOnceUntilItFell();
    void anUnusedGpuIsTold();
    void errorsOfGpusAreTold_data();
    void errorsOfGpusAreTold();
    void aMomentOfHeatIsNothing();
    void sharesAreOfKernels();
    void metersShowMachineAndGpu();
    void aPlainServerHasNoMeters();
    void theStreamComesBack();
    void aBandLeadsToItsCell();
    void memoryIsFreedAndSaid();
    void aHolderIsRestarted();
    void aFullGpuIsToldInTheNotebook();

private:
    NotebookView *open(const QList<QByteArray> &sources);
    static void run(const NotebookView &view, int cell);
    [[nodiscard]] static QString textOf(const NotebookView &view, int cell);
    [[nodiscard]] json pidOf(const NotebookView &view);
    [[nodiscard]] ResourceMonitor &monitor() const
    {
        return *m_app->window().findChild<ResourceMonitor *>();
    }
    [[nodiscard]] MeterBar *meter() const { return m_app->window().findChild<MeterBar *>(); }
    [[nodiscard]] ResourcesPanel *panel() const
    {
        return m_app->window().findChild<ResourcesPanel *>();
    }
    [[nodiscard]] QAbstractButton *visibleButton(const QString &name) const;
    [[nodiscard]] bool hasBothRows() const;
    bool startServer();

    FakeGpus m_gpus;
    std::unique_ptr<test::Farcelld> m_server;
    std::unique_ptr<WindowFixture> m_app;
};

void TestResources::init()
{
    m_gpus.state["gpus"] = json::array({FakeGpus::h100(0), FakeGpus::h100(1)});
    m_gpus.write();
    m_app = std::make_unique<WindowFixture>();
    m_app->makeWindow();
}

void TestResources::cleanup()
{
    m_app.reset();
    m_server.reset();
}

bool TestResources::startServer()
{
    m_server = std::make_unique<test::Farcelld>();
    if (!m_server->start(
            {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), QStringLiteral(FAKE_NVML)}))
        return false;
    m_app->connectTo(m_server->port());
    return QTest::qWaitForWindowActive(&m_app->window(), patience);
}

NotebookView *TestResources::open(const QList<QByteArray> &sources)
{
    WindowFixture::write(m_server->root() + QStringLiteral("/训练.ipynb"),
                         WindowFixture::notebook(sources));
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("训练.ipynb"));
    return QTest::qWaitFor([this] { return m_app->window().usableNotebook() != nullptr; }, patience)
               ? m_app->window().usableNotebook()
               : nullptr;
}

void TestResources::run(const NotebookView &view, int cell)
{
    view.kernel().run({view.document().cellAt(cell).id});
}

QString TestResources::textOf(const NotebookView &view, int cell)
{
    QString text;
    for (const Output &output : view.document().cellAt(cell).outputs.items())
        text += output.text;
    return text;
}

json TestResources::pidOf(const NotebookView &view)
{
    const KernelConnection *connection = view.kernel().connection();
    return connection ? m_server->json("GET", "/api/farcell/kernels/" +
                                                  connection->kernelId().toString().toUtf8() +
                                                  "/process")["pid"]
                      : json();
}

QAbstractButton *TestResources::visibleButton(const QString &name) const
{
    for (auto *button : panel()->findChildren<QAbstractButton *>(name)) {
        if (button->isVisible())
            return button;
    }
    return nullptr;
}

// The kernel's on the GPU and in RAM: no row moves another one any more.
bool TestResources::hasBothRows() const
{
    const auto buttons = panel()->findChildren<QAbstractButton *>(QStringLiteral("freeMemory"));
    return std::count_if(buttons.begin(), buttons.end(),
                         [](const QAbstractButton *button) { return button->isVisible(); }) == 2;
}

void TestResources::theLogKeepsPeaksAndMeans()
{
    MetricsLog log;
    log.add(sampleAt(0.0, 10, 5 * gib));
    log.add(sampleAt(0.1, 30, 9 * gib)); // of the same second
    log.add(sampleAt(0.9, 20, 7 * gib));
    log.add(sampleAt(1.5, 50, 1 * gib));
    log.add(sampleAt(1.5, 99, 9 * gib)); // told before

    const auto memory = log.line(0, MetricsLog::GpuTrack::Memory, start, start + 10, 1000);
    const auto load = log.line(MetricsLog::Track::Cpu, start, start + 10, 1000);

    QCOMPARE(log.size(), std::size_t(2));
    QCOMPARE(memory.size(), std::size_t(2));
    QCOMPARE(memory[0].value, double(9 * gib));
    QCOMPARE(memory[1].value, double(1 * gib));
    QCOMPARE(load[0].value, 20.0);
    QCOMPARE(load[1].value, 50.0);
    QCOMPARE(log.at(MetricsLog::Track::Cpu, start + 1.4), std::optional(50.0));
    QVERIFY(!log.at(0, MetricsLog::GpuTrack::Power, start)); // not told, so not 0
    QVERIFY(!log.at(MetricsLog::Track::Cpu, start + 100));
}

void TestResources::theLogIsBounded()
{
    MetricsLog log;
    for (int i = 0; i < 60 * 3600; ++i)
        log.add(sampleAt(i, i % 2 ? 100 : 0, i == 50 * 3600 ? 79 * gib : gib));

    const double end = log.lastTime();
    const auto day = log.line(0, MetricsLog::GpuTrack::Memory, end - 24 * 3600, end, 300);
    const auto minutes = log.line(MetricsLog::Track::Cpu, end - 300, end, 300);

    QVERIFY(log.size() <= 8640 + 610);
    QVERIFY(log.firstTime() >= end - 24 * 3600 - 10);
    QVERIFY(day.size() >= 290 && day.size() <= 302);
    const auto peak = std::max_element(
        day.begin(), day.end(), [](const auto &a, const auto &b) { return a.value < b.value; });
    QCOMPARE(peak->value, double(79 * gib)); // a second of a day is still in sight
    QVERIFY(std::abs(peak->time - (start + 50 * 3600)) <= 300);
    QVERIFY(minutes.size() >= 300 && minutes.size() <= 302);
    const auto hour = log.line(MetricsLog::Track::Cpu, end - 7200, end - 3600, 60);
    QVERIFY(std::all_of(hour.begin(), hour.end(),
                        [](const auto &point) { return std::abs(point.value - 50) < 1; }));
}

void TestResources::gapsStayGaps()
{
    MetricsLog log;
    for (int i = 0; i < 10; ++i)
        log.add(sampleAt(i, 1, gib));
    for (int i = 100; i < 110; ++i)
        log.add(sampleAt(i, 1, gib));

    const auto line = log.line(MetricsLog::Track::Cpu, start, start + 110, 500);

    QCOMPARE(line.size(), std::size_t(21));
    QVERIFY(std::isnan(line[10].value));
    QCOMPARE(std::count_if(line.begin(), line.end(),
                           [](const auto &point) { return std::isnan(point.value); }),
             1);
}

void TestResources::memoryIsToldOnceUntilItFell()
{
    ResourceWarnings warnings;
    const auto told = [&](double time, qint64 used) {
        return warnings.look(sampleAt(time, 50, used), {}, false);
    };

    QVERIFY(told(0, 71 * gib).empty());
    const auto first = told(1, 76 * gib);
    QCOMPARE(first.size(), std::size_t(1));
    QCOMPARE(first[0].key, QStringLiteral("resources-gpu-memory-0"));
    QVERIFY(first[0].text.contains(QStringLiteral("GPU 0 is 95 % full: 76.0 of 80.0 GiB")));
    QVERIFY(told(2, 79 * gib).empty());
    QVERIFY(told(3, 70 * gib).empty());
    QVERIFY(told(4, 76 * gib).empty()); // it was never well below
    QVERIFY(told(5, 40 * gib).empty());
    QCOMPARE(told(6, 75 * gib).size(), std::size_t(1));

    api::MetricsSample idle = sampleAt(7, 0, 0);
    idle.machine.memory.used = 99 * gib;
    idle.kernels[0].isBusy = false;
    QVERIFY(warnings.look(idle, {}, false).empty()); // nothing runs that could break
    idle.kernels[0].isBusy = true;
    const auto memory = warnings.look(idle, {}, false);
    QCOMPARE(memory.size(), std::size_t(1));
    QVERIFY(memory[0].text.contains(QStringLiteral("99 % full: 99.0 of 100.0 GiB")));
}

void TestResources::anUnusedGpuIsTold()
{
    const QString kernel = QStringLiteral("k");
    const auto toldAt = [&kernel](bool asks, int usedFrom) {
        ResourceWarnings warnings;
        int when = -1;
        int count = 0;
        for (int i = 0; i < 600; ++i) {
            api::MetricsSample sample = sampleAt(i, 0, gib);
            sample.kernels[0].gpuMemory = usedFrom >= 0 && i >= usedFrom ? gib : 0;
            if (!warnings.look(sample, kernel, asks).empty()) {
                when = i;
                ++count;
            }
        }
        return count > 1 ? -2 : when;
    };

    QCOMPARE(toldAt(true, -1), 120);
    QCOMPARE(toldAt(true, 60), -1);
    QCOMPARE(toldAt(false, -1), -1);
    ResourceWarnings warnings;
    for (int i = 0; i < 600; ++i) {
        api::MetricsSample sample = sampleAt(i, 0, gib);
        sample.kernels[0].gpuMemory.reset(); // nobody can tell
        QVERIFY(warnings.look(sample, kernel, true).empty());
    }
}

void TestResources::errorsOfGpusAreTold_data()
{
    QTest::addColumn<int>("xid");
    QTest::addColumn<int>("ecc");
    QTest::addColumn<QString>("error");
    QTest::addColumn<QString>("text");

    QTest::newRow("Xid 79") << 79 << 0 << QString()
                            << QStringLiteral(
                                   "GPU 0 reported the error Xid 79: it has fallen off the bus.");
    QTest::newRow("an unknown Xid")
        << 999 << 0 << QString() << QStringLiteral("GPU 0 reported the error Xid 999.");
    QTest::newRow("ECC") << 0 << 2 << QString()
                         << QStringLiteral("GPU 0 had 2 memory errors that it could not correct "
                                           "(ECC). Results may be wrong.");
    QTest::newRow("lost") << 0 << 0 << QStringLiteral("The GPU is lost.")
                          << QStringLiteral("GPU 0 does not answer: The GPU is lost.");
}

void TestResources::errorsOfGpusAreTold()
{
    QFETCH(int, xid);
    QFETCH(int, ecc);
    QFETCH(QString, error);
    QFETCH(QString, text);
    ResourceWarnings warnings;
    const api::GpuReport good = reportOf([](api::GpuDevice &gpu) { gpu.ecc.uncorrected = 0; });
    const api::GpuReport bad = reportOf([&](api::GpuDevice &gpu) {
        gpu.ecc.uncorrected = ecc;
        gpu.error = error;
        if (xid > 0)
            gpu.lastXid = xid;
    });

    QVERIFY(warnings.look(good, false).empty());
    const auto told = warnings.look(bad, false);
    QCOMPARE(told.size(), std::size_t(1));
    QCOMPARE(told[0].text, text);
    QVERIFY(warnings.look(bad, false).empty());
}

void TestResources::aMomentOfHeatIsNothing()
{
    ResourceWarnings warnings;
    const auto reasons = [](const QStringList &list) {
        return reportOf([&list](api::GpuDevice &gpu) { gpu.throttleReasons = list; });
    };
    const QString hot = QStringLiteral("software_thermal");

    QVERIFY(warnings.look(reasons({QStringLiteral("power_cap")}), true).empty());
    QVERIFY(warnings.look(reasons({QStringLiteral("power_cap")}), true).empty()); // as designed
    QVERIFY(warnings.look(reasons({hot}), true).empty());
    QVERIFY(warnings.look(reasons({}), true).empty());
    QVERIFY(warnings.look(reasons({hot}), true).empty());
    const auto told = warnings.look(reasons({hot, QStringLiteral("hardware_slowdown")}), true);
    QCOMPARE(told.size(), std::size_t(1));
    QCOMPARE(told[0].text,
             QStringLiteral("GPU 0 runs slower because it is too hot (91 °C, 1200 MHz)."));
    QVERIFY(warnings.look(reasons({hot, QStringLiteral("hardware_slowdown")}), true).empty());
}

void TestResources::sharesAreOfKernels()
{
    api::GpuReport report = reportOf([](api::GpuDevice &gpu) {
        gpu.memory = api::GpuMemory{80 * gib, 30 * gib, 50 * gib};
        gpu.processes = {{11, QStringLiteral("/usr/bin/python3"), 4 * gib, QStringLiteral("k"),
                          QStringLiteral("a/训练.ipynb")},
                         {12, QStringLiteral("python3"), 8 * gib, QStringLiteral("k"), {}},
                         {13, QStringLiteral("/opt/blender"), 2 * gib, {}, {}}};
    });
    KernelSummary kernel;
    kernel.id = KernelId(QStringLiteral("k"));
    kernel.notebook = QStringLiteral("训练.ipynb");
    kernel.state = QStringLiteral("busy");

    const auto shares = memoryShares(report, sampleAt(0, 1, gib), {kernel}, kernel.id);

    QCOMPARE(shares.size(), std::size_t(2));
    const auto &holders = shares[0].holders;
    QCOMPARE(holders.size(), std::size_t(3));
    QCOMPARE(holders[0].title, QStringLiteral("训练.ipynb"));
    QCOMPARE(holders[0].bytes, double(12 * gib));
    QVERIFY(holders[0].note.contains(QStringLiteral("2 processes")));
    QVERIFY(holders[0].isCurrent);
    QCOMPARE(holders[1].title, QStringLiteral("blender"));
    QVERIFY(holders[1].kernel.isEmpty());
    QCOMPARE(holders[2].bytes, double(16 * gib)); // told by nobody
    QCOMPARE(shares[1].holders[0].bytes, double(3 * gib));
    QCOMPARE(shares[1].holders[0].colour, holders[0].colour);
    QCOMPARE(shares[1].holders[1].bytes, double(7 * gib));

    report.gpus[0].processes.reset();
    QVERIFY(!memoryShares(report, {}, {}, {})[0].missing.isEmpty());
    report.gpus[0].processes = std::vector<api::GpuProcess>();
    for (int i = 0; i < 500; ++i)
        report.gpus[0].processes->push_back(
            {i, QStringLiteral("p%1").arg(i), (i + 1) * gib / 1024, {}, {}});
    const auto many = memoryShares(report, {}, {}, {})[0].holders;
    QCOMPARE(many.size(), std::size_t(8));
    QVERIFY(many[7].title.startsWith(QStringLiteral("493 ")));
}

void TestResources::metersShowMachineAndGpu()
{
    QVERIFY(startServer());
    const NotebookView *view = open({"1 + 1"});
    QVERIFY(view);
    QVERIFY(!meter()->isVisible());
    run(*view, 0);

    QTRY_VERIFY_WITH_TIMEOUT(meter()->isVisible(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(
        meter()->toolTip().contains(QStringLiteral("GPU 0: 11.0 of 80.0 GiB used, load 93 %")),
        patience);
    m_gpus.state["gpus"][1]["memory"]["used"] = 40 * gib;
    m_gpus.state["gpus"][1]["utilization"] = {12, 3};
    m_gpus.write();
    QTRY_VERIFY_WITH_TIMEOUT(
        meter()->toolTip().contains(QStringLiteral("GPU 1: 40.0 of 80.0 GiB used, load 12 %")),
        patience);
    QVERIFY(XDesktop::click(meter()));
    QTRY_VERIFY_WITH_TIMEOUT(panel()->isVisible(), patience);

    view->kernel().disconnectKernel();
    QTRY_VERIFY_WITH_TIMEOUT(!meter()->isVisible(), patience);
}

void TestResources::aPlainServerHasNoMeters()
{
    if (!test::JupyterServer::isInstalled())
        QSKIP("no jupyter-server");
    test::JupyterServer server;
    QVERIFY(server.waitUntilReady());
    m_app->runtimes().setPreferred(
        m_app->runtimes().remote(server.endpoint(), QStringLiteral("plain")));
    WindowFixture::write(server.root() + QStringLiteral("/n.ipynb"),
                         WindowFixture::notebook({"40 + 2"}));
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    QTRY_VERIFY_WITH_TIMEOUT(m_app->window().usableNotebook(), patience);
    const NotebookView *view = m_app->window().usableNotebook();
    run(*view, 0);

    QTRY_COMPARE_WITH_TIMEOUT(monitor().state(), ResourceMonitor::State::Unsupported, patience);
    QTRY_COMPARE_WITH_TIMEOUT(view->session().runState(view->document().cellAt(0).id).phase,
                              CellRunState::Phase::Succeeded, patience);
    QVERIFY(!meter()->isVisible());
}

void TestResources::theStreamComesBack()
{
    QVERIFY(startServer());
    const NotebookView *view = open({"1 + 1"});
    QVERIFY(view);
    run(*view, 0);
    QTRY_COMPARE_WITH_TIMEOUT(monitor().state(), ResourceMonitor::State::Live, patience);
    QTRY_VERIFY_WITH_TIMEOUT(monitor().log().size() > 3, patience);
    const double before = monitor().log().lastTime();

    const quint16 port = m_server->port();
    m_server->kill();
    QTRY_COMPARE_WITH_TIMEOUT(monitor().state(), ResourceMonitor::State::Waiting, patience);
    QVERIFY(m_server->start(
        {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), QStringLiteral(FAKE_NVML)},
        port));

    QTRY_COMPARE_WITH_TIMEOUT(monitor().state(), ResourceMonitor::State::Live, patience);
    QTRY_VERIFY_WITH_TIMEOUT(monitor().log().lastTime() > before + 3, patience);
    const auto line = monitor().log().line(MetricsLog::Track::Memory, before - 60,
                                           monitor().log().lastTime(), 10000);
    double last = 0;
    for (const auto &point : line) {
        QVERIFY(point.time >= last); // a gap ends at the time of its last point
        last = point.time;
    }
    QVERIFY(monitor().log().firstTime() <= before); // what was before is kept
}

void TestResources::aBandLeadsToItsCell()
{
    QVERIFY(startServer());
    const NotebookView *view = open({"1 + 1", "import time\ntime.sleep(600)"});
    QVERIFY(view);
    run(*view, 1);
    QTRY_VERIFY_WITH_TIMEOUT(meter()->isVisible(), patience);
    QVERIFY(XDesktop::click(meter()));
    const CellId running = view->document().cellAt(1).id;
    QTRY_COMPARE_WITH_TIMEOUT(view->session().runningCell(), running, patience);
    auto *graphs = panel()->findChild<ResourceGraphs *>();
    QTRY_VERIFY_WITH_TIMEOUT(graphs->isVisible() && graphs->height() > 200, patience);
    view->list().setCurrentCell(view->document().cellAt(0).id);

    // It runs now, which is at the right edge.
    QVERIFY(XDesktop::click(graphs, {graphs->width() - 13, 80}));

    QTRY_COMPARE_WITH_TIMEOUT(view->list().currentCell(), running, patience);
    view->kernel().interrupt();
}

void TestResources::memoryIsFreedAndSaid()
{
    QVERIFY(startServer());
    const NotebookView *view =
        open({"import sys, types, weakref\n"
              "emptied = []\n"
              "torch = types.ModuleType('torch')\n"
              "torch.cuda = types.SimpleNamespace(is_available=lambda: True,\n"
              "    is_initialized=lambda: True, empty_cache=lambda: emptied.append(1))\n"
              "sys.modules['torch'] = torch\n"
              "class Big: pass\n"
              "def work():\n"
              "    global watch\n"
              "    big = Big()\n"
              "    watch = weakref.ref(big)\n"
              "    raise ValueError('no')",
              "work()", "print('kept' if watch() else 'gone', emptied)",
              "print('kept' if watch() else 'gone', emptied, sorted(set(globals()) & "
              "{'emptied', 'gc', 'shell', 'result'}))"});
    QVERIFY(view);
    run(*view, 0);
    run(*view, 1);
    QTRY_COMPARE_WITH_TIMEOUT(view->session().runState(view->document().cellAt(1).id).phase,
                              CellRunState::Phase::Failed, patience);
    run(*view, 2);
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 2), QStringLiteral("kept []\n"), patience);
    const json pid = pidOf(*view);
    m_gpus.state["gpus"][0]["processes"] = {{pid, 12 * gib}};
    m_gpus.write();
    QTRY_VERIFY_WITH_TIMEOUT(meter()->isVisible(), patience);
    QVERIFY(XDesktop::click(meter()));
    QTRY_VERIFY_WITH_TIMEOUT(hasBothRows(), patience);
    QAbstractButton *button = visibleButton(QStringLiteral("freeMemory"));
    QVERIFY(button->accessibleName().contains(QStringLiteral("训练.ipynb")));
    panel()->findChild<QScrollArea *>()->ensureWidgetVisible(button);

    QVERIFY(XDesktop::click(button));
    m_gpus.state["gpus"][0]["processes"] = {{pid, 7 * gib}};
    m_gpus.write();

    const auto said = [this](const QString &text) {
        const auto labels = panel()->findChildren<QLabel *>();
        return std::any_of(labels.begin(), labels.end(), [&](const QLabel *label) {
            return label->isVisible() && label->text() == text;
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(said(QStringLiteral("训练.ipynb gave back 5.0 GiB of GPU memory.")),
                             patience);
    run(*view, 3);
    QTRY_COMPARE_WITH_TIMEOUT(textOf(*view, 3), QStringLiteral("gone [1] ['emptied']\n"), patience);
}

void TestResources::aHolderIsRestarted()
{
    QVERIFY(startServer());
    const NotebookView *view = open({"1 + 1"});
    QVERIFY(view);
    run(*view, 0);
    QTRY_VERIFY_WITH_TIMEOUT(meter()->isVisible(), patience);
    const json pid = pidOf(*view);
    m_gpus.state["gpus"][0]["processes"] = {{pid, 12 * gib}};
    m_gpus.write();
    QVERIFY(XDesktop::click(meter()));
    QTRY_VERIFY_WITH_TIMEOUT(hasBothRows(), patience);
    QAbstractButton *button = visibleButton(QStringLiteral("restartKernel"));
    panel()->findChild<QScrollArea *>()->ensureWidgetVisible(button);

    QVERIFY(XDesktop::click(button));
    QTRY_VERIFY_WITH_TIMEOUT(panel()->findChild<QMessageBox *>(), patience);
    const auto *box = panel()->findChild<QMessageBox *>();
    QVERIFY(box->text().contains(QStringLiteral("训练.ipynb")));
    QTRY_VERIFY_WITH_TIMEOUT(box->isActiveWindow(), patience);
    QVERIFY(XDesktop::click(box->defaultButton()));

    QTRY_VERIFY_WITH_TIMEOUT(pidOf(*view).is_number() && pidOf(*view) != pid, patience);
}

void TestResources::aFullGpuIsToldInTheNotebook()
{
    QVERIFY(startServer());
    const NotebookView *view = open({"import time\ntime.sleep(600)"});
    QVERIFY(view);
    run(*view, 0);
    QTRY_VERIFY_WITH_TIMEOUT(meter()->isVisible(), patience);
    const QString key = QStringLiteral("resources-gpu-memory-1");
    QVERIFY(!view->infoBar().hasMessage(key));

    m_gpus.state["gpus"][1]["memory"]["used"] = 76 * gib;
    m_gpus.write();
    QTRY_VERIFY_WITH_TIMEOUT(view->infoBar().hasMessage(key), patience);
    QVERIFY(view->infoBar().message().contains(QStringLiteral("95 % full: 76.0 of 80.0 GiB")));
    view->infoBar().hideMessage(key);
    m_gpus.state["gpus"][1]["memory"]["used"] = 78 * gib;
    m_gpus.state["xids"] = json::array({{{"gpu", 0}, {"xid", 94}}});
    m_gpus.write();
    // Xids come with the next look at the devices, by when many samples were looked at as well.
    QTRY_VERIFY_WITH_TIMEOUT(view->infoBar().hasMessage(QStringLiteral("resources-xid-0")),
                             patience);
    QVERIFY(!view->infoBar().hasMessage(key));
    m_gpus.state.erase("xids");
    view->kernel().interrupt();
}

} // namespace farcell

int main(int argc, char **argv)
{
    farcell::test::XDesktop desktop;
    if (!desktop.start() || !farcell::test::Farcelld::hasIpykernel()) {
        std::puts("SKIP   : Xvfb, openbox, xdotool or ipykernel is not here: whole test");
        return 0;
    }
    QApplication app(argc, argv);
    farcell::TestResources test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_resources.moc"
