#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QString>

#include <sys/stat.h>

namespace farcell {

// Where an API path leads on disk.
struct Location
{
    QString apiPath;   // cleaned: no slash at either end; empty for the root
    QByteArray entry;  // the directory entry itself, its folder free of symbolic links
    QByteArray target; // what the entry leads to: differs from `entry` only for a symbolic link
    bool exists = false;
    bool isLink = false;
    struct stat info = {}; // of the target, if it exists

    [[nodiscard]] bool isRoot() const { return apiPath.isEmpty(); }
    [[nodiscard]] bool isDirectory() const { return exists && S_ISDIR(info.st_mode); }
    [[nodiscard]] bool isFile() const { return exists && S_ISREG(info.st_mode); }
    [[nodiscard]] QString name() const;
    [[nodiscard]] QByteArray folder() const; // of `entry`
};

// Whether `path` is somewhere inside `folder`: not the folder itself, nor a sibling that merely
// begins with the same letters.
[[nodiscard]] bool isInside(const QByteArray &path, const QByteArray &folder);

// The served folder, and the only way from an API path to a path on disk: whatever leads outside
// is refused, also by way of symbolic links. Immutable, so usable from any thread.
//
// Kernels run as the same user, so this keeps clients on the paths that the owner meant; it is not
// a wall against a program that swaps links while we look.
class RootPath
{
public:
    struct Options
    {
        bool followSymlinks = false; // also out of the root
        bool showHidden = false;     // entries that begin with a dot
    };
    static Result<RootPath> create(const QString &directory, Options options);

    // NotFound: a folder on the way is missing, or hidden. Denied: leads outside.
    // A missing last entry is no error.
    [[nodiscard]] Result<Location> locate(const QString &apiPath) const;
    // As locate(), but NotFound if nothing is there.
    [[nodiscard]] Result<Location> locateExisting(const QString &apiPath) const;
    // Whether an entry found while listing may be shown: not hidden, and no way out.
    [[nodiscard]] bool mayShow(const QByteArray &folder, const QByteArray &name, bool isLink) const;

    [[nodiscard]] const QByteArray &directory() const { return m_root; }

private:
    RootPath(QByteArray root, Options options);
    [[nodiscard]] Result<> checkPart(const QString &part) const;
    [[nodiscard]] bool contains(const QByteArray &canonical) const;

    QByteArray m_root; // canonical
    Options m_options;
};

} // namespace farcell
