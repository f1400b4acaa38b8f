#include "backend/gpu/gpureader.h"
#include "backend/gpu/gpuservice.h"
#include "tests/support/channelclient.h"
#include "tests/support/fakegpus.h"
#include "tests/support/farcelld.h"

#include <QStandardPaths>
#include <QTest>

#include <limits>

using namespace farcell;
using farcell::test::ChannelClient;
using farcell::test::FakeGpus;
using farcell::test::Farcelld;
using nlohmann::json;

namespace {

const QString fakeNvml = QStringLiteral(FAKE_NVML);
constexpr int patienceMs = 60000;

QByteArray run(const QStringList &arguments)
{
    QProcess process;
    process.start(QStringLiteral(FARCELL_BIN_DIR "/farcelld"), arguments);
    return process.waitForFinished(30000) && process.exitCode() == 0
               ? process.readAllStandardOutput()
               : QByteArray("failed: ") + process.readAllStandardError();
}

} // namespace

// What is told of GPUs, with a library in NVML's place whose values come from a file; processes
// and kernels are real.
class TestGpus : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_fake = std::make_unique<FakeGpus>(); }
    void cleanup() { m_fake.reset(); }

    void tellsAll();
    void unsupportedIsEmpty();
    void oneFailureHidesOneValue_data();
    void oneFailureHidesOneValue();
    void aLostDeviceHidesNoOther();
    void comesBackAfterAFailure();
    void tellsWhyThereIsNone_data();
    void tellsWhyThereIsNone();
    void noLibraryIsSaid();
    void tellsInstances();
    void tellsErrorsAsTheyHappen();
    void listsManyProcesses();
    void jsonRoundTrip();
    void aDriverThatHangsIsSaid();
    void routeTellsGpus();
    void routeWithoutGpus();
    void processesBelongToKernels();
    void commandPrintsATable();

private:
    void show(const json &state)
    {
        m_fake->state = state;
        m_fake->write();
    }
    json &gpu(std::size_t index) { return m_fake->state["gpus"][index]; }

    std::unique_ptr<FakeGpus> m_fake;
};

void TestGpus::tellsAll()
{
    gpu(1)["throttle"] = 0x44;
    gpu(1)["ecc"] = {1, 7, 2};
    gpu(1)["processes"] = {{::getpid(), 11LL << 30}, {4194304, nullptr}};
    m_fake->write();

    const api::GpuReport report = GpuReader(fakeNvml).read();

    QCOMPARE(report.driver, QStringLiteral("550.54.15"));
    QCOMPARE(report.cuda, QStringLiteral("12.4"));
    QVERIFY(report.reason.isEmpty());
    QCOMPARE(report.gpus.size(), std::size_t(2));
    const api::GpuDevice &device = report.gpus[1];
    QCOMPARE(device.index, 1);
    QCOMPARE(device.name, QStringLiteral("NVIDIA H100 80GB HBM3"));
    QCOMPARE(device.uuid, QStringLiteral("GPU-00000000-0000-0000-0000-000000000001"));
    QCOMPARE(device.pciId, QStringLiteral("00000000:01:00.0"));
    QCOMPARE(device.computeCapability, QStringLiteral("9.0"));
    QCOMPARE(device.memory->total, 80LL << 30);
    QCOMPARE(device.memory->used, 11LL << 30);
    QCOMPARE(device.memory->free, 68LL << 30);
    QCOMPARE(device.reservedMemory, std::optional<qint64>(1LL << 30));
    QCOMPARE(device.gpuUtilization, std::optional(93));
    QCOMPARE(device.memoryUtilization, std::optional(41));
    QCOMPARE(device.temperature, std::optional(54));
    QCOMPARE(device.power, std::optional(412.5));
    QCOMPARE(device.powerLimit, std::optional(700.0));
    QCOMPARE(device.energy, std::optional(9800.0));
    QCOMPARE(device.smClock, std::optional(1980));
    QCOMPARE(device.memoryClock, std::optional(2619));
    QCOMPARE(*device.throttleReasons,
             (QStringList{QStringLiteral("power_cap"), QStringLiteral("hardware_thermal")}));
    QCOMPARE(device.isEccOn, std::optional(true));
    QCOMPARE(device.ecc.corrected, std::optional<qint64>(7));
    QCOMPARE(device.ecc.uncorrected, std::optional<qint64>(2));
    QCOMPARE(device.processes->size(), std::size_t(2));
    QCOMPARE(device.processes->at(0).pid, qint64(::getpid()));
    QCOMPARE(device.processes->at(0).name, QStringLiteral("tst_gpus"));
    QCOMPARE(device.processes->at(0).memory, std::optional<qint64>(11LL << 30));
    QVERIFY(!device.processes->at(1).memory && device.processes->at(1).name.isEmpty());
    QVERIFY(report.gpus[0].throttleReasons->isEmpty());
}

void TestGpus::unsupportedIsEmpty()
{
    show({{"driver", "470.1"}, {"cuda", 11040}, {"gpus", {{{"name", "Old"}, {"uuid", "GPU-1"}}}}});

    const api::GpuReport report = GpuReader(fakeNvml).read();

    const json told = api::toJson(report)["gpus"][0];
    QVERIFY(told["name"] == "Old");
    for (const char *key :
         {"pci_id", "compute_capability", "temperature", "energy", "throttle_reasons", "xid"})
        QVERIFY2(told[key].is_null(), key);
    for (const auto &[group, key] : {std::pair{"memory", "used"},
                                     {"memory", "total"},
                                     {"utilization", "gpu"},
                                     {"power", "draw"},
                                     {"power", "limit"},
                                     {"clocks", "sm"},
                                     {"ecc", "enabled"},
                                     {"ecc", "corrected"},
                                     {"mig", "enabled"}})
        QVERIFY2(told[group][key].is_null(), key);
    QVERIFY(told["processes"].is_array() && !told.contains("error"));
}

void TestGpus::oneFailureHidesOneValue_data()
{
    QTest::addColumn<QByteArray>("call");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("pointer");
    const auto row = [](const char *call, int code, const char *pointer) {
        QTest::newRow(call) << QByteArray(call) << code << QByteArray(pointer);
    };
    row("nvmlDeviceGetPowerUsage", 3, "/power/draw");
    row("nvmlDeviceGetTemperature", 999, "/temperature");
    row("nvmlDeviceGetUtilizationRates", 4, "/utilization/gpu");
    row("nvmlDeviceGetTotalEnergyConsumption", 3, "/energy");
    row("nvmlDeviceGetTotalEccErrors", 3, "/ecc/corrected");
    row("nvmlDeviceGetClockInfo", 1, "/clocks/sm");
    row("nvmlDeviceGetCurrentClocksThrottleReasons", 3, "/throttle_reasons");
}

void TestGpus::oneFailureHidesOneValue()
{
    QFETCH(QByteArray, call);
    QFETCH(int, code);
    QFETCH(QByteArray, pointer);
    gpu(0)["fail"] = {{call.toStdString(), code}};
    m_fake->write();

    const json told = api::toJson(GpuReader(fakeNvml).read());

    const json::json_pointer place(pointer.toStdString());
    QVERIFY(told["gpus"][0][place].is_null());
    QVERIFY(!told["gpus"][1][place].is_null());
    QVERIFY(told["gpus"][0]["memory"]["used"] == 11LL << 30);
}

void TestGpus::aLostDeviceHidesNoOther()
{
    GpuReader reader(fakeNvml);
    (void)reader.read();
    gpu(0)["lost"] = true;
    m_fake->write();

    const api::GpuReport report = reader.read();

    QCOMPARE(report.gpus.size(), std::size_t(2));
    QVERIFY2(report.gpus[0].error.contains(QStringLiteral("fallen off the bus")),
             qPrintable(report.gpus[0].error));
    QCOMPARE(report.gpus[0].name, QStringLiteral("NVIDIA H100 80GB HBM3")); // as it was known
    QVERIFY(!report.gpus[0].memory && !report.gpus[0].processes);
    QVERIFY(report.gpus[1].error.isEmpty());
    QCOMPARE(report.gpus[1].memory->used, 11LL << 30);
    gpu(0).erase("lost");
    m_fake->write();
    QVERIFY(reader.read().gpus[0].error.isEmpty());
}

// Version 2 of a struct is refused by this library: the first one will do.
void TestGpus::comesBackAfterAFailure()
{
    gpu(0)["fail"] = {{"nvmlDeviceGetMemoryInfo_v2", 25}};
    m_fake->write();
    const api::GpuReport report = GpuReader(fakeNvml).read();
    QCOMPARE(report.gpus[0].memory->used, 12LL << 30); // with what is reserved
    QVERIFY(!report.gpus[0].reservedMemory);
    QCOMPARE(report.gpus[1].memory->used, 11LL << 30);
}

void TestGpus::tellsWhyThereIsNone_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    QTest::newRow("driver not loaded") << 9 << QStringLiteral("loaded");
    QTest::newRow("versions") << 18 << QStringLiteral("different versions");
    QTest::newRow("permission") << 4 << QStringLiteral("may not use");
    QTest::newRow("unknown") << 999 << QStringLiteral("error 999");
}

void TestGpus::tellsWhyThereIsNone()
{
    QFETCH(int, code);
    QFETCH(QString, says);
    show({{"init", code}, {"gpus", json::array()}});
    const api::GpuReport report = GpuReader(fakeNvml).read();
    QVERIFY(report.gpus.empty());
    QVERIFY2(report.reason.contains(says), qPrintable(report.reason));
}

void TestGpus::noLibraryIsSaid()
{
    const api::GpuReport report = GpuReader(QStringLiteral("/nowhere/libnvidia-ml.so.1")).read();
    QVERIFY(report.gpus.empty());
    QVERIFY2(report.reason.contains(QStringLiteral("/nowhere/")), qPrintable(report.reason));
    // A library that is something else.
    const api::GpuReport other = GpuReader(QStringLiteral("libm.so.6")).read();
    QVERIFY2(other.reason.contains(QStringLiteral("is not NVIDIA's")), qPrintable(other.reason));
    // A driver that shows no device, as in a container without any.
    show({{"driver", "550.1"}, {"gpus", json::array()}});
    QVERIFY(GpuReader(fakeNvml).read().reason.contains(QStringLiteral("no GPU")));
}

void TestGpus::tellsInstances()
{
    gpu(0)["mig"] = {{{"uuid", "MIG-1"},
                      {"name", "NVIDIA H100 MIG 1g.10gb"},
                      {"memory", {{"total", 10}, {"reserved", 1}, {"used", 4}, {"free", 5}}}},
                     nullptr,
                     {{"uuid", "MIG-3"}, {"name", "NVIDIA H100 MIG 2g.20gb"}}};
    m_fake->write();
    const api::GpuReport report = GpuReader(fakeNvml).read();
    QCOMPARE(report.gpus[0].isMigOn, std::optional(true));
    QCOMPARE(report.gpus[0].instances.size(), std::size_t(2));
    QCOMPARE(report.gpus[0].instances[0].uuid, QStringLiteral("MIG-1"));
    QCOMPARE(report.gpus[0].instances[0].memory->used, qint64(4));
    QCOMPARE(report.gpus[0].instances[1].index, 2);
    QVERIFY(!report.gpus[0].instances[1].memory);
    QVERIFY(!report.gpus[1].isMigOn);
}

void TestGpus::tellsErrorsAsTheyHappen()
{
    GpuReader reader(fakeNvml);
    QVERIFY(!reader.read().gpus[1].lastXid);
    m_fake->state["xids"] = {{{"gpu", 1}, {"xid", 31}}, {{"gpu", 1}, {"xid", 79}}};
    m_fake->write();
    (void)
        reader.read(); // the file is read again while looking: seen at the next look at the latest
    const api::GpuReport report = reader.read();
    QCOMPARE(report.gpus[1].lastXid, std::optional(79));
    QVERIFY(!report.gpus[0].lastXid);
}

void TestGpus::listsManyProcesses()
{
    for (int i = 0; i < 500; ++i)
        gpu(0)["processes"].push_back({100000 + i, 1 << 20});
    gpu(0)["graphics"] = {{100000, 1 << 20}, {99999, 1 << 20}}; // one of them computes as well
    m_fake->write();
    QCOMPARE(GpuReader(fakeNvml).read().gpus[0].processes->size(), std::size_t(501));
}

void TestGpus::jsonRoundTrip()
{
    gpu(0)["processes"] = {{::getpid(), 5}};
    gpu(1) = {{"name", "Old"}, {"uuid", "GPU-1"}};
    m_fake->write();
    api::GpuReport report = GpuReader(fakeNvml).read();
    report.gpus[0].processes->at(0).kernelId = QStringLiteral("k");
    report.gpus[0].processes->at(0).notebook = QStringLiteral("n.ipynb");
    const json told = api::toJson(report);

    const auto again = api::gpuReportFromJson(told);

    QVERIFY(again);
    QVERIFY(api::toJson(*again) == told);
    QVERIFY(!api::gpuReportFromJson(json::array()));
    QVERIFY(!api::gpuReportFromJson({{"gpus", 5}}));
    QVERIFY(api::gpuReportFromJson({{"gpus", {1, nullptr, {{"memory", "x"}}}}})->gpus.size() == 3);
}

void TestGpus::aDriverThatHangsIsSaid()
{
    GpuService service(fakeNvml);
    const auto first = service.look();
    QTRY_VERIFY_WITH_TIMEOUT(first.isFinished(), patienceMs);
    gpu(1)["sleep_ms"] = 400; // at each of its calls: several seconds for all of them
    m_fake->write();
    QTest::qWait(1100); // what was told is not fresh any more

    const auto second = service.look();

    QTRY_VERIFY_WITH_TIMEOUT(second.isFinished(), patienceMs);
    QVERIFY2(second.result().reason.contains(QStringLiteral("has not answered")),
             qPrintable(second.result().reason));
    QCOMPARE(second.result().gpus.size(), std::size_t(2)); // as they were
}

void TestGpus::routeTellsGpus()
{
    Farcelld server;
    QVERIFY(server.start({QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), fakeNvml}));
    const json features = server.json("GET", "/api/farcell")["features"];
    QVERIFY(std::find(features.begin(), features.end(), "gpus") != features.end());

    const json told = server.json("GET", "/api/farcell/gpus");

    QVERIFY(told["driver"] == "550.54.15");
    QVERIFY(told["cuda"] == "12.4");
    QVERIFY(!told.contains("reason"));
    QVERIFY(told["gpus"].size() == 2 && told["gpus"][0]["power"]["draw"] == 412.5);
    gpu(0)["temperature"] = 91;
    m_fake->write();
    QTRY_VERIFY_WITH_TIMEOUT(
        server.json("GET", "/api/farcell/gpus")["gpus"][0]["temperature"] == 91, patienceMs);
    farcell::test::RawHttp stranger(server.port());
    stranger.send("GET /api/farcell/gpus HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QCOMPARE(stranger.reply().status, 403);
}

void TestGpus::routeWithoutGpus()
{
    Farcelld server;
    QVERIFY(server.start(
        {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), QStringLiteral("/nowhere.so")}));
    const json told = server.json("GET", "/api/farcell/gpus");
    QVERIFY(told["gpus"] == json::array() && told["driver"].is_null());
    QVERIFY(told["reason"].is_string());
}

// Children count, and so do those that a shell left behind in a session of their own.
void TestGpus::processesBelongToKernels()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    Farcelld server;
    QVERIFY(server.start({QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), fakeNvml}));
    const json session = server.json("POST", "/api/sessions", R"({"path": "a/train.ipynb",
        "type": "notebook", "name": "", "kernel": {"name": "python3"}})");
    const std::string kernel = session["kernel"]["id"];
    ChannelClient client(server.port(), QByteArray::fromStdString(kernel), true);
    const std::string id = client.execute(
        "import os, subprocess\n"
        "child = subprocess.Popen(['sleep', '600']).pid\n"
        "left = subprocess.check_output(['sh', '-c', 'setsid sleep 601 >&- 2>&- & echo $!'])\n"
        "print(os.getpid(), child, int(left))");
    QTRY_VERIFY_WITH_TIMEOUT(client.isDone(id), patienceMs);
    long own = 0;
    long child = 0;
    long left = 0;
    QCOMPARE(std::sscanf(client.text(id).c_str(), "%ld %ld %ld", &own, &child, &left), 3);
    gpu(0)["processes"] = {{own, 1 << 20}, {child, 2 << 20}, {left, 3 << 20}, {::getpid(), 9}};
    m_fake->write();

    json processes;
    QTRY_VERIFY_WITH_TIMEOUT(
        (processes = server.json("GET", "/api/farcell/gpus")["gpus"][0]["processes"]).size() == 4,
        patienceMs);

    for (std::size_t i = 0; i < 3; ++i) {
        QVERIFY2(processes[i].value("kernel_id", "") == kernel, processes.dump().c_str());
        QVERIFY(processes[i]["notebook"] == "a/train.ipynb");
    }
    QVERIFY(processes[2]["name"] == "sleep");
    QVERIFY(!processes[3].contains("kernel_id") && !processes[3].contains("notebook"));
    ::kill(pid_t(left), SIGKILL);
}

void TestGpus::commandPrintsATable()
{
    gpu(1)["lost"] = true;
    m_fake->write();
    const QByteArray text = run({QStringLiteral("gpus"), QStringLiteral("--nvml"), fakeNvml});
    QVERIFY2(text.startsWith("Driver 550.54.15, CUDA 12.4\n"), text.constData());
    QVERIFY2(text.contains("0    NVIDIA H100 80GB HBM3  11.0 of 80.0 GiB  93 %"), text.constData());
    QVERIFY(text.contains("fallen off the bus"));
    const QByteArray none =
        run({QStringLiteral("gpus"), QStringLiteral("--nvml"), QStringLiteral("/nowhere.so")});
    QVERIFY2(none.startsWith("No GPU on this machine: ") && none.contains("/nowhere.so"),
             none.constData());
}

QTEST_GUILESS_MAIN(TestGpus)
#include "tst_gpus.moc"
