#include "app/celllist/usagetext.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

constexpr int secondsPerMinute = 60;
constexpr int minutesPerHour = 60;
constexpr int mostProcesses = 8;

QString tr(const char *text)
{
    return QCoreApplication::translate("UsageText", text);
}

QString percent(double value)
{
    return tr("%1 %").arg(std::llround(value));
}

// Names of files and programs are neither Markdown nor TeX.
QString plain(const QString &text)
{
    QString safe;
    for (const QChar character : text) {
        if (character.unicode() < 128 && character.isPrint() && !character.isLetterOrNumber() &&
            !character.isSpace())
            safe += QStringLiteral("&#%1;").arg(character.unicode());
        else
            safe += character.isSpace() ? QLatin1Char(' ') : character;
    }
    return safe;
}

QString ownerOf(const api::GpuProcess &process, const KernelId &ownKernel)
{
    const bool isOurs = !process.kernelId.isEmpty() && process.kernelId == ownKernel.toString();
    if (isOurs)
        return QStringLiteral("**%1**").arg(tr("this notebook"));
    if (!process.notebook.isEmpty())
        return plain(process.notebook);
    return process.kernelId.isEmpty() ? tr("not of a notebook") : tr("a kernel without notebook");
}

} // namespace

QString memoryText(qint64 bytes)
{
    constexpr qint64 mebibyte = 1LL << 20;
    return QLocale().formattedDataSize(bytes, bytes < 100 * mebibyte ? 0 : 1);
}

QString energyText(double joules)
{
    const QLocale locale;
    if (joules < 1000)
        return tr("%1 J").arg(locale.toString(joules, 'f', joules < 10 ? 1 : 0));
    if (joules < 1e6)
        return tr("%1 kJ").arg(locale.toString(joules / 1e3, 'f', joules < 1e5 ? 1 : 0));
    return tr("%1 MJ").arg(locale.toString(joules / 1e6, 'f', 1));
}

QString secondsText(double seconds)
{
    if (seconds < 1)
        return tr("%1 ms").arg(std::llround(seconds * 1000));
    if (seconds < secondsPerMinute)
        return tr("%1 s").arg(QLocale().toString(seconds, 'f', seconds < 10 ? 1 : 0));
    const qint64 minutes = qint64(seconds) / secondsPerMinute;
    if (minutes < minutesPerHour)
        return tr("%1 min %2 s").arg(minutes).arg(qint64(seconds) % secondsPerMinute);
    return tr("%1 h %2 min").arg(minutes / minutesPerHour).arg(minutes % minutesPerHour);
}

QString usageSummary(const api::CellUsage &usage)
{
    QStringList parts{secondsText(usage.seconds)};
    if (usage.gpu) {
        if (usage.gpu->peakMemory)
            parts << tr("peak %1 VRAM").arg(memoryText(*usage.gpu->peakMemory));
        if (usage.gpu->utilization)
            parts << percent(*usage.gpu->utilization);
        if (usage.gpu->energy)
            parts << energyText(*usage.gpu->energy);
    } else {
        if (usage.peakMemory)
            parts << tr("peak %1 RAM").arg(memoryText(*usage.peakMemory));
        if (usage.cpuSeconds)
            parts << tr("%1 CPU").arg(secondsText(*usage.cpuSeconds));
    }
    return parts.join(QStringLiteral(" · "));
}

QStringList usageDetails(const api::CellUsage &usage)
{
    QStringList lines{usageSummary(usage)};
    if (usage.gpu) {
        QStringList gpu;
        if (usage.gpu->seconds)
            gpu << tr("%1 of a GPU's time").arg(secondsText(*usage.gpu->seconds));
        if (usage.gpu->peakDeviceMemory)
            gpu << tr("all programs on it held up to %1")
                       .arg(memoryText(*usage.gpu->peakDeviceMemory));
        if (!gpu.isEmpty())
            lines << gpu.join(QStringLiteral(" · "));
        QStringList machine;
        if (usage.peakMemory)
            machine << tr("peak %1 RAM").arg(memoryText(*usage.peakMemory));
        if (usage.cpuSeconds)
            machine << tr("%1 CPU").arg(secondsText(*usage.cpuSeconds));
        if (!machine.isEmpty())
            lines << machine.join(QStringLiteral(" · "));
    }
    return lines;
}

QStringList usageMarks(const api::CellUsage &usage)
{
    QStringList marks;
    if (!usage.gpu)
        return marks;
    if (usage.gpu->peakMemory)
        marks << memoryText(*usage.gpu->peakMemory);
    if (usage.gpu->utilization)
        marks << percent(*usage.gpu->utilization);
    if (usage.gpu->energy)
        marks << energyText(*usage.gpu->energy);
    return marks;
}

QString shortageText(const api::GpuShortage &shortage, const KernelId &ownKernel)
{
    QStringList blocks;
    blocks << QStringLiteral("**%1** %2")
                  .arg(tr("The GPU's memory was full."), plain(shortage.sentence));
    const auto isHeld = [](const api::GpuDevice &gpu) {
        return gpu.processes && !gpu.processes->empty();
    };
    const bool anyIsHeld = std::any_of(shortage.gpus.begin(), shortage.gpus.end(), isHeld);
    for (const api::GpuDevice &gpu : shortage.gpus) {
        if (anyIsHeld && !isHeld(gpu))
            continue; // explains nothing
        QStringList lines;
        const QString name = QStringLiteral("GPU %1 · %2").arg(gpu.index).arg(plain(gpu.name));
        const QString state =
            gpu.memory ? tr("%1 of %2 in use, %3 free")
                             .arg(memoryText(gpu.memory->used), memoryText(gpu.memory->total),
                                  memoryText(gpu.memory->free))
                       : tr("its memory is not told");
        lines << QStringLiteral("| %1 | %2 | |").arg(name, state)
              << QStringLiteral("|:---|:---|---:|");
        std::vector<api::GpuProcess> processes =
            gpu.processes.value_or(std::vector<api::GpuProcess>());
        std::stable_sort(processes.begin(), processes.end(), [](const auto &a, const auto &b) {
            return a.memory.value_or(0) > b.memory.value_or(0);
        });
        const auto shown = std::min(processes.size(), std::size_t(mostProcesses));
        for (std::size_t i = 0; i < shown; ++i) {
            const api::GpuProcess &process = processes[i];
            lines << QStringLiteral("| %1 | %2 | %3 |")
                         .arg(ownerOf(process, ownKernel),
                              tr("%1, process %2").arg(plain(process.name)).arg(process.pid),
                              process.memory ? memoryText(*process.memory) : tr("not told"));
        }
        if (shown < processes.size())
            lines << QStringLiteral("| %1 | | |")
                         .arg(tr("and %1 more").arg(processes.size() - shown));
        if (processes.empty())
            lines << QStringLiteral("| %1 | | |").arg(tr("no process is told"));
        blocks << lines.join(QLatin1Char('\n'));
    }
    return blocks.join(QStringLiteral("\n\n"));
}

} // namespace farcell
