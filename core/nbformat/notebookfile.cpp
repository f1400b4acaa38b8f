#include "core/nbformat/notebookfile.h"

#include "core/nbformat/largebuffer.h"

#include <openssl/sha.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryFile>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NotebookFile", text);
}

tl::unexpected<Error> ioError(const QString &message, int error)
{
    const ErrorCode code = error == EACCES || error == EPERM || error == EROFS
                               ? ErrorCode::Denied
                               : (error == ENOENT ? ErrorCode::NotFound : ErrorCode::Internal);
    return fail(code, message, QString::fromLocal8Bit(std::strerror(error)));
}

Result<QByteArray> readAll(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        const int error = errno;
        return ioError(tr("Cannot open %1: %2").arg(path, file.errorString()), error);
    }
    QByteArray bytes;
    nbformat::reserveLarge(bytes, file.size() + 1);
    bytes.resize(file.size());
    bytes.resize(std::max<qint64>(file.read(bytes.data(), bytes.size()), 0));
    if (!file.atEnd())
        bytes += file.readAll(); // grown meanwhile, or no ordinary file
    if (file.error() != QFileDevice::NoError)
        return fail(ErrorCode::Internal, tr("Cannot read %1: %2").arg(path, file.errorString()));
    return bytes;
}

// The file that a name stands for, through any number of links; also one that is not there yet.
QString targetOf(const QString &path)
{
    QString canonical = QFileInfo(path).canonicalFilePath();
    if (!canonical.isEmpty())
        return canonical;
    const QFileInfo info(path);
    const QString link = info.symLinkTarget(); // dangling
    return link.isEmpty() ? info.absoluteFilePath() : link;
}

// The rename itself must survive a power cut, too.
void syncFolder(const QString &folder)
{
    const int handle =
        ::open(QFile::encodeName(folder).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0)
        return;
    ::fsync(handle);
    ::close(handle);
}

// Asked before there are threads: the only way to ask is to set it for a moment.
const mode_t fileMask = [] {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return mask;
}();

// The mode (and, where permitted, the owner) of the file to be replaced, or that of a new file.
void takeModeOf(const QString &path, int handle)
{
    struct stat old = {};
    if (::stat(QFile::encodeName(path).constData(), &old) == 0) {
        if (::fchown(handle, old.st_uid, old.st_gid) != 0)
            old.st_mode &= 0777U; // never a set-id bit for another owner
        ::fchmod(handle, old.st_mode & 07777U);
        return;
    }
    ::fchmod(handle, 0666U & ~fileMask);
}

// What a save of this file that was killed has left beside it. One that goes on elsewhere holds its
// lock; it may be just about to take it while the file is new.
void removeLeftovers(const QFileInfo &info, const QString &start)
{
    const QDateTime old = QDateTime::currentDateTimeUtc().addSecs(-60);
    for (const QFileInfo &found :
         info.absoluteDir().entryInfoList(QDir::Files | QDir::Hidden | QDir::NoSymLinks)) {
        if (found.fileName().size() != start.size() + 6 || !found.fileName().startsWith(start) ||
            found.lastModified() > old)
            continue;
        QFile file(found.absoluteFilePath());
        if (file.open(QIODevice::ReadOnly) && ::flock(file.handle(), LOCK_EX | LOCK_NB) == 0)
            file.remove();
    }
}

Result<> replaceFile(const QString &path, const QByteArray &bytes)
{
    const QFileInfo info(path);
    const QString start = QStringLiteral(".~") + info.fileName() + QLatin1Char('.');
    removeLeftovers(info, start);
    QTemporaryFile file(info.absolutePath() + QLatin1Char('/') + start + QStringLiteral("XXXXXX"));
    if (!file.open()) {
        const int error = errno;
        return ioError(tr("Cannot write into %1: %2").arg(info.absolutePath(), file.errorString()),
                       error);
    }
    ::flock(file.handle(), LOCK_EX | LOCK_NB); // tells removeLeftovers() elsewhere
    if (file.write(bytes) != bytes.size() || !file.flush() || ::fsync(file.handle()) != 0)
        return fail(ErrorCode::Internal, tr("Cannot write %1: %2").arg(path, file.errorString()));
    takeModeOf(path, file.handle());
    const QByteArray from = QFile::encodeName(file.fileName());
    if (::rename(from.constData(), QFile::encodeName(path).constData()) != 0) {
        const int error = errno;
        return ioError(tr("Cannot replace %1").arg(path), error);
    }
    file.setAutoRemove(false);
    syncFolder(info.absolutePath());
    return {};
}

} // namespace

QByteArray notebookHash(const QByteArray &bytes)
{
    // OpenSSL's is five times as fast as Qt's: it matters for 100 MB.
    QByteArray hash(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char *>(bytes.constData()),
           static_cast<size_t>(bytes.size()), reinterpret_cast<unsigned char *>(hash.data()));
    return hash;
}

Result<LoadedNotebook> readNotebookFile(const QString &path)
{
    const Result<QByteArray> bytes = readAll(path);
    if (!bytes)
        return tl::unexpected(bytes.error());
    // Both take a while for 100 MB.
    constexpr qsizetype large = 4 << 20;
    std::future<QByteArray> hash =
        std::async(bytes->size() > large ? std::launch::async : std::launch::deferred,
                   [&bytes] { return notebookHash(*bytes); });
    Result<NotebookContent> content = readNotebook(*bytes);
    if (!content) {
        Error error = content.error();
        error.message.prepend(path + QLatin1Char(':'));
        return tl::unexpected(error);
    }
    return LoadedNotebook{std::move(*content), hash.get()};
}

Result<QByteArray> saveNotebookFile(const QString &path, const QByteArray &bytes,
                                    const QByteArray &expectedHash)
{
    if (bytes.isNull())
        return fail(ErrorCode::InvalidData,
                    tr("The notebook has an old format; it can only be saved as format 4"));
    const QString target = targetOf(path);
    if (!expectedHash.isEmpty()) {
        const Result<QByteArray> onDisk = readAll(target);
        if (onDisk && notebookHash(*onDisk) != expectedHash)
            return fail(ErrorCode::Exists, tr("%1 was changed by another program").arg(path));
        if (!onDisk && onDisk.error().code != ErrorCode::NotFound)
            return tl::unexpected(onDisk.error());
    }
    if (const Result<> replaced = replaceFile(target, bytes); !replaced)
        return tl::unexpected(replaced.error());
    return notebookHash(bytes);
}

} // namespace farcell
