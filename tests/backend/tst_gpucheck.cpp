#include "backend/gpucheck/gpucheck.h"
#include "backend/gpucheck/peaks.h"
#include "tests/support/fakegpus.h"

#include <QDir>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include <unistd.h>

using namespace farcell;
using farcell::test::FakeGpus;
using nlohmann::json;
using Status = GpuCheckOutcome::Status;

namespace {

constexpr int patienceMs = 60000;
constexpr int exitCannot = 3;

struct Ran
{
    int code = -1;
    QByteArray output, errors;
};

Ran run(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.start(program, arguments);
    const bool ended = process.waitForFinished(patienceMs);
    return {ended && process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput(), process.readAllStandardError()};
}

Ran gpuCheck(const QStringList &arguments)
{
    return run(QStringLiteral(FARCELL_BIN_DIR "/farcelld"),
               QStringList{QStringLiteral("gpu-check")} + arguments);
}

const QStringList fakeNvml = {QStringLiteral("--nvml"), QStringLiteral(FAKE_NVML)};
const QString tests = QStringLiteral(FARCELL_BIN_DIR "/farcell-gpu-check");

// Of an H100 SXM, as CUDA tells of it.
const GpuFigures h100 = {9, 0, 132, 1.98e9, 2.619e9, 5120};

} // namespace

// `farcelld gpu-check` without a GPU: what it refuses, how it judges what the tests tell, and that
// it never calls sound what it has not seen. The tests themselves run where a GPU is.
class TestGpuCheck : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_gpus = std::make_unique<FakeGpus>(); }
    void cleanup() { m_gpus.reset(); }

    void withoutAGpu();
    void wrongUse_data();
    void wrongUse();
    void refusesToDisturb();
    void theTestsSayWhyTheyCannotRun();
    void withoutTheToolkit();
    void peaks();
    void faultsAreSaid_data();
    void faultsAreSaid();
    void soundIsSaid();
    void aCrashIsAFault();
    void newEccErrorsAreAFault();

private:
    // Checks the first GPU with a script in the place of the tests.
    GpuCheckOutcome checkWith(const QByteArray &script)
    {
        const QString path = m_folder.filePath(QStringLiteral("tests"));
        QFile file(path);
        (void)file.open(QIODevice::WriteOnly);
        file.write("#!/bin/sh\n" + script);
        file.setPermissions(file.permissions() | QFile::ExeOwner | QFile::ExeUser);
        file.close();
        GpuCheckOptions options;
        options.gpus = {QStringLiteral("0")};
        options.nvmlLibrary = QStringLiteral(FAKE_NVML);
        options.program = path;
        return checkGpus(options).value();
    }

    std::unique_ptr<FakeGpus> m_gpus;
    QTemporaryDir m_folder;
};

void TestGpuCheck::withoutAGpu()
{
    const Ran text = gpuCheck({QStringLiteral("--nvml"), QStringLiteral("/nowhere.so")});
    const Ran told = gpuCheck(
        {QStringLiteral("--nvml"), QStringLiteral("/nowhere.so"), QStringLiteral("--json")});

    QCOMPARE(text.code, exitCannot);
    QVERIFY2(text.output.startsWith("There is no GPU to check: ") && text.output.count('\n') == 1,
             text.output.constData());
    QCOMPARE(told.code, exitCannot);
    const json object = json::parse(told.output.toStdString(), nullptr, false);
    QVERIFY2(object.is_object() && object["sound"].is_null() && object["reason"].is_string() &&
                 object["gpus"].empty(),
             told.output.constData());
}

void TestGpuCheck::wrongUse_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("no percentage") << QStringList{QStringLiteral("--memory"), QStringLiteral("x")};
    QTest::newRow("too much") << QStringList{QStringLiteral("--memory"), QStringLiteral("101")};
    QTest::newRow("unknown option") << QStringList{QStringLiteral("--fast")};
    QTest::newRow("no such GPU") << fakeNvml +
                                        QStringList{QStringLiteral("--gpu"), QStringLiteral("7")};
}

void TestGpuCheck::wrongUse()
{
    QFETCH(QStringList, arguments);

    const Ran ran = gpuCheck(arguments);

    QCOMPARE(ran.code, 2);
    QVERIFY2(ran.errors.startsWith("farcelld: ") && ran.output.isEmpty(), ran.errors.constData());
}

void TestGpuCheck::refusesToDisturb()
{
    m_gpus->state["gpus"][1]["processes"] = {{::getpid(), 1LL << 30}};
    m_gpus->write();
    GpuCheckOptions options;
    options.nvmlLibrary = QStringLiteral(FAKE_NVML);
    options.program = QStringLiteral("/bin/true");

    const GpuCheckOutcome outcome = checkGpus(options).value();
    options.anyway = true;
    const GpuCheckOutcome anyway = checkGpus(options).value();
    options.anyway = false;
    options.gpus = {QStringLiteral("0")}; // the one that nobody uses
    const GpuCheckOutcome other = checkGpus(options).value();

    QCOMPARE(int(outcome.status), int(Status::CannotCheck));
    QVERIFY2(
        outcome.reason.contains(QStringLiteral("tst_gpucheck (pid %1) on GPU 1").arg(::getpid())),
        qPrintable(outcome.reason));
    QVERIFY(outcome.gpus.empty());
    QCOMPARE(anyway.gpus.size(), std::size_t(2));
    QCOMPARE(other.gpus.size(), std::size_t(1));
}

// Where there is a GPU this would take long; the first line tells.
void TestGpuCheck::theTestsSayWhyTheyCannotRun()
{
    if (!QFileInfo(tests).isExecutable())
        QSKIP("built without the CUDA Toolkit");
    if (QFileInfo::exists(QStringLiteral("/dev/nvidiactl")))
        QSKIP("there is a GPU");

    const Ran alone = run(tests, {QStringLiteral("10")});
    const Ran ran = gpuCheck(fakeNvml);

    QCOMPARE(alone.code, exitCannot);
    QVERIFY(json::parse(alone.output.toStdString())["problem"].is_string());
    QCOMPARE(ran.code, exitCannot);
    QVERIFY2(ran.output.startsWith("CUDA cannot use the GPU: "), ran.output.constData());
    QCOMPARE(run(tests, {}).code, 2);
}

void TestGpuCheck::withoutTheToolkit()
{
    GpuCheckOptions options;
    options.nvmlLibrary = QStringLiteral(FAKE_NVML);
    options.program = m_folder.filePath(QStringLiteral("absent"));

    const GpuCheckOutcome outcome = checkGpus(options).value();

    QCOMPARE(int(outcome.status), int(Status::CannotCheck));
    QVERIFY(outcome.reason.contains(QStringLiteral("without the CUDA Toolkit")));
}

void TestGpuCheck::peaks()
{
    const auto isNear = [](std::optional<double> value, double expected) {
        return value && std::abs(*value / expected - 1) < 0.01;
    };
    // The data sheet of the H100 SXM: 3.35 TB/s, 67 and 990 TFLOP/s at 1.83 to 1.98 GHz.
    QVERIFY(isNear(peakMemory(h100), 3.352e12));
    QVERIFY(isNear(peakFp32(h100), 66.9e12));
    QVERIFY(isNear(peakTensor(h100), 1070.5e12));
    // T4: 8.1 and 65 TFLOP/s, 320 GB/s.
    const GpuFigures t4 = {7, 5, 40, 1.59e9, 5.001e9, 256};
    QVERIFY(isNear(peakFp32(t4), 8.14e12) && isNear(peakTensor(t4), 65.1e12));
    QVERIFY(isNear(peakMemory(t4), 320e9));
    QVERIFY(!peakFp32({99, 0, 10, 1e9, 0, 0}) && !peakMemory({99, 0, 10, 1e9, 0, 0}));
    QVERIFY(QDir(m_folder.path()).mkpath(QStringLiteral("0000:65:00.0")));
    for (const auto &[name, text] :
         {std::pair{"max_link_speed", "32.0 GT/s PCIe\n"}, {"max_link_width", "16\n"}}) {
        QFile file(m_folder.filePath(QStringLiteral("0000:65:00.0/") + QLatin1String(name)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    }
    const QString pciId = QStringLiteral("00000000:65:00.0");
    QVERIFY(isNear(peakTransfer(pciId, m_folder.path()), 63.0e9));
    QVERIFY(!peakTransfer(pciId, QStringLiteral("/nowhere")));
}

void TestGpuCheck::faultsAreSaid_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("fault");
    QTest::newRow("memory")
        << QByteArray(R"({"test": "pattern", "bytes": 1024, "wrong_words": 3, "first_offset": 4096,
                          "expected": 18446744073709551615, "found": 1})")
        << QStringLiteral("3 words of 8 bytes in memory did not keep what was written; at offset "
                          "4096 it was 0000000000000001 instead of ffffffffffffffff");
    QTest::newRow("transfer") << QByteArray(R"({"test": "transfer", "wrong_bytes": 7})")
                              << QStringLiteral("7 bytes came back wrong from the GPU");
    QTest::newRow("product")
        << QByteArray(R"({"test": "tensor", "flops": 1.0, "wrong_rows": 2, "size": 4096})")
        << QStringLiteral("2 of 4096 rows of a matrix product are wrong (tensor)");
    QTest::newRow("CUDA") << QByteArray(R"({"failure": "unspecified launch failure"})")
                          << QStringLiteral("CUDA failed: unspecified launch failure");
}

void TestGpuCheck::faultsAreSaid()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, fault);

    const GpuCheckOutcome outcome = checkWith("cat <<'END'\n" + line.simplified() + "\nEND\n");

    QCOMPARE(int(outcome.status), int(Status::Fault));
    QCOMPARE(outcome.gpus.at(0).faults, QStringList{fault});
    QVERIFY(describe(outcome).contains(QStringLiteral("FAULT: ") + fault));
    QVERIFY(toJson(outcome)["sound"] == false);
}

void TestGpuCheck::soundIsSaid()
{
    const GpuCheckOutcome outcome = checkWith(R"(echo "$CUDA_VISIBLE_DEVICES, $1 %" >&2
cat <<'END'
{"device": {"major": 9, "minor": 0, "processors": 132, "clock_khz": 1980000, "memory_clock_khz": 2619000, "bus_bits": 5120}}
{"begins": "memory"}
{"test": "memory", "copy": 2.9e12, "read": 3.0e12, "write": 3.1e12}
{"test": "tensor", "flops": 7.0e14, "by": "cuBLAS", "size": 4096, "wrong_rows": 0}
{"test": "pattern", "bytes": 42949672960, "patterns": 6, "wrong_words": 0}
END
)");

    QCOMPARE(int(outcome.status), int(Status::Sound));
    const QString text = describe(outcome);
    QVERIFY2(text.contains(QStringLiteral("3000.0 GB/s  89 % of 3352.3 GB/s")), qPrintable(text));
    QVERIFY2(text.contains(QStringLiteral("700.0 TFLOP/s  65 % of 1070.5 TFLOP/s  (cuBLAS)")),
             qPrintable(text));
    QVERIFY(text.contains(QStringLiteral("Memory patterns on 40.0 GiB")) &&
            text.contains(QStringLiteral("No fault found")));
    const json told = toJson(outcome);
    QVERIFY(told["sound"] == true && told["gpus"][0]["tests"].size() == 4);
    QVERIFY(told["gpus"][0]["tests"][0]["unit"] == "B/s");
}

void TestGpuCheck::aCrashIsAFault()
{
    const GpuCheckOutcome crashed = checkWith("echo '{\"begins\": \"fp32\"}'\nkill -SEGV $$\n");
    const GpuCheckOutcome silent = checkWith("exit 1\n");

    QCOMPARE(int(crashed.status), int(Status::Fault));
    QCOMPARE(crashed.gpus.at(0).faults,
             QStringList{QStringLiteral("The driver crashed in the test “fp32”")});
    QCOMPARE(int(silent.status), int(Status::Fault));
}

void TestGpuCheck::newEccErrorsAreAFault()
{
    json later = m_gpus->state;
    later["gpus"][0]["ecc"] = {1, 0, 2};
    const QString next = m_folder.filePath(QStringLiteral("next"));
    QFile file(next);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(later.dump()));
    file.close();

    const GpuCheckOutcome outcome =
        checkWith("cp " + QFile::encodeName(next) + " \"$FARCELL_FAKE_NVML\"\n");

    QCOMPARE(int(outcome.status), int(Status::Fault));
    QVERIFY2(outcome.gpus.at(0).faults.value(0).contains(QStringLiteral("2 errors")),
             qPrintable(outcome.gpus.at(0).faults.join(u',')));
}

QTEST_GUILESS_MAIN(TestGpuCheck)
#include "tst_gpucheck.moc"
