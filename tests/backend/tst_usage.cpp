#include "backend/keeper/gpuusage.h"
#include "backend/keeper/treeusage.h"
#include "core/api/usage.h"
#include "tests/support/channelclient.h"
#include "tests/support/fakegpus.h"
#include "tests/support/farcelld.h"

#include <QTest>

#include <ctime>

#include <sys/wait.h>
#include <unistd.h>

using namespace farcell;
using farcell::test::ChannelClient;
using farcell::test::FakeGpus;
using farcell::test::Farcelld;
using nlohmann::json;

namespace {

constexpr int patienceMs = 90000;
constexpr double mib = 1024.0 * 1024.0;

double ownCpuSeconds()
{
    timespec time = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

void burn(double seconds)
{
    const double until = ownCpuSeconds() + seconds;
    while (ownCpuSeconds() < until) {
    }
}

// A child process that does `work` and ends; its number.
template <typename Work>
pid_t startChild(Work work)
{
    const pid_t child = fork();
    if (child == 0) {
        work();
        _exit(0);
    }
    return child;
}

void collect(pid_t child)
{
    waitpid(child, nullptr, 0);
}

// A kernel of a server with two GPUs, and a client of it.
class Bench
{
public:
    FakeGpus gpus;
    Farcelld server;
    std::string kernel;
    std::unique_ptr<ChannelClient> client;

    bool start()
    {
        if (!server.start(options()))
            return false;
        kernel = server.json("POST", "/api/kernels", R"({"name": "python3"})").value("id", "");
        client = connect(QStringLiteral("&events=1"));
        return !kernel.empty() && finished(client->execute("import os, sys, time")).is_object();
    }
    static QStringList options()
    {
        return {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"),
                QStringLiteral(FAKE_NVML)};
    }
    [[nodiscard]] std::unique_ptr<ChannelClient> connect(const QString &query) const
    {
        return std::make_unique<ChannelClient>(
            server.port(), QByteArray::fromStdString(kernel), true,
            QUuid::createUuid().toString(QUuid::WithoutBraces), query);
    }
    // What it cost; null if that is not told.
    json finished(const std::string &id)
    {
        (void)QTest::qWaitFor([&] { return has(id); }, patienceMs);
        return has(id) ? client->find("farcell_usage", id)->content : json();
    }
    json run(const std::string &code)
    {
        const std::string id = client->execute(code);
        // Before it is idle a kernel aborts what comes after an error.
        (void)QTest::qWaitFor([&] { return client->isDone(id); }, patienceMs);
        return finished(id);
    }
    [[nodiscard]] bool has(const std::string &id) const
    {
        return client->find("farcell_usage", id) != nullptr;
    }
    // The text it printed, as soon as it is complete.
    std::string waitForText(const std::string &id, const std::string &end = "\n")
    {
        (void)QTest::qWaitFor([&] { return client->text(id).ends_with(end); }, patienceMs);
        return client->text(id);
    }
    void endCell() // that waits for the file
    {
        QFile end(server.root() + QStringLiteral("/end"));
        (void)end.open(QIODevice::WriteOnly);
    }
    // Shows the kernel on a GPU.
    void hold(std::size_t gpu, const std::string &pid, long long bytes)
    {
        gpus.state["gpus"][gpu]["processes"].push_back({std::stol(pid), bytes});
        gpus.write();
    }
    // Until the server has seen that the kernel holds so much, and for some samples more.
    bool waitForGpuMemory(long long bytes)
    {
        const bool isSeen = QTest::qWaitFor(
            [&] {
                const json list = server.json("GET", "/api/farcell/kernels");
                for (const json &one : list["kernels"]) {
                    if (one["id"] == kernel)
                        return one["gpu_memory"] == bytes;
                }
                return false;
            },
            patienceMs);
        QTest::qWait(700);
        return isSeen;
    }
};

const char *const waitForEnd =
    "while not os.path.exists('end'): time.sleep(0.02)\nos.remove('end')";

json gpuSample(double load, double energy, const json &processes)
{
    return {{{"index", 0},
             {"name", "H100"},
             {"memory", {{"total", 80}, {"used", 11}, {"free", 69}}},
             {"utilization", {{"gpu", load}}},
             {"power", {{"draw", 100.0}}},
             {"energy", energy},
             {"processes", processes}}};
}

} // namespace

// The account of what executions cost: real processes and kernels; GPUs from a file.
class TestUsage : public QObject
{
    Q_OBJECT

private slots:
    void treeCountsProcessorsOnce();
    void treeKnowsShortPeaks();
    void gpuSumsOverTime();
    void gpuGapsAreNotFilled();
    void unknownIsNull();
    void recognisesGpuShortage_data();
    void recognisesGpuShortage();
    void jsonRoundTrip();

    void tellsOfEachCell();
    void subprocessesCount();
    void shortCells();
    void failedAndInterrupted();
    void queuedAndNested();
    void deathInACell();
    void deathTellsTheXid();
    void cancelledHaveNone();
    void gpuOfACell();
    void serverRestartLosesOnlyItsGap();
    void tellsWhoFillsTheGpu();
    void noSampleNoExplanation();
    void jupytersClientsHearNothing();
};

// --- parts

void TestUsage::treeCountsProcessorsOnce()
{
    TreeUsage usage;
    const pid_t early = startChild([] { burn(0.2); });
    burn(0.1);
    usage.begin(getpid()); // what was before does not count
    const double before = ownCpuSeconds();
    collect(early);
    const pid_t seen = startChild([] {
        burn(0.2);
        collect(startChild([] { burn(0.2); }));
    });
    for (int i = 0; i < 40; ++i) {
        usage.look();
        usleep(10'000);
    }
    collect(seen);
    collect(startChild([] { burn(0.2); })); // between two looks
    const double own = ownCpuSeconds() - before;
    usage.end();

    // 0.6 s of children, and what was left of the first. Ticks of 10 ms, of each of them.
    const double children = usage.cpuSeconds() - own;
    QVERIFY2(children > 0.55 && children < 0.86, std::to_string(children).c_str());
}

void TestUsage::treeKnowsShortPeaks()
{
    TreeUsage usage;
    usage.begin(getpid());
    {
        std::vector<char> large(std::size_t(300 * mib), 1);
        QVERIFY(large.back() == 1);
    }
    usage.end();
    QVERIFY(double(usage.peakMemory()) > 300 * mib);

    usage.begin(getpid()); // the high mark of the time before says nothing now
    usage.end();
    QVERIFY(double(usage.peakMemory()) < 300 * mib);
}

void TestUsage::gpuSumsOverTime()
{
    using namespace std::chrono_literals;
    const GpuUsage::Clock::time_point start{};
    GpuUsage usage("k", start);
    const json ours = {{{"pid", 1}, {"memory", 5}, {"kernel_id", "k"}},
                       {{"pid", 2}, {"memory", 3}, {"kernel_id", "k"}},
                       {{"pid", 3}, {"memory", 90}, {"kernel_id", "other"}}};
    usage.add(gpuSample(50, 1000, ours), start + 1s);  // 1 s at 50 %, at 100 W
    usage.add(gpuSample(100, 1300, ours), start + 2s); // 1 s at 100 %, 300 J
    usage.add(gpuSample(0, 1400, ours), start + 4s);   // 2 s at 0 %, 100 J
    usage.end(start + 5s);                             // 1 s as before, at 100 W

    QCOMPARE(usage.samples(), 3);
    const json told = usage.toJson();
    QVERIFY(told["peak_memory"] == 8 && told["peak_device_memory"] == 11);
    QCOMPARE(told["seconds"].get<double>(), 1.5);
    QCOMPARE(told["utilization"].get<double>(), 30.0);
    QCOMPARE(told["energy"].get<double>(), 600.0);
}

void TestUsage::gpuGapsAreNotFilled()
{
    using namespace std::chrono_literals;
    const GpuUsage::Clock::time_point start{};
    GpuUsage usage("k", start);
    const json ours = {{{"pid", 1}, {"memory", 5}, {"kernel_id", "k"}}};
    usage.add(gpuSample(100, 1000, ours), start + 1s);
    usage.add(gpuSample(100, 9000, ours), start + 100s); // the device's counter knows
    usage.end(start + 101s);

    const json told = usage.toJson();
    QCOMPARE(told["seconds"].get<double>(), 2.0);
    QCOMPARE(told["utilization"].get<double>(), 100.0);
    QCOMPARE(told["energy"].get<double>(), 8200.0);
}

void TestUsage::unknownIsNull()
{
    using namespace std::chrono_literals;
    const GpuUsage::Clock::time_point start{};
    GpuUsage elsewhere("k", start);
    elsewhere.add(gpuSample(100, 1, json::array()), start + 1s);
    elsewhere.end(start + 2s);
    QVERIFY(elsewhere.toJson().is_null());

    json bare = gpuSample(0, 0, {{{"pid", 1}, {"memory", nullptr}, {"kernel_id", "k"}}});
    bare[0]["utilization"]["gpu"] = bare[0]["power"]["draw"] = bare[0]["energy"] = nullptr;
    bare[0]["memory"] = {{"total", nullptr}, {"used", nullptr}, {"free", nullptr}};
    GpuUsage usage("k", start);
    usage.add(bare, start + 1s);
    usage.add(bare, start + 2s);
    usage.end(start + 3s);
    const json told = usage.toJson();
    for (const char *key :
         {"peak_memory", "peak_device_memory", "seconds", "utilization", "energy"})
        QVERIFY2(told.at(key).is_null(), key);
}

void TestUsage::recognisesGpuShortage_data()
{
    QTest::addColumn<QByteArray>("ename");
    QTest::addColumn<QByteArray>("evalue");
    QTest::addColumn<bool>("is");
    const auto row = [](const char *name, const char *ename, const char *evalue, bool is) {
        QTest::newRow(name) << QByteArray(ename) << QByteArray(evalue) << is;
    };
    row("PyTorch", "OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB", true);
    row("PyTorch before 1.13", "RuntimeError", "CUDA out of memory. Tried to allocate 1 GiB", true);
    row("CuPy", "OutOfMemoryError", "Out of memory allocating 8,000,000,000 bytes", true);
    row("Numba", "CudaAPIError", "[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY",
        true);
    row("runtime API", "RuntimeError", "cudaErrorMemoryAllocation: out of memory", true);
    row("TensorFlow", "ResourceExhaustedError",
        "{{function_node}} OOM when allocating tensor with shape[9] on device:GPU:0", true);
    row("JAX", "XlaRuntimeError", "RESOURCE_EXHAUSTED: Out of memory while trying to allocate",
        true);
    row("RAM", "MemoryError", "Unable to allocate 74.5 GiB for an array", false);
    row("a quota", "ResourceExhaustedError", "429 too many requests", false);
    row("any other", "ValueError", "out of range", false);
}

void TestUsage::recognisesGpuShortage()
{
    QFETCH(QByteArray, ename);
    QFETCH(QByteArray, evalue);
    QFETCH(bool, is);
    const json content = {{"ename", ename.toStdString()},
                          {"evalue", evalue.toStdString()},
                          {"traceback", {"Traceback"}}};
    QCOMPARE(isGpuShortage(content.dump()), is);
}

void TestUsage::jsonRoundTrip()
{
    const json told = {{"msg_id", "m"},
                       {"cell_id", "c"},
                       {"status", "aborted"},
                       {"started_at", 1.7e9},
                       {"seconds", 2.5},
                       {"cpu_seconds", 1.5},
                       {"peak_memory", 1000},
                       {"gpu",
                        {{"peak_memory", 5},
                         {"peak_device_memory", nullptr},
                         {"seconds", 0.5},
                         {"utilization", nullptr},
                         {"energy", 9.5}}},
                       {"samples", 25}};
    const auto usage = api::cellUsageFromJson(told);
    QVERIFY(usage && usage->status == api::CellUsage::Status::Aborted);
    QVERIFY(api::toJson(*usage) == told);
    const auto list = api::cellUsagesFromJson({{"cells", {told, 5, {{"msg_id", "n"}}}}});
    QCOMPARE(list->size(), std::size_t(1));
    QVERIFY(!api::cellUsagesFromJson(json::array()));
}

// --- kernels

void TestUsage::tellsOfEachCell()
{
    Bench bench;
    QVERIFY(bench.start());
    const json busy = bench.run("end = time.process_time() + 0.5\n"
                                "while time.process_time() < end: pass");
    const json large = bench.run("a = bytearray(300 * 1024 * 1024); time.sleep(0.3); del a");
    const json asleep = bench.run("time.sleep(0.5)");

    QVERIFY(busy["status"] == "ok" && busy["cell_id"].is_null());
    QVERIFY(busy["gpu"].is_null());
    QVERIFY(busy["cpu_seconds"].get<double>() >= 0.5 && busy["cpu_seconds"].get<double>() < 0.9);
    QVERIFY(busy["seconds"].get<double>() >= 0.5);
    QVERIFY(busy["started_at"].get<double>() > 1.7e9);
    const double base = busy["peak_memory"].get<double>();
    QVERIFY(base > 20 * mib && base < 300 * mib);
    QVERIFY(large["peak_memory"].get<double>() > base + 250 * mib);
    QVERIFY(asleep["peak_memory"].get<double>() < 300 * mib);
    QVERIFY(asleep["cpu_seconds"].get<double>() < 0.3);
    QVERIFY(asleep["seconds"].get<double>() >= 0.5);

    // Who comes later gets the same.
    const json listed = bench.server.json(
        "GET", "/api/farcell/kernels/" + QByteArray::fromStdString(bench.kernel) + "/usage");
    QCOMPARE(listed["cells"].size(), std::size_t(4));
    QVERIFY(listed["cells"][1] == busy && listed["cells"][3] == asleep);
    const auto later = bench.connect(QStringLiteral("&since=0"));
    const std::string last = asleep["msg_id"];
    QTRY_VERIFY_WITH_TIMEOUT(later->find("farcell_usage", last) != nullptr, patienceMs);
    for (const json &usage : {busy, large, asleep})
        QVERIFY(later->find("farcell_usage", usage["msg_id"])->content == usage);
    QVERIFY(later->isSequenceRising());
    QCOMPARE(bench.server.ask("GET", "/api/farcell/kernels/none/usage").status, 404);
}

void TestUsage::subprocessesCount()
{
    Bench bench;
    QVERIFY(bench.start());
    const std::string burnAndHold = "import time; b = bytearray(200 * 1024 * 1024)\n"
                                    "end = time.process_time() + 0.5\n"
                                    "while time.process_time() < end: pass";
    QVERIFY(bench.run("open('burn.py', 'w').write('''" + burnAndHold + "''')").is_object());
    const json idle = bench.run("pass");

    const json shell = bench.run("!/usr/bin/python3 burn.py");
    const json forked =
        bench.run("import multiprocessing, runpy\n"
                  "children = [multiprocessing.get_context('fork').Process(target=runpy.run_path, "
                  "args=('burn.py',)) for _ in range(2)]\n"
                  "for c in children: c.start()\nfor c in children: c.join()");
    const json after = bench.run("time.sleep(0.2)");

    const double base = idle["peak_memory"];
    for (const auto &[usage, count] : {std::pair(shell, 1), std::pair(forked, 2)}) {
        const double cpu = usage["cpu_seconds"];
        QVERIFY2(cpu > 0.48 * count && cpu < 0.48 * count + 0.8, usage.dump().c_str());
        QVERIFY2(usage["peak_memory"].get<double>() > base + 190 * mib, usage.dump().c_str());
    }
    QVERIFY2(after["cpu_seconds"].get<double>() < 0.3, after.dump().c_str());
    QVERIFY(after["peak_memory"].get<double>() < base + 100 * mib);
}

void TestUsage::shortCells()
{
    Bench bench;
    QVERIFY(bench.start());
    const json usage = bench.run("pass");
    QVERIFY(usage["seconds"].get<double>() > 0);
    QVERIFY(usage["cpu_seconds"].get<double>() > 0 && usage["cpu_seconds"].get<double>() < 1);
    QVERIFY(usage["peak_memory"].get<double>() > 20 * mib);
    QVERIFY(usage["gpu"].is_null());
    // Nobody looks within so short a time, but the system remembers.
    const json peak = bench.run("a = bytearray(300 * 1024 * 1024); del a");
    QVERIFY(peak["peak_memory"].get<double>() > 300 * mib);
}

void TestUsage::failedAndInterrupted()
{
    Bench bench;
    QVERIFY(bench.start());
    const json failed = bench.run("time.sleep(0.2); 1 / 0");
    QVERIFY(failed["status"] == "error" && failed["seconds"].get<double>() >= 0.2);

    const std::string id = bench.client->execute("print('begun', flush=True); time.sleep(600)");
    QVERIFY(!bench.waitForText(id).empty());
    QCOMPARE(
        bench.server
            .ask("POST", "/api/kernels/" + QByteArray::fromStdString(bench.kernel) + "/interrupt")
            .status,
        204);
    const json interrupted = bench.finished(id);
    QVERIFY(interrupted["status"] == "error" && interrupted["seconds"].get<double>() < 600);
    QVERIFY(interrupted["peak_memory"].is_number());
}

void TestUsage::queuedAndNested()
{
    Bench bench;
    QVERIFY(bench.start());
    const std::string first = bench.client->execute("time.sleep(0.6)");
    const std::string second =
        bench.client->execute("r = get_ipython().run_cell('end = time.process_time() + 0.3\\n"
                              "while time.process_time() < end: pass')");
    const std::string third = bench.client->execute("pass");

    const json one = bench.finished(first);
    const json two = bench.finished(second);
    const json three = bench.finished(third);

    QVERIFY(one["seconds"].get<double>() >= 0.6);
    QVERIFY(one["cpu_seconds"].get<double>() < 0.3);
    QVERIFY(two["cpu_seconds"].get<double>() >= 0.3); // one account, of all it ran
    QVERIFY(three["cpu_seconds"].get<double>() < 0.25);
    // The time in the queue is nobody's.
    QVERIFY(two["started_at"].get<double>() >=
            one["started_at"].get<double>() + one["seconds"].get<double>() - 0.05);
    const auto count =
        std::count_if(bench.client->messages.begin(), bench.client->messages.end(),
                      [](const auto &message) { return message.type == "farcell_usage"; });
    QCOMPARE(count, 4);
}

void TestUsage::deathInACell()
{
    Bench bench;
    QVERIFY(bench.start());
    const std::string id =
        bench.client->execute("a = bytearray(200 * 1024 * 1024)\nend = time.process_time() + 0.5\n"
                              "while time.process_time() < end: pass\nos.kill(os.getpid(), 9)");
    const std::string waiting = bench.client->execute("print('never')");
    const json usage = bench.finished(id);

    QVERIFY(usage["status"] == "aborted");
    QVERIFY2(usage["cpu_seconds"].get<double>() >= 0.5, usage.dump().c_str());
    QVERIFY(usage["peak_memory"].get<double>() > 200 * mib);
    QTRY_VERIFY_WITH_TIMEOUT(bench.client->isDone(waiting), patienceMs);
    QVERIFY(!bench.has(waiting));
    QVERIFY(bench.run("1 + 1")["status"] == "ok"); // of the next kernel
}

void TestUsage::deathTellsTheXid()
{
    Bench bench;
    QVERIFY(bench.start());
    const std::string id = bench.client->execute("print(os.getpid(), flush=True)\n" +
                                                 std::string(waitForEnd) + "\nos.abort()");
    bench.hold(1, bench.waitForText(id), 7 << 20);
    QVERIFY(bench.waitForGpuMemory(7 << 20));
    bench.gpus.state["xids"] = {{{"gpu", 1}, {"xid", 79}}, {{"gpu", 0}, {"xid", 31}}};
    bench.gpus.write();
    QTRY_VERIFY_WITH_TIMEOUT(bench.server.json("GET", "/api/farcell/gpus")["gpus"][0]["xid"] == 31,
                             patienceMs);
    QTest::qWait(700); // some samples more
    bench.endCell();
    QVERIFY(bench.finished(id)["status"] == "aborted");

    const QByteArray death =
        "/api/farcell/kernels/" + QByteArray::fromStdString(bench.kernel) + "/death";
    QTRY_VERIFY_WITH_TIMEOUT(bench.server.json("GET", death).is_object(), patienceMs);
    const json told = bench.server.json("GET", death);
    QVERIFY2(told["xid"] == 79, told.dump().c_str()); // not that of the GPU it was not on
    QVERIFY(told["signal_name"] == "SIGABRT");
}

void TestUsage::cancelledHaveNone()
{
    Bench bench;
    QVERIFY(bench.start());
    const std::string running = bench.client->execute(waitForEnd);
    const std::string waiting = bench.client->execute("print('never')");
    const QByteArray queue =
        "/api/farcell/kernels/" + QByteArray::fromStdString(bench.kernel) + "/queue";
    QTRY_COMPARE_WITH_TIMEOUT(bench.server.json("GET", queue)["items"].size(), std::size_t(2),
                              patienceMs);
    QCOMPARE(bench.server.ask("DELETE", queue + "/" + QByteArray::fromStdString(waiting)).status,
             204);
    bench.endCell();
    QVERIFY(bench.finished(running)["status"] == "ok");
    QVERIFY(bench.run("pass").is_object());
    QTRY_VERIFY_WITH_TIMEOUT(bench.client->isDone(waiting), patienceMs);
    QVERIFY(!bench.has(waiting));
}

void TestUsage::gpuOfACell()
{
    Bench bench;
    QVERIFY(bench.start());
    const std::string id =
        bench.client->execute("import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
                              "print(os.getpid(), child.pid, flush=True)\n" +
                              std::string(waitForEnd) + "\nchild.kill(); child.wait()");
    const std::string pids = bench.waitForText(id);
    const std::string child = pids.substr(pids.find(' ') + 1);
    bench.gpus.state["gpus"][0]["utilization"] = {80, 1};
    bench.gpus.state["gpus"][0]["energy"] = 5'000'000; // mJ
    bench.gpus.state["gpus"][1]["utilization"] = {100, 1};
    bench.hold(0, pids, 7 << 20);
    bench.hold(0, child, 3 << 20);
    QVERIFY(bench.waitForGpuMemory(10 << 20));
    bench.gpus.state["gpus"][0]["energy"] = 5'250'000;
    bench.gpus.state["gpus"][0]["processes"][1][1] = 4 << 20; // the child
    bench.gpus.write();
    QVERIFY(bench.waitForGpuMemory(11 << 20));
    bench.endCell();

    const json usage = bench.finished(id);

    QVERIFY2(usage["samples"].get<int>() >= 3, usage.dump().c_str());
    const json &gpu = usage["gpu"];
    QCOMPARE(gpu["peak_memory"].get<qint64>(), qint64(11 << 20));
    QCOMPARE(gpu["peak_device_memory"].get<qint64>(), 11LL << 30); // of the one GPU it was on
    QCOMPARE(gpu["utilization"].get<double>(), 80.0);
    QVERIFY(gpu["seconds"].get<double>() > 0.1);
    QVERIFY(gpu["seconds"].get<double>() <= 0.81 * usage["seconds"].get<double>());
    QVERIFY2(gpu["energy"].get<double>() >= 250, gpu.dump().c_str());
    // 250 J by the counter; the rest is the way to the first sample and from the last.
    QVERIFY2(gpu["energy"].get<double>() < 250 + 412.5 * usage["seconds"].get<double>(),
             gpu.dump().c_str());
}

void TestUsage::serverRestartLosesOnlyItsGap()
{
    Bench bench;
    QVERIFY(bench.start());
    const quint16 port = bench.server.port();
    const std::string id =
        bench.client->execute("print(os.getpid(), flush=True)\n" + std::string(waitForEnd));
    const std::string pid = bench.waitForText(id);
    bench.hold(0, pid, 9 << 20);
    QVERIFY(bench.waitForGpuMemory(9 << 20));

    bench.server.kill();
    bench.gpus.state["gpus"][0]["processes"] = json::array();
    bench.hold(0, pid, 5 << 20);
    QVERIFY(bench.server.start(Bench::options(), port));
    QVERIFY(bench.waitForGpuMemory(5 << 20));
    bench.client = bench.connect(QStringLiteral("&since=0"));
    bench.endCell();
    const json usage = bench.finished(id);

    QCOMPARE(usage["gpu"]["peak_memory"].get<qint64>(), qint64(9 << 20));
    QVERIFY2(usage["samples"].get<int>() >= 4, usage.dump().c_str());
    QVERIFY(usage["cpu_seconds"].is_number());
    const json listed = bench.server.json(
        "GET", "/api/farcell/kernels/" + QByteArray::fromStdString(bench.kernel) + "/usage");
    QVERIFY(listed["cells"].back() == usage);
}

void TestUsage::tellsWhoFillsTheGpu()
{
    Bench bench;
    QVERIFY(bench.start());
    const json other =
        bench.server.json("POST", "/api/sessions",
                          R"({"path": "deep/train.ipynb", "name": "", "type": "notebook",
                              "kernel": {"name": "python3"}})");
    ChannelClient second(bench.server.port(),
                         QByteArray::fromStdString(other["kernel"]["id"].get<std::string>()), true);
    const std::string pidOf = second.execute("import os; print(os.getpid())");
    QTRY_VERIFY_WITH_TIMEOUT(second.isDone(pidOf), patienceMs);
    const std::string id = bench.client->execute(
        "class OutOfMemoryError(RuntimeError): pass\nprint(os.getpid(), flush=True)\n" +
        std::string(waitForEnd) +
        "\nraise OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB')");
    const std::string pid = bench.waitForText(id);
    bench.gpus.state["gpus"][1]["memory"] = {
        {"total", 80LL << 30}, {"reserved", 0}, {"used", 79LL << 30}, {"free", 1LL << 30}};
    bench.gpus.state["gpus"][1]["processes"] = {{::getpid(), 1LL << 30}};
    bench.hold(1, second.text(pidOf), 58LL << 30);
    bench.hold(1, pid, 20LL << 30);
    QVERIFY(bench.waitForGpuMemory(20LL << 30));
    bench.endCell();
    QVERIFY(bench.finished(id)["status"] == "error");

    QTRY_VERIFY_WITH_TIMEOUT(bench.client->find("farcell_gpu_memory", id) != nullptr, patienceMs);
    const auto *message = bench.client->find("farcell_gpu_memory", id);
    QVERIFY(message->sequence > bench.client->find("error", id)->sequence);
    const auto shortage = api::gpuShortageFromJson(message->content);
    QVERIFY(shortage);
    QCOMPARE(shortage->sentence,
             QStringLiteral("GPU 1 (NVIDIA H100 80GB HBM3) has 1.0 GiB of 80.0 GiB free: held by "
                            "deep/train.ipynb (58.0 GiB), this kernel (20.0 GiB) and another "
                            "process (1.0 GiB)."));
    QCOMPARE(shortage->gpus.size(), std::size_t(2));
    const auto &processes = *shortage->gpus[1].processes;
    QCOMPARE(processes.size(), std::size_t(3));
    QVERIFY(std::any_of(processes.begin(), processes.end(), [&](const auto &process) {
        return process.kernelId.toStdString() == bench.kernel && process.memory == 20LL << 30;
    }));
    QVERIFY(shortage->gpus[1].memory->free == 1LL << 30);

    // One that fails at once, and another error.
    const std::string quick = bench.client->execute("raise OutOfMemoryError('again')");
    QTRY_VERIFY_WITH_TIMEOUT(bench.client->find("farcell_gpu_memory", quick) != nullptr,
                             patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(bench.client->isDone(quick), patienceMs);
    const std::string plain = bench.client->execute("raise MemoryError('of the machine')");
    QTRY_VERIFY_WITH_TIMEOUT(bench.client->isDone(plain), patienceMs);
    QVERIFY(bench.run("pass").is_object());
    QVERIFY(bench.client->find("farcell_gpu_memory", plain) == nullptr);
}

void TestUsage::noSampleNoExplanation()
{
    Bench bench;
    bench.gpus.state["gpus"] = json::array();
    bench.gpus.write();
    QVERIFY(bench.start());
    const std::string id = bench.client->execute("raise RuntimeError('CUDA out of memory')");
    QTRY_VERIFY_WITH_TIMEOUT(bench.client->isDone(id), patienceMs);
    const json usage = bench.finished(id);
    QVERIFY(usage["gpu"].is_null() && usage["samples"] == 0);
    QVERIFY(bench.run("time.sleep(0.5)")["samples"] == 0);
    QVERIFY(bench.client->find("farcell_gpu_memory") == nullptr);
}

void TestUsage::jupytersClientsHearNothing()
{
    Bench bench;
    QVERIFY(bench.start());
    const auto plain = bench.connect({});
    const std::string id = plain->execute("print('here')");
    QVERIFY(bench.finished(id)["status"] == "ok");
    const std::string next = plain->execute("pass");
    QTRY_VERIFY_WITH_TIMEOUT(plain->isDone(next), patienceMs);
    QVERIFY(plain->text(id) == "here\n" && plain->isSequenceRising());
    QVERIFY(plain->find("farcell_usage") == nullptr);
}

QTEST_GUILESS_MAIN(TestUsage)
#include "tst_usage.moc"
