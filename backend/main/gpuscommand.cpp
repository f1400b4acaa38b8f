#include "backend/main/gpuscommand.h"

#include "backend/gpu/gpureader.h"

#include <QCoreApplication>
#include <QList>

#include <algorithm>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

QString gibibytes(qint64 bytes)
{
    return QString::number(double(bytes) / (1LL << 30), 'f', 1);
}

template <typename T>
QString orDash(const std::optional<T> &value, const QString &unit)
{
    return value ? QString::number(double(*value), 'f', 0) + unit : QStringLiteral("–");
}

QStringList rowOf(const api::GpuDevice &gpu)
{
    if (!gpu.error.isEmpty())
        return {QString::number(gpu.index), gpu.name, gpu.error};
    return {QString::number(gpu.index),
            gpu.name,
            gpu.memory
                ? tr("%1 of %2 GiB").arg(gibibytes(gpu.memory->used), gibibytes(gpu.memory->total))
                : QStringLiteral("–"),
            orDash(gpu.gpuUtilization, QStringLiteral(" %")),
            orDash(gpu.temperature, QStringLiteral(" °C")),
            orDash(gpu.power, QStringLiteral(" W")),
            gpu.processes ? QString::number(gpu.processes->size()) : QStringLiteral("–"),
            gpu.computeCapability.isEmpty() ? QStringLiteral("–") : gpu.computeCapability,
            gpu.uuid};
}

QString table(const QList<QStringList> &rows)
{
    QList<qsizetype> widths;
    for (const QStringList &row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (qsizetype i = 0; i + 1 < row.size(); ++i) // the last one may be as long as it likes
            widths[i] = std::max(widths[i], row[i].size());
    }
    QString text;
    for (const QStringList &row : rows) {
        QString line;
        for (qsizetype i = 0; i < row.size(); ++i)
            line += i + 1 < row.size() ? QString(row[i].leftJustified(widths[i]) + u' ' + u' ')
                                       : row[i];
        text += line + u'\n';
    }
    return text;
}

} // namespace

QString describeGpus(const QString &library)
{
    const api::GpuReport report = GpuReader(library).read();
    if (report.gpus.empty())
        return tr("No GPU on this machine: %1\n").arg(report.reason);
    QList<QStringList> rows = {{tr("GPU"), tr("Name"), tr("Memory"), tr("Load"), tr("Temp."),
                                tr("Power"), tr("Processes"), tr("Compute"), tr("UUID")}};
    for (const api::GpuDevice &gpu : report.gpus) {
        rows << rowOf(gpu);
        for (const api::MigInstance &instance : gpu.instances)
            rows << QStringList{QStringLiteral("%1:%2").arg(gpu.index).arg(instance.index),
                                instance.name,
                                instance.memory ? tr("%1 of %2 GiB")
                                                      .arg(gibibytes(instance.memory->used),
                                                           gibibytes(instance.memory->total))
                                                : QStringLiteral("–"),
                                {},
                                {},
                                {},
                                {},
                                {},
                                instance.uuid};
    }
    return tr("Driver %1, CUDA %2\n").arg(report.driver, report.cuda) + table(rows);
}

} // namespace farcell
