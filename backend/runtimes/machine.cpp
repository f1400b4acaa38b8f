#include "backend/runtimes/machine.h"

#include <QFile>
#include <QList>
#include <QThread>

#include <algorithm>
#include <utility>

#include <sys/statvfs.h>

namespace farcell {

namespace {

QByteArray readSmallFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// "MemTotal:   123 kB" in bytes; 0 if absent.
qint64 memoryLine(const QByteArray &text, const QByteArray &name)
{
    const qsizetype start = text.indexOf(name);
    if (start < 0)
        return 0;
    const qsizetype end = text.indexOf('\n', start);
    const QByteArray line = text.mid(start + name.size(), end - start - name.size()).simplified();
    return line.left(line.indexOf(' ')).toLongLong() * 1024;
}

// The limit of our own control group, and what it uses; 0 where there is none.
api::Usage groupMemory()
{
    api::Usage usage;
    usage.total = readSmallFile(QStringLiteral("/sys/fs/cgroup/memory.max")).trimmed().toLongLong();
    usage.used =
        readSmallFile(QStringLiteral("/sys/fs/cgroup/memory.current")).trimmed().toLongLong();
    if (usage.total <= 0)
        return {};
    // Cached files are given back on demand.
    const QByteArray details = '\n' + readSmallFile(QStringLiteral("/sys/fs/cgroup/memory.stat"));
    const qsizetype cache = details.indexOf("\ninactive_file ");
    if (cache >= 0) {
        const qsizetype from = cache + qsizetype(sizeof "\ninactive_file ") - 1;
        usage.used -= details.mid(from, details.indexOf('\n', from) - from).toLongLong();
    }
    return usage;
}

api::Usage diskUsage(const QString &directory)
{
    struct statvfs info = {};
    if (::statvfs(QFile::encodeName(directory).constData(), &info) != 0)
        return {};
    const auto block = qint64(info.f_frsize);
    return {qint64(info.f_blocks) * block, qint64(info.f_blocks - info.f_bfree) * block};
}

} // namespace

Machine::Machine(QString directory)
    : m_directory(std::move(directory))
    , m_previous(readCpuTimes())
{}

api::Usage Machine::memory()
{
    const QByteArray text = readSmallFile(QStringLiteral("/proc/meminfo"));
    const qint64 total = memoryLine(text, "MemTotal:");
    const api::Usage machine{total, total - memoryLine(text, "MemAvailable:")};
    const api::Usage group = groupMemory();
    return group.total > 0 && group.total < machine.total ? group : machine;
}

int Machine::cpuCount()
{
    return QThread::idealThreadCount();
}

Machine::CpuTimes Machine::readCpuTimes()
{
    const QByteArray text = readSmallFile(QStringLiteral("/proc/stat"));
    const QList<QByteArray> fields = text.left(text.indexOf('\n')).simplified().split(' ');
    CpuTimes times;
    constexpr qsizetype idle = 4;   // fields of the line "cpu user nice system idle iowait …"
    constexpr qsizetype ioWait = 5; // waiting is not work
    constexpr qsizetype guest = 9;  // counted in user already
    for (qsizetype i = 1; i < std::min(fields.size(), guest); ++i) {
        const quint64 ticks = fields[i].toULongLong();
        times.all += ticks;
        if (i != idle && i != ioWait)
            times.busy += ticks;
    }
    return times;
}

Machine::Traffic Machine::readTraffic()
{
    Traffic traffic;
    traffic.at = std::chrono::steady_clock::now();
    // "  eth0: bytes packets errs drop fifo frame compressed multicast bytes …" below two headings
    for (const QByteArray &line : readSmallFile(QStringLiteral("/proc/net/dev")).split('\n')) {
        const qsizetype colon = line.indexOf(':');
        const QList<QByteArray> fields = line.mid(colon + 1).simplified().split(' ');
        constexpr qsizetype sentField = 8;
        if (colon < 0 || fields.size() <= sentField || line.left(colon).trimmed() == "lo")
            continue;
        traffic.received += fields[0].toULongLong();
        traffic.sent += fields[sentField].toULongLong();
    }
    return traffic;
}

std::optional<api::NetworkRates> Machine::network()
{
    const Traffic now = readTraffic();
    const auto before = std::exchange(m_traffic, now);
    if (!before)
        return std::nullopt;
    const double seconds = std::chrono::duration<double>(now.at - before->at).count();
    // An interface that goes takes its count along.
    const auto rate = [seconds](quint64 from, quint64 to) {
        return to > from && seconds > 0 ? double(to - from) / seconds : 0;
    };
    return api::NetworkRates{rate(before->received, now.received), rate(before->sent, now.sent)};
}

api::MachineResources Machine::look()
{
    const CpuTimes now = readCpuTimes();
    if (now.all > m_previous.all)
        m_percent = 100.0 * double(now.busy - std::min(now.busy, m_previous.busy)) /
                    double(now.all - m_previous.all);
    m_previous = now;
    api::MachineResources resources;
    resources.memory = memory();
    resources.disk = diskUsage(m_directory);
    resources.cpuCount = cpuCount();
    resources.cpuPercent = m_percent;
    return resources;
}

} // namespace farcell
