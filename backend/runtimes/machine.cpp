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

api::Usage memoryUsage()
{
    const QByteArray text = readSmallFile(QStringLiteral("/proc/meminfo"));
    const qint64 total = memoryLine(text, "MemTotal:");
    const api::Usage machine{total, total - memoryLine(text, "MemAvailable:")};
    const api::Usage group = groupMemory();
    return group.total > 0 && group.total < machine.total ? group : machine;
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

api::MachineResources Machine::look()
{
    const CpuTimes now = readCpuTimes();
    if (now.all > m_previous.all)
        m_percent = 100.0 * double(now.busy - std::min(now.busy, m_previous.busy)) /
                    double(now.all - m_previous.all);
    m_previous = now;
    api::MachineResources resources;
    resources.memory = memoryUsage();
    resources.disk = diskUsage(m_directory);
    resources.cpuCount = QThread::idealThreadCount();
    resources.cpuPercent = m_percent;
    return resources;
}

} // namespace farcell
