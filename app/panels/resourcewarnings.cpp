#include "app/panels/resourcewarnings.h"

#include "app/panels/durations.h"
#include "app/panels/figures.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace farcell {

namespace {

constexpr double full = 0.9;
constexpr double wellBelow = 0.8;
constexpr double unusedPatience = 120; // s of running
constexpr double longestStep = 15;     // s between samples that count as running all the time

QString text(const char *source)
{
    return QCoreApplication::translate("ResourceWarnings", source);
}

// As NVIDIA names the errors that matter to whoever runs code there.
QString meaningOf(int xid)
{
    static const std::array<std::pair<int, const char *>, 12> meanings{
        {{13, QT_TRANSLATE_NOOP("ResourceWarnings", "an exception in the code that ran there")},
         {31, QT_TRANSLATE_NOOP("ResourceWarnings", "code used memory that it does not have")},
         {43, QT_TRANSLATE_NOOP("ResourceWarnings", "it stopped processing")},
         {45, QT_TRANSLATE_NOOP("ResourceWarnings", "work was ended after an earlier error")},
         {48, QT_TRANSLATE_NOOP("ResourceWarnings", "a memory error that cannot be corrected")},
         {63, QT_TRANSLATE_NOOP("ResourceWarnings", "faulty memory was taken out of use")},
         {64, QT_TRANSLATE_NOOP("ResourceWarnings", "faulty memory could not be taken out of use")},
         {74, QT_TRANSLATE_NOOP("ResourceWarnings", "an error of NVLink")},
         {79, QT_TRANSLATE_NOOP("ResourceWarnings", "it has fallen off the bus")},
         {94, QT_TRANSLATE_NOOP("ResourceWarnings", "a memory error in one program's memory")},
         {95,
          QT_TRANSLATE_NOOP("ResourceWarnings", "a memory error that may concern all programs")},
         {119, QT_TRANSLATE_NOOP("ResourceWarnings", "its own processor does not answer")}}};
    const auto *const it = std::find_if(meanings.begin(), meanings.end(),
                                        [xid](const auto &known) { return known.first == xid; });
    return it == meanings.end() ? QString() : text(it->second);
}

// A limit that is in the way of work, rather than one that belongs to it as the power cap does.
QString slowdownOf(const QString &reason)
{
    if (reason == QLatin1String("software_thermal") || reason == QLatin1String("hardware_thermal"))
        return text("it is too hot");
    if (reason == QLatin1String("power_brake"))
        return text("the power supply holds it back");
    if (reason == QLatin1String("hardware_slowdown"))
        return text("its hardware holds it back");
    return {};
}

} // namespace

void ResourceWarnings::forget()
{
    *this = {};
}

bool ResourceWarnings::isNew(const QString &key, double used, double total)
{
    if (total <= 0)
        return false;
    if (used < wellBelow * total)
        m_told.remove(key);
    if (used < full * total || m_told.contains(key))
        return false;
    m_told.insert(key);
    return true;
}

std::vector<ResourceWarning> ResourceWarnings::look(const api::MetricsSample &sample,
                                                    const QString &kernel, bool asksForGpu)
{
    std::vector<ResourceWarning> found;
    const bool isRunning = std::any_of(sample.kernels.begin(), sample.kernels.end(),
                                       [](const api::KernelLoad &load) { return load.isBusy; });
    if (isRunning) {
        const auto &memory = sample.machine.memory;
        const auto used = double(memory.used), total = double(memory.total);
        if (isNew(QStringLiteral("resources-memory"), used, total))
            found.push_back({QStringLiteral("resources-memory"),
                             text("The memory of the machine is %1 full: %2. When it is used up, "
                                  "the system ends the kernel.")
                                 .arg(percentText(used, total), shareText(used, total))});
        for (const api::GpuLoad &gpu : sample.gpus) {
            if (!gpu.memory)
                continue;
            const auto gpuUsed = double(gpu.memory->used), gpuTotal = double(gpu.memory->total);
            const QString key = QStringLiteral("resources-gpu-memory-%1").arg(gpu.index);
            if (isNew(key, gpuUsed, gpuTotal))
                found.push_back(
                    {key, text("The memory of GPU %1 is %2 full: %3. The next request "
                               "for more may fail.")
                              .arg(QString::number(gpu.index), percentText(gpuUsed, gpuTotal),
                                   shareText(gpuUsed, gpuTotal))});
        }
    }
    lookAtUse(found, sample, kernel, asksForGpu);
    return found;
}

// The notebook asks for a GPU and has one, but what it runs never holds anything there.
void ResourceWarnings::lookAtUse(std::vector<ResourceWarning> &found,
                                 const api::MetricsSample &sample, const QString &kernel,
                                 bool asksForGpu)
{
    const double last = std::exchange(m_lastTime, sample.time);
    if (kernel != m_kernel) {
        m_kernel = kernel;
        m_unusedSeconds = 0;
    }
    const auto load =
        std::find_if(sample.kernels.begin(), sample.kernels.end(),
                     [&](const api::KernelLoad &known) { return known.id == kernel; });
    if (!asksForGpu || sample.gpus.empty() || load == sample.kernels.end() || !load->gpuMemory)
        return; // nothing to use, or nobody can tell
    const QString key = QStringLiteral("resources-unused-") + kernel;
    if (*load->gpuMemory > 0)
        m_told.insert(key); // it knows how
    if (!load->isBusy || m_told.contains(key))
        return;
    m_unusedSeconds += last > 0 ? std::clamp(sample.time - last, 0.0, longestStep) : 0;
    if (m_unusedSeconds < unusedPatience)
        return;
    m_told.insert(key);
    found.push_back({QStringLiteral("resources-unused"),
                     text("This notebook asks for a GPU, but its code has used none in %1 of "
                          "running.")
                         .arg(roughText(m_unusedSeconds))});
}

std::vector<ResourceWarning> ResourceWarnings::look(const api::GpuReport &report, bool isRunning)
{
    std::vector<ResourceWarning> found;
    for (const api::GpuDevice &gpu : report.gpus) {
        lookAtErrors(found, gpu);
        if (isRunning)
            lookAtClocks(found, gpu);
    }
    return found;
}

void ResourceWarnings::lookAtErrors(std::vector<ResourceWarning> &found, const api::GpuDevice &gpu)
{
    const QString index = QString::number(gpu.index);
    const auto tell = [&](const QString &what, qint64 number, const QString &sentence) {
        const QString mark = what + gpu.uuid + QLatin1Char(' ') + QString::number(number);
        if (m_told.contains(mark))
            return;
        m_told.insert(mark);
        found.push_back({QStringLiteral("resources-%1-%2").arg(what, index), sentence});
    };
    if (!gpu.error.isEmpty())
        tell(QStringLiteral("lost"), 0, text("GPU %1 does not answer: %2").arg(index, gpu.error));
    if (gpu.lastXid) {
        const QString meaning = meaningOf(*gpu.lastXid);
        const QString number = QString::number(*gpu.lastXid);
        tell(QStringLiteral("xid"), *gpu.lastXid,
             meaning.isEmpty()
                 ? text("GPU %1 reported the error Xid %2.").arg(index, number)
                 : text("GPU %1 reported the error Xid %2: %3.").arg(index, number, meaning));
    }
    if (gpu.ecc.uncorrected.value_or(0) > 0) {
        const qint64 count = *gpu.ecc.uncorrected;
        tell(QStringLiteral("ecc"), count,
             count == 1 ? text("GPU %1 had 1 memory error that it could not correct (ECC). "
                               "Results may be wrong.")
                              .arg(index)
                        : text("GPU %1 had %2 memory errors that it could not correct (ECC). "
                               "Results may be wrong.")
                              .arg(index, QString::number(count)));
    }
}

// Twice in a row: for a moment it is nothing.
void ResourceWarnings::lookAtClocks(std::vector<ResourceWarning> &found, const api::GpuDevice &gpu)
{
    const QStringList reasons = gpu.throttleReasons.value_or(QStringList());
    for (const char *name :
         {"software_thermal", "hardware_thermal", "power_brake", "hardware_slowdown"}) {
        const QString reason = QString::fromLatin1(name);
        const QString mark = reason + QLatin1Char(' ') + gpu.uuid;
        if (!reasons.contains(reason)) {
            m_slowed.remove(mark);
            continue;
        }
        if (!m_slowed.contains(mark)) {
            m_slowed.insert(mark);
            continue;
        }
        // One reason is enough: being hot comes with a second word for the same.
        const QString told = QStringLiteral("slow ") + gpu.uuid;
        if (m_told.contains(told))
            continue;
        m_told.insert(told);
        QString figures;
        if (gpu.temperature)
            figures = text("%1 °C").arg(*gpu.temperature);
        if (gpu.smClock)
            figures += (figures.isEmpty() ? QString() : QStringLiteral(", ")) +
                       text("%1 MHz").arg(*gpu.smClock);
        found.push_back(
            {QStringLiteral("resources-slow-%1").arg(gpu.index),
             text("GPU %1 runs slower because %2%3.")
                 .arg(QString::number(gpu.index), slowdownOf(reason),
                      figures.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(figures))});
    }
}

} // namespace farcell
