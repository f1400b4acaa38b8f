#include "app/panels/memoryholders.h"

#include <QCoreApplication>
#include <QHash>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr std::size_t mostShown = 8;   // of each memory
constexpr double leastRest = 64 << 20; // bytes nobody is named for; less is the driver's own

QString text(const char *source)
{
    return QCoreApplication::translate("MemoryHolders", source);
}

QString stateText(const QString &state)
{
    if (state == QLatin1String("busy"))
        return text("busy");
    if (state == QLatin1String("idle"))
        return text("idle");
    return state == QLatin1String("dead") ? text("dead") : QString();
}

class Names
{
public:
    Names(const QList<KernelSummary> &kernels, KernelId current)
        : m_kernels(kernels)
        , m_current(std::move(current))
    {
        for (const KernelSummary &kernel : kernels)
            m_order.append(kernel.id.toString());
        std::sort(m_order.begin(), m_order.end());
    }

    [[nodiscard]] MemoryHolder holder(const QString &id, const QString &notebook) const
    {
        MemoryHolder made;
        made.kernel = KernelId(id);
        made.colour = int(m_order.indexOf(id));
        made.isCurrent = made.kernel == m_current;
        made.title = notebook.section(QLatin1Char('/'), -1);
        for (const KernelSummary &kernel : m_kernels) {
            if (kernel.id != made.kernel)
                continue;
            if (made.title.isEmpty())
                made.title = (kernel.notebook.isEmpty() ? kernel.path : kernel.notebook)
                                 .section(QLatin1Char('/'), -1);
            made.note = stateText(kernel.state);
        }
        if (made.title.isEmpty())
            made.title = text("Kernel without a notebook");
        return made;
    }

private:
    const QList<KernelSummary> &m_kernels;
    KernelId m_current;
    QStringList m_order;
};

void join(QString &note, const QString &more)
{
    note = note.isEmpty() ? more : note + QStringLiteral("  ·  ") + more;
}

void finish(MemoryShares &shares)
{
    std::stable_sort(
        shares.holders.begin(), shares.holders.end(),
        [](const MemoryHolder &a, const MemoryHolder &b) { return a.bytes > b.bytes; });
    if (shares.holders.size() <= mostShown)
        return;
    MemoryHolder rest;
    const auto first = shares.holders.begin() + long(mostShown) - 1;
    rest.title = text("%1 more").arg(std::distance(first, shares.holders.end()));
    for (auto it = first; it != shares.holders.end(); ++it)
        rest.bytes += it->bytes;
    shares.holders.erase(first, shares.holders.end());
    shares.holders.push_back(rest);
}

void addRest(MemoryShares &shares, const QString &title)
{
    double told = 0;
    for (const MemoryHolder &holder : shares.holders)
        told += holder.bytes;
    if (shares.used - told < leastRest)
        return;
    MemoryHolder rest;
    rest.title = title;
    rest.bytes = shares.used - told;
    shares.holders.push_back(rest); // last, however large
}

MemoryShares sharesOf(const api::GpuDevice &gpu, const Names &names)
{
    MemoryShares shares;
    shares.gpu = gpu.index;
    shares.title = text("GPU %1").arg(gpu.index);
    if (gpu.memory) {
        shares.total = double(gpu.memory->total);
        shares.used = double(gpu.memory->used);
    }
    if (!gpu.error.isEmpty())
        shares.missing = gpu.error;
    else if (!gpu.processes)
        shares.missing = text("The driver does not tell who holds it.");
    else if (gpu.processes->empty())
        shares.missing = text("No program holds any of it.");
    QHash<QString, std::size_t> ofKernel;
    QHash<QString, int> count;
    for (const api::GpuProcess &process : gpu.processes.value_or(std::vector<api::GpuProcess>())) {
        const double bytes = double(process.memory.value_or(0));
        if (process.kernelId.isEmpty()) {
            MemoryHolder other;
            other.title = process.name.section(QLatin1Char('/'), -1);
            if (other.title.isEmpty())
                other.title = text("A program");
            other.note = text("not a kernel here  ·  pid %1").arg(process.pid);
            other.bytes = bytes;
            shares.holders.push_back(other);
            continue;
        }
        if (!ofKernel.contains(process.kernelId)) {
            ofKernel.insert(process.kernelId, shares.holders.size());
            shares.holders.push_back(names.holder(process.kernelId, process.notebook));
        }
        shares.holders[ofKernel.value(process.kernelId)].bytes += bytes;
        ++count[process.kernelId];
    }
    for (auto it = ofKernel.cbegin(); it != ofKernel.cend(); ++it) {
        if (const int processes = count.value(it.key()); processes > 1)
            join(shares.holders[it.value()].note, text("%1 processes").arg(processes));
    }
    finish(shares);
    if (shares.missing.isEmpty())
        addRest(shares, text("Not told apart"));
    return shares;
}

MemoryShares sharesOf(const api::MetricsSample &sample, const QList<KernelSummary> &kernels,
                      const Names &names)
{
    MemoryShares shares;
    shares.title = text("RAM");
    shares.total = double(sample.machine.memory.total);
    shares.used = double(sample.machine.memory.used);
    for (const KernelSummary &kernel : kernels) {
        const auto load = std::find_if(
            sample.kernels.begin(), sample.kernels.end(),
            [&kernel](const api::KernelLoad &known) { return known.id == kernel.id.toString(); });
        MemoryHolder holder = names.holder(kernel.id.toString(), {});
        holder.bytes = double(std::max<qint64>(kernel.residentBytes, 0));
        if (load != sample.kernels.end() && load->memory)
            holder.bytes = double(*load->memory);
        shares.holders.push_back(holder);
    }
    finish(shares);
    addRest(shares, text("Everything else"));
    return shares;
}

} // namespace

std::vector<MemoryShares> memoryShares(const api::GpuReport &gpus,
                                       const std::optional<api::MetricsSample> &sample,
                                       const QList<KernelSummary> &kernels, const KernelId &current)
{
    std::vector<MemoryShares> list;
    const Names names(kernels, current);
    for (const api::GpuDevice &gpu : gpus.gpus)
        list.push_back(sharesOf(gpu, names));
    if (sample)
        list.push_back(sharesOf(*sample, kernels, names));
    return list;
}

} // namespace farcell
