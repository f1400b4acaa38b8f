#include "backend/contents/upload.h"

#include "backend/contents/fileio.h"

#include <QCoreApplication>

#include <cerrno>
#include <ctime>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell::contents {

namespace {

constexpr time_t abandonedAfter = 24L * 3600; // seconds without a new chunk
const QByteArray ending = ".upload";

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::contents", text);
}

QByteArray folderOf(const QByteArray &path)
{
    return path.left(path.lastIndexOf('/') + 1);
}

// Names as long as they may be leave no room for a prefix.
QByteArray partialOf(const QByteArray &target)
{
    const QByteArray folder = folderOf(target);
    return folder + ".~" + target.mid(folder.size()).left(200) + ending;
}

// What uploads that broke off long ago have left in this folder.
void removeAbandoned(const QByteArray &folder)
{
    const std::unique_ptr<DIR, int (*)(DIR *)> listing(::opendir(folder.constData()), &::closedir);
    const time_t limit = std::time(nullptr) - abandonedAfter;
    while (const dirent *entry = listing ? ::readdir(listing.get()) : nullptr) {
        const QByteArray name(entry->d_name);
        struct stat info = {};
        if (name.startsWith(".~") && name.endsWith(ending) &&
            ::fstatat(::dirfd(listing.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode) && info.st_mtime < limit)
            ::unlinkat(::dirfd(listing.get()), entry->d_name, 0);
    }
}

} // namespace

Result<qint64> takeChunk(const QByteArray &target, qint64 number, QByteArrayView bytes)
{
    const QByteArray partial = partialOf(target);
    Result<> written;
    if (number == 1) {
        removeAbandoned(folderOf(target));
        ::unlink(partial.constData());
        written = createFile(partial, bytes);
    } else {
        written = appendToFile(partial, bytes);
        if (!written && written.error().code == ErrorCode::NotFound)
            return fail(ErrorCode::InvalidData, tr("An upload in chunks begins with chunk 1"));
    }
    struct stat info = {};
    if (!written || ::stat(partial.constData(), &info) != 0)
        return tl::unexpected(written ? systemError(tr("Cannot write the upload"), errno)
                                      : written.error());
    if (number == -1) {
        if (const auto replaced = replaceFile(partial, target); !replaced)
            return tl::unexpected(replaced.error());
    }
    return qint64(info.st_size);
}

} // namespace farcell::contents
