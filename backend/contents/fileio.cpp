#include "backend/contents/fileio.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFile>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace farcell::contents {

namespace {

constexpr mode_t newFileMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
constexpr size_t pieceSize = 256UL * 1024;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::contents", text);
}

QString shown(const QByteArray &path)
{
    return QFile::decodeName(path.mid(path.lastIndexOf('/') + 1));
}

// Closes its file descriptor.
class Descriptor
{
    Q_DISABLE_COPY_MOVE(Descriptor)

public:
    explicit Descriptor(int fd)
        : m_fd(fd)
    {}
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] bool isOpen() const { return m_fd >= 0; }

private:
    int m_fd;
};

tl::unexpected<Error> systemFailure(const QString &what)
{
    return tl::unexpected(systemError(what, errno));
}

bool writeAll(int fd, QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t written = ::write(fd, bytes.data(), size_t(bytes.size()));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes = bytes.sliced(written);
    }
    return true;
}

Result<int> openRegular(const QByteArray &path, struct stat &info)
{
    const int fd = ::open(path.constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return systemFailure(tr("Cannot read %1").arg(shown(path)));
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(fd);
        return fail(ErrorCode::InvalidData, tr("%1 is not a regular file").arg(shown(path)));
    }
    return fd;
}

// What is on the disk survives a power cut, the file's name included.
void syncFolder(const QByteArray &path)
{
    const QByteArray folder = path.left(path.lastIndexOf('/') + 1);
    const Descriptor fd(::open(folder.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.isOpen())
        ::fsync(fd.get());
}

Result<> writeTemporary(const QByteArray &temporary, QByteArrayView bytes)
{
    const Descriptor fd(::open(temporary.constData(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, newFileMode));
    if (!fd.isOpen())
        return systemFailure(tr("Cannot write in this folder"));
    if (!writeAll(fd.get(), bytes))
        return systemFailure(tr("Cannot write %1").arg(shown(temporary)));
    return {};
}

} // namespace

Error systemError(const QString &what, int number)
{
    ErrorCode code = ErrorCode::Internal;
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        code = ErrorCode::NotFound;
        break;
    case EEXIST:
    case ENOTEMPTY:
        code = ErrorCode::Exists;
        break;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        code = ErrorCode::Denied;
        break;
    case ENAMETOOLONG:
    case EISDIR:
    case EINVAL:
        code = ErrorCode::InvalidData;
        break;
    case ENOSPC:
    case EDQUOT:
        code = ErrorCode::Unavailable;
        break;
    default:
        break;
    }
    const QString reason = QString::fromLocal8Bit(std::strerror(number));
    return {code, tr("%1: %2").arg(what, reason), {}};
}

Result<QByteArray> readFile(const QByteArray &path, qint64 limit)
{
    struct stat info = {};
    const auto opened = openRegular(path, info);
    if (!opened)
        return tl::unexpected(opened.error());
    const Descriptor fd(*opened);
    if (info.st_size > limit)
        return fail(ErrorCode::TooLarge, tr("%1 is too large to be read whole").arg(shown(path)));
    QByteArray bytes(info.st_size, Qt::Uninitialized);
    qsizetype used = 0;
    while (used < bytes.size()) {
        const ssize_t got = ::read(fd.get(), bytes.data() + used, size_t(bytes.size() - used));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return systemFailure(tr("Cannot read %1").arg(shown(path)));
        if (got == 0)
            break;
        used += got;
    }
    bytes.truncate(used);
    return bytes;
}

Result<> replaceFile(const QByteArray &from, const QByteArray &path)
{
    struct stat old = {};
    const bool exists = ::stat(path.constData(), &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
        return fail(ErrorCode::InvalidData, tr("%1 is not a regular file").arg(shown(path)));
    if (exists && ::access(path.constData(), W_OK) != 0)
        return systemFailure(tr("Cannot write %1").arg(shown(path)));
    const Descriptor fd(::open(from.constData(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (exists && fd.isOpen())
        ::fchmod(fd.get(), old.st_mode & 07777);
    if (!fd.isOpen() || ::fsync(fd.get()) != 0 || ::rename(from.constData(), path.constData()) != 0)
        return systemFailure(tr("Cannot write %1").arg(shown(path)));
    syncFolder(path);
    return {};
}

Result<> writeFileAtomically(const QByteArray &path, QByteArrayView bytes)
{
    // Names as long as they may be leave no room for a prefix; the thread keeps writers apart.
    const qsizetype slash = path.lastIndexOf('/') + 1;
    const QByteArray temporary = path.left(slash) + ".~" + path.mid(slash).left(200) + '.' +
                                 QByteArray::number(qulonglong(::syscall(SYS_gettid)));
    Result<> written = writeTemporary(temporary, bytes);
    if (written)
        written = replaceFile(temporary, path);
    if (!written)
        ::unlink(temporary.constData());
    return written;
}

Result<> appendToFile(const QByteArray &path, QByteArrayView bytes)
{
    const Descriptor fd(
        ::open(path.constData(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info = {};
    if (!fd.isOpen())
        return systemFailure(tr("Cannot append to %1").arg(shown(path)));
    if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return fail(ErrorCode::InvalidData, tr("%1 is not a regular file").arg(shown(path)));
    if (!writeAll(fd.get(), bytes))
        return systemFailure(tr("Cannot append to %1").arg(shown(path)));
    return {};
}

Result<> createFile(const QByteArray &path, QByteArrayView bytes)
{
    const Descriptor fd(
        ::open(path.constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, newFileMode));
    if (!fd.isOpen() || !writeAll(fd.get(), bytes))
        return systemFailure(tr("Cannot create %1").arg(shown(path)));
    return {};
}

Result<> copyFile(const QByteArray &from, const QByteArray &to)
{
    struct stat info = {};
    const auto opened = openRegular(from, info);
    if (!opened)
        return tl::unexpected(opened.error());
    const Descriptor in(*opened);
    const Descriptor out(
        ::open(to.constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 0777));
    if (!out.isOpen())
        return systemFailure(tr("Cannot create %1").arg(shown(to)));
    QByteArray piece(pieceSize, Qt::Uninitialized);
    while (true) {
        const ssize_t got = ::read(in.get(), piece.data(), pieceSize);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            return {};
        if (got < 0 || !writeAll(out.get(), QByteArrayView(piece).first(got))) {
            const int number = errno;
            ::unlink(to.constData());
            return tl::unexpected(systemError(tr("Cannot copy %1").arg(shown(from)), number));
        }
    }
}

Result<> renameEntry(const QByteArray &from, const QByteArray &to)
{
    const QString what = tr("Cannot rename %1").arg(shown(from));
    constexpr unsigned noReplace = 1; // RENAME_NOREPLACE
    if (::syscall(SYS_renameat2, AT_FDCWD, from.constData(), AT_FDCWD, to.constData(), noReplace) ==
        0)
        return {};
    if (errno != ENOSYS && errno != EINVAL)
        return systemFailure(what);
    // A kernel or file system without it: look first.
    struct stat info = {};
    if (::lstat(to.constData(), &info) == 0)
        return tl::unexpected(systemError(what, EEXIST));
    if (std::rename(from.constData(), to.constData()) != 0)
        return systemFailure(what);
    return {};
}

Result<QByteArray> hashFile(const QByteArray &path)
{
    struct stat info = {};
    const auto opened = openRegular(path, info);
    if (!opened)
        return tl::unexpected(opened.error());
    const Descriptor fd(*opened);
    QCryptographicHash hash(QCryptographicHash::Sha256);
    QByteArray piece(pieceSize, Qt::Uninitialized);
    while (true) {
        const ssize_t got = ::read(fd.get(), piece.data(), pieceSize);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return systemFailure(tr("Cannot read %1").arg(shown(path)));
        if (got == 0)
            return hash.result().toHex();
        hash.addData(QByteArrayView(piece).first(got));
    }
}

} // namespace farcell::contents
