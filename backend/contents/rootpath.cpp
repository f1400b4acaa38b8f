#include "backend/contents/rootpath.h"

#include <QCoreApplication>
#include <QFile>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <utility>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::contents", text);
}

// Empty if it does not exist or cannot be resolved (errno tells).
QByteArray canonicalPath(const QByteArray &path)
{
    const std::unique_ptr<char, decltype(&std::free)> resolved(
        ::realpath(path.constData(), nullptr), &std::free);
    return resolved ? QByteArray(resolved.get()) : QByteArray();
}

tl::unexpected<Error> missing(const QString &path)
{
    return fail(ErrorCode::NotFound, tr("No such file or directory: %1").arg(path));
}

tl::unexpected<Error> outside(const QString &path)
{
    return fail(ErrorCode::Denied, tr("%1 is outside the root folder").arg(path));
}

} // namespace

bool isInside(const QByteArray &path, const QByteArray &folder)
{
    return path.size() > folder.size() && path.startsWith(folder) && path[folder.size()] == '/';
}

QString Location::name() const
{
    return apiPath.mid(apiPath.lastIndexOf(u'/') + 1);
}

QByteArray Location::folder() const
{
    return entry.left(entry.lastIndexOf('/'));
}

RootPath::RootPath(QByteArray root, Options options)
    : m_root(std::move(root))
    , m_options(options)
{}

Result<RootPath> RootPath::create(const QString &directory, Options options)
{
    const QByteArray root = canonicalPath(QFile::encodeName(directory));
    struct stat info = {};
    if (root.isEmpty() || ::stat(root.constData(), &info) != 0 || !S_ISDIR(info.st_mode))
        return fail(ErrorCode::NotFound, tr("The root folder %1 does not exist").arg(directory));
    return RootPath(root == "/" ? QByteArray() : root, options);
}

Result<> RootPath::checkPart(const QString &part) const
{
    if (part == u"." || part == u"..")
        return outside(part);
    if (part.contains(QChar(u'\0')))
        return fail(ErrorCode::InvalidData, tr("A path must not contain a zero byte"));
    if (QFile::encodeName(part).size() > NAME_MAX)
        return fail(ErrorCode::InvalidData, tr("A name in the path is too long"));
    if (part.startsWith(u'.') && !m_options.showHidden)
        return missing(part);
    return {};
}

bool RootPath::contains(const QByteArray &canonical) const
{
    if (m_options.followSymlinks)
        return true;
    return canonical == m_root || isInside(canonical, m_root);
}

Result<Location> RootPath::locate(const QString &apiPath) const
{
    const QStringList parts = apiPath.split(u'/', Qt::SkipEmptyParts);
    for (const QString &part : parts) {
        if (auto ok = checkPart(part); !ok)
            return tl::unexpected(ok.error());
    }
    Location location;
    location.apiPath = parts.join(u'/');
    if (parts.isEmpty()) {
        location.entry = location.target = m_root.isEmpty() ? QByteArray("/") : m_root;
        location.exists = ::stat(location.target.constData(), &location.info) == 0;
        return location;
    }

    QByteArray folder = m_root;
    if (parts.size() > 1) {
        folder = canonicalPath(m_root + '/' +
                               QFile::encodeName(parts.mid(0, parts.size() - 1).join(u'/')));
        if (folder.isEmpty())
            return missing(apiPath);
        if (!contains(folder))
            return outside(apiPath);
    }
    location.entry = folder + '/' + QFile::encodeName(parts.last());
    location.target = location.entry;
    struct stat own = {};
    if (::lstat(location.entry.constData(), &own) != 0) {
        if (errno == ENOENT)
            return location;
        return missing(apiPath); // a file where a folder should be, or no right to look
    }
    location.isLink = S_ISLNK(own.st_mode);
    if (location.isLink) {
        location.target = canonicalPath(location.entry);
        if (location.target.isEmpty() || !contains(location.target))
            return outside(apiPath);
    }
    location.exists = ::stat(location.target.constData(), &location.info) == 0;
    return location;
}

Result<Location> RootPath::locateExisting(const QString &apiPath) const
{
    auto location = locate(apiPath);
    if (location && !location->exists)
        return missing(apiPath);
    return location;
}

bool RootPath::mayShow(const QByteArray &folder, const QByteArray &name, bool isLink) const
{
    if (name == "." || name == ".." || (name.startsWith('.') && !m_options.showHidden))
        return false;
    if (!isLink)
        return true;
    const QByteArray target = canonicalPath(folder + '/' + name);
    return !target.isEmpty() && contains(target);
}

} // namespace farcell
