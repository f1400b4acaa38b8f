#include "backend/contents/contents.h"
#include "backend/contents/fileio.h"

#include <QCoreApplication>

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

// Checkpoints: one copy of each file, in a hidden folder beside it, where Jupyter puts it too.
namespace farcell {

namespace {

constexpr qint64 maxCheckpoint = 2LL * 1024 * 1024 * 1024;
const QString onlyId = QStringLiteral("checkpoint");

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::contents", text);
}

tl::unexpected<Error> unknownCheckpoint(const QString &path, const QString &id)
{
    return fail(ErrorCode::NotFound, tr("Checkpoint does not exist: %1@%2").arg(path, id));
}

} // namespace

// Where the checkpoint of a file is or would be. The folder must be a real one: a link could lead
// outside the root.
Result<QByteArray> Contents::checkpointFile(const Location &location, bool makeFolder) const
{
    const QByteArray folder = location.folder() + "/.ipynb_checkpoints";
    if (makeFolder)
        ::mkdir(folder.constData(), S_IRWXU | S_IRWXG | S_IRWXO);
    struct stat info = {};
    if (::lstat(folder.constData(), &info) != 0)
        return fail(ErrorCode::NotFound, tr("There are no checkpoints here"));
    if (!S_ISDIR(info.st_mode))
        return fail(ErrorCode::Denied, tr("The folder of checkpoints is not a folder"));
    const QByteArray name = location.entry.mid(location.entry.lastIndexOf('/') + 1);
    const qsizetype dot = name.lastIndexOf('.');
    const QByteArray base = dot > 0 ? name.left(dot) : name;
    const QByteArray ending = dot > 0 ? name.mid(dot) : QByteArray();
    return QByteArray(folder + '/' + base + "-checkpoint" + ending);
}

Result<Location> Contents::locateForCheckpoint(const QString &path, const QString &id) const
{
    auto location = m_root.locateExisting(path);
    if (!location)
        return location;
    if (!location->isFile())
        return fail(ErrorCode::InvalidData, tr("Only files have checkpoints"));
    if (id != onlyId)
        return unknownCheckpoint(path, id);
    return location;
}

Result<QList<Contents::Checkpoint>> Contents::checkpoints(const QString &path) const
{
    const auto location = locateForCheckpoint(path, onlyId);
    if (!location)
        return tl::unexpected(location.error());
    const auto file = checkpointFile(*location, false);
    struct stat info = {};
    if (!file || ::lstat(file->constData(), &info) != 0 || !S_ISREG(info.st_mode))
        return QList<Checkpoint>();
    return QList<Checkpoint>{{onlyId, info.st_mtim}};
}

Result<Contents::Checkpoint> Contents::createCheckpoint(const QString &path) const
{
    const auto location = locateForCheckpoint(path, onlyId);
    if (!location)
        return tl::unexpected(location.error());
    const auto file = checkpointFile(*location, true);
    if (!file)
        return tl::unexpected(file.error());
    const auto bytes = contents::readFile(location->target, maxCheckpoint);
    if (!bytes)
        return tl::unexpected(bytes.error());
    if (auto written = contents::writeFileAtomically(*file, *bytes); !written)
        return tl::unexpected(written.error());
    struct stat info = {};
    if (::lstat(file->constData(), &info) != 0)
        return tl::unexpected(contents::systemError(tr("Cannot create a checkpoint"), errno));
    return Checkpoint{onlyId, info.st_mtim};
}

Result<> Contents::restoreCheckpoint(const QString &path, const QString &id) const
{
    const auto location = locateForCheckpoint(path, id);
    if (!location)
        return tl::unexpected(location.error());
    const auto file = checkpointFile(*location, false);
    if (!file || ::access(file->constData(), F_OK) != 0)
        return unknownCheckpoint(path, id);
    const auto bytes = contents::readFile(*file, maxCheckpoint);
    if (!bytes)
        return tl::unexpected(bytes.error());
    return contents::writeFileAtomically(location->target, *bytes);
}

Result<> Contents::removeCheckpoint(const QString &path, const QString &id) const
{
    const auto location = locateForCheckpoint(path, id);
    if (!location)
        return tl::unexpected(location.error());
    const auto file = checkpointFile(*location, false);
    if (!file || ::unlink(file->constData()) != 0)
        return unknownCheckpoint(path, id);
    return {};
}

} // namespace farcell
