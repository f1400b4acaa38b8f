#include "backend/main/statedirectory.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

} // namespace

StateDirectory::StateDirectory(QString path, int lock)
    : m_path(std::move(path))
    , m_lock(lock)
{}

StateDirectory::~StateDirectory()
{
    ::close(m_lock);
}

Result<std::unique_ptr<StateDirectory>> StateDirectory::open(const QString &path)
{
    const QByteArray local = QFile::encodeName(path);
    const QString parent = QFileInfo(path).path();
    if (!QDir().mkpath(parent) || (::mkdir(local.constData(), S_IRWXU) != 0 && errno != EEXIST))
        return fail(ErrorCode::Denied, tr("Cannot make the state folder %1").arg(path),
                    QString::fromLocal8Bit(std::strerror(errno)));
    if (::chmod(local.constData(), S_IRWXU) != 0)
        return fail(ErrorCode::Denied, tr("The state folder %1 is not ours").arg(path));

    const QByteArray lockFile = local + "/lock";
    const int lock = ::open(lockFile.constData(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (lock < 0)
        return fail(ErrorCode::Denied, tr("Cannot write in the state folder %1").arg(path));
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return fail(ErrorCode::Unavailable,
                    tr("Another farcelld already uses the state folder %1").arg(path));
    }
    return std::unique_ptr<StateDirectory>(new StateDirectory(path, lock));
}

} // namespace farcell
