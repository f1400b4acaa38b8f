#include "backend/gpucheck/gpucheck.h"

#include <QCoreApplication>

namespace farcell {

namespace {

using nlohmann::json;

constexpr double giga = 1e9;
constexpr double tera = 1e12;
constexpr double gibibyte = 1LL << 30;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

bool isProduct(const QString &name)
{
    return name == u"fp32" || name == u"tensor";
}

QString labelOf(const QString &name)
{
    return name == u"copy"          ? tr("Memory, copy")
           : name == u"read"        ? tr("Memory, read")
           : name == u"write"       ? tr("Memory, write")
           : name == u"to_device"   ? tr("To the GPU")
           : name == u"from_device" ? tr("From the GPU")
           : name == u"fp32"        ? tr("Matrix, fp32")
                                    : tr("Matrix, tensor cores fp16");
}

QString rate(const QString &name, double value)
{
    return isProduct(name) ? QString::number(value / tera, 'f', 1) + QStringLiteral(" TFLOP/s")
                           : QString::number(value / giga, 'f', 1) + QStringLiteral(" GB/s");
}

QString lineOf(const GpuCheckResult::Figure &figure)
{
    constexpr int labelWidth = 28;
    constexpr int rateWidth = 16;
    QString line = QStringLiteral("  ") + labelOf(figure.name).leftJustified(labelWidth) +
                   rate(figure.name, figure.measured).rightJustified(rateWidth);
    if (figure.peak)
        line += tr("  %1 % of %2")
                    .arg(100 * figure.measured / *figure.peak, 0, 'f', 0)
                    .arg(rate(figure.name, *figure.peak));
    if (!figure.by.isEmpty())
        line += QStringLiteral("  (") + figure.by + u')';
    return line + u'\n';
}

} // namespace

QString describe(const GpuCheckOutcome &outcome)
{
    QString text;
    if (!outcome.reason.isEmpty())
        text += outcome.reason + u'\n';
    for (const GpuCheckResult &result : outcome.gpus) {
        text += tr("GPU %1: %2 (%3)\n").arg(result.gpu.index).arg(result.gpu.name, result.gpu.uuid);
        for (const GpuCheckResult::Figure &figure : result.figures)
            text += lineOf(figure);
        if (result.testedBytes > 0)
            text += tr("  Memory patterns on %1 GiB\n")
                        .arg(double(result.testedBytes) / gibibyte, 0, 'f', 1);
        for (const QString &fault : result.faults)
            text += tr("  FAULT: %1\n").arg(fault);
        if (result.faults.isEmpty())
            text += tr("  No fault found\n");
    }
    return text;
}

json toJson(const GpuCheckOutcome &outcome)
{
    json gpus = json::array();
    for (const GpuCheckResult &result : outcome.gpus) {
        json tests = json::array();
        for (const GpuCheckResult::Figure &figure : result.figures)
            tests.push_back({{"name", figure.name.toStdString()},
                             {"measured", figure.measured},
                             {"unit", isProduct(figure.name) ? "FLOP/s" : "B/s"},
                             {"peak", figure.peak ? json(*figure.peak) : json()},
                             {"by", figure.by.isEmpty() ? json() : json(figure.by.toStdString())}});
        json faults = json::array();
        for (const QString &fault : result.faults)
            faults.push_back(fault.toStdString());
        gpus.push_back({{"index", result.gpu.index},
                        {"uuid", result.gpu.uuid.toStdString()},
                        {"name", result.gpu.name.toStdString()},
                        {"sound", result.faults.isEmpty()},
                        {"faults", std::move(faults)},
                        {"tested_bytes", result.testedBytes},
                        {"tests", std::move(tests)}});
    }
    const bool isChecked = outcome.status != GpuCheckOutcome::Status::CannotCheck;
    return {{"sound", isChecked ? json(outcome.status == GpuCheckOutcome::Status::Sound) : json()},
            {"reason", outcome.reason.isEmpty() ? json() : json(outcome.reason.toStdString())},
            {"gpus", std::move(gpus)}};
}

} // namespace farcell
