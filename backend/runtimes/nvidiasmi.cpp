#include "backend/runtimes/nvidiasmi.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QMutexLocker>
#include <QProcess>
#include <QStandardPaths>

#include <utility>

namespace farcell {

namespace {

constexpr int patienceMs = 5000;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::NvidiaSmi", text);
}

bool isInPlace()
{
    return QFileInfo(QStringLiteral("/opt/bin/nvidia-smi")).isExecutable();
}

} // namespace

Result<> NvidiaSmi::check(const QString &program)
{
    const QFileInfo info(program);
    if (!program.isEmpty() && (!info.isFile() || !info.isExecutable()))
        return fail(ErrorCode::NotFound, tr("There is no program %1").arg(program));
    return {};
}

NvidiaSmi::NvidiaSmi(Options options)
    : m_options(std::move(options))
    , m_path(m_options.program.isEmpty()
                 ? QStandardPaths::findExecutable(QStringLiteral("nvidia-smi"))
                 : QDir::cleanPath(QFileInfo(m_options.program).absoluteFilePath()))
{}

QString NvidiaSmi::toAdd() const
{
    return m_options.ownView && !m_path.isEmpty() && !isInPlace() ? m_path : QString();
}

QString NvidiaSmi::whyAbsent()
{
    if (isInPlace())
        return {};
    if (m_path.isEmpty())
        return tr("There is no nvidia-smi on this machine");
    if (!m_options.ownView)
        return tr("The server was started with --no-namespace");
    const QMutexLocker locker(&m_mutex);
    if (m_whyAbsent)
        return *m_whyAbsent;
    QProcess probe;
    probe.start(m_options.keeperProgram, {QStringLiteral("--view"), QStringLiteral("--nvidia-smi"),
                                          m_path, QStringLiteral("--check"), QStringLiteral("--")});
    if (!probe.waitForFinished(patienceMs))
        return tr("It could not be tried out in time"); // and may be the next time
    const QString told = QString::fromLocal8Bit(probe.readAllStandardError()).trimmed();
    m_whyAbsent = probe.exitStatus() == QProcess::NormalExit && probe.exitCode() == 0 ? QString()
                  : told.isEmpty() ? tr("A namespace for kernels cannot be made")
                                   : told;
    return *m_whyAbsent;
}

} // namespace farcell
