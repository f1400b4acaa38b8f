#include "backend/gpucheck/gpucheck.h"

#include "backend/gpu/gpureader.h"
#include "backend/gpucheck/peaks.h"
#include "core/base/jsonmembers.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QProcess>
#include <QProcessEnvironment>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

using nlohmann::json;
using Status = GpuCheckOutcome::Status;

constexpr int silenceMs = 120000; // of one test; the longest takes seconds
constexpr int exitNoDevice = 3;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

GpuFigures figuresOf(const json &device)
{
    constexpr double kilo = 1000;
    const auto number = [&](const char *key) { return numberAt<int>(device, key).value_or(0); };
    return {number("major"),
            number("minor"),
            number("processors"),
            number("clock_khz") * kilo,
            number("memory_clock_khz") * kilo,
            number("bus_bits")};
}

void addFigure(GpuCheckResult &result, const json &line, const char *key, const char *name,
               std::optional<double> peak)
{
    if (const auto measured = numberAt<double>(line, key))
        result.figures.push_back({QString::fromLatin1(name), *measured, peak, textAt(line, "by")});
}

qint64 countAt(const json &line, const char *key)
{
    return numberAt<qint64>(line, key).value_or(0);
}

// Those asked for, in the order of the machine.
Result<std::vector<api::GpuDevice>> choose(const QStringList &wanted, const api::GpuReport &report)
{
    std::vector<api::GpuDevice> chosen;
    for (const QString &one : wanted) {
        const bool isThere =
            std::any_of(report.gpus.begin(), report.gpus.end(), [&](const api::GpuDevice &gpu) {
                return gpu.uuid == one || QString::number(gpu.index) == one;
            });
        if (!isThere)
            return fail(ErrorCode::NotFound, tr("There is no GPU %1 on this machine").arg(one));
    }
    for (const api::GpuDevice &gpu : report.gpus) {
        if (wanted.isEmpty() || wanted.contains(gpu.uuid) ||
            wanted.contains(QString::number(gpu.index)))
            chosen.push_back(gpu);
    }
    return chosen;
}

// "python3 (pid 4711) on GPU 0"; empty: nobody.
QString usersOf(const std::vector<api::GpuDevice> &gpus)
{
    QStringList users;
    for (const api::GpuDevice &gpu : gpus) {
        for (const api::GpuProcess &process :
             gpu.processes.value_or(std::vector<api::GpuProcess>()))
            users << tr("%1 (pid %2) on GPU %3")
                         .arg(process.name.isEmpty() ? tr("a process") : process.name)
                         .arg(process.pid)
                         .arg(gpu.index);
    }
    return users.join(QStringLiteral(", "));
}

// Runs the tests of one GPU. An error: they cannot run at all.
Result<GpuCheckResult> runTests(const GpuCheckOptions &options, const api::GpuDevice &gpu)
{
    GpuCheckResult result;
    result.gpu = gpu;
    QProcess tests;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("CUDA_VISIBLE_DEVICES"), gpu.uuid);
    tests.setProcessEnvironment(environment);
    tests.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    tests.start(options.program, {QString::number(options.memoryPercent)});
    json device;
    QString test;
    QString problem;
    const auto readLines = [&] {
        while (tests.canReadLine()) {
            const json line = json::parse(tests.readLine().toStdString(), nullptr, false);
            if (const QString begins = textAt(line, "begins"); !begins.isEmpty())
                test = begins;
            else if (const QString told = textAt(line, "problem"); !told.isEmpty())
                problem = told;
            else
                takeLine(line, device, result);
        }
    };
    while (tests.state() != QProcess::NotRunning) {
        if (!tests.waitForReadyRead(silenceMs) && tests.state() != QProcess::NotRunning) {
            result.faults << tr("The GPU does not answer any more, in the test “%1”").arg(test);
            tests.kill();
            tests.waitForFinished(silenceMs);
            return result;
        }
        readLines();
    }
    readLines();
    if (tests.error() == QProcess::FailedToStart)
        return fail(ErrorCode::Unavailable, tr("%1 cannot be started").arg(options.program));
    if (tests.exitStatus() == QProcess::CrashExit)
        result.faults << tr("The driver crashed in the test “%1”").arg(test);
    else if (tests.exitCode() == exitNoDevice)
        return fail(ErrorCode::Unavailable, tr("CUDA cannot use the GPU: %1").arg(problem));
    else if (tests.exitCode() != 0 && result.faults.isEmpty())
        result.faults << tr("The tests ended without a result, in the test “%1”").arg(test);
    return result;
}

// What the driver counted meanwhile.
void addErrors(const api::GpuReport &after, GpuCheckResult &result)
{
    for (const api::GpuDevice &gpu : after.gpus) {
        if (gpu.uuid != result.gpu.uuid)
            continue;
        if (!gpu.error.isEmpty())
            result.faults << gpu.error;
        if (gpu.ecc.uncorrected.value_or(0) > result.gpu.ecc.uncorrected.value_or(0))
            result.faults << tr("The memory has had %1 errors that could not be corrected (ECC)")
                                 .arg(*gpu.ecc.uncorrected -
                                      result.gpu.ecc.uncorrected.value_or(0));
        if (gpu.lastXid && gpu.lastXid != result.gpu.lastXid)
            result.faults << tr("The driver reports the error Xid %1").arg(*gpu.lastXid);
    }
}

} // namespace

void takeLine(const json &line, json &device, GpuCheckResult &result)
{
    if (const json &told = memberOf(line, "device"); told.is_object())
        device = told;
    if (const QString failure = textAt(line, "failure"); !failure.isEmpty())
        result.faults << tr("CUDA failed: %1").arg(failure);
    const GpuFigures figures = figuresOf(device);
    const QString test = textAt(line, "test");
    if (test == u"memory") {
        for (const char *key : {"copy", "read", "write"})
            addFigure(result, line, key, key, peakMemory(figures));
    } else if (test == u"transfer") {
        for (const char *key : {"to_device", "from_device"})
            addFigure(result, line, key, key, peakTransfer(result.gpu.pciId));
        if (const qint64 wrong = countAt(line, "wrong_bytes"); wrong > 0)
            result.faults << tr("%1 bytes came back wrong from the GPU").arg(wrong);
    } else if (test == u"fp32" || test == u"tensor") {
        const bool isTensor = test == u"tensor";
        addFigure(result, line, "flops", isTensor ? "tensor" : "fp32",
                  isTensor ? peakTensor(figures) : peakFp32(figures));
        if (const qint64 wrong = countAt(line, "wrong_rows"); wrong > 0)
            result.faults << tr("%1 of %2 rows of a matrix product are wrong (%3)")
                                 .arg(wrong)
                                 .arg(countAt(line, "size"))
                                 .arg(test);
    } else if (test == u"pattern") {
        result.testedBytes = countAt(line, "bytes");
        if (const qint64 wrong = countAt(line, "wrong_words"); wrong > 0)
            result.faults
                << tr("%1 words of 8 bytes in memory did not keep what was written; at offset %2 "
                      "it was %3 instead of %4")
                       .arg(wrong)
                       .arg(countAt(line, "first_offset"))
                       .arg(numberAt<quint64>(line, "found").value_or(0), 16, 16, QChar(u'0'))
                       .arg(numberAt<quint64>(line, "expected").value_or(0), 16, 16, QChar(u'0'));
    }
}

Result<GpuCheckOutcome> checkGpus(const GpuCheckOptions &options)
{
    const auto cannot = [](const QString &reason) {
        return GpuCheckOutcome{Status::CannotCheck, reason, {}};
    };
    GpuReader reader(options.nvmlLibrary);
    const api::GpuReport report = reader.read();
    if (report.gpus.empty())
        return cannot(tr("There is no GPU to check: %1").arg(report.reason));
    const auto chosen = choose(options.gpus, report);
    if (!chosen)
        return tl::unexpected(chosen.error());
    if (!QFileInfo(options.program).isExecutable())
        return cannot(tr("This farcelld was built without the CUDA Toolkit, so it cannot check "
                         "GPUs"));
    const QString users = usersOf(*chosen);
    if (!users.isEmpty() && !options.anyway)
        return cannot(tr("The GPU is in use by %1; the check would disturb it and be disturbed "
                         "(--anyway checks nevertheless)")
                          .arg(users));
    GpuCheckOutcome outcome{Status::Sound, {}, {}};
    for (const api::GpuDevice &gpu : *chosen) {
        auto result = runTests(options, gpu);
        if (!result)
            return cannot(result.error().message);
        addErrors(reader.read(), *result);
        if (!result->faults.isEmpty())
            outcome.status = Status::Fault;
        outcome.gpus.push_back(*std::move(result));
    }
    return outcome;
}

} // namespace farcell
