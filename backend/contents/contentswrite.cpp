#include "backend/contents/contents.h"
#include "backend/contents/fileio.h"
#include "backend/contents/notebookjson.h"
#include "backend/contents/trash.h"
#include "backend/contents/upload.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <cerrno>
#include <ctime>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

// Writing: save, create, copy, rename, remove.
namespace farcell {

namespace {

using nlohmann::json;

constexpr mode_t newFolderMode = S_IRWXU | S_IRWXG | S_IRWXO;
constexpr int maxNumber = 100000; // of untitled files and copies in one folder
const QByteArray checkpointFolder = ".ipynb_checkpoints";
const QByteArray emptyNotebook =
    "{\n \"cells\": [],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n";

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::contents", text);
}

tl::unexpected<Error> invalid(const QString &message)
{
    return fail(ErrorCode::InvalidData, message);
}

std::optional<QString> textMember(const json &object, const char *key)
{
    const auto it = object.find(key);
    if (it == object.end() || !it->is_string())
        return std::nullopt;
    return QString::fromStdString(it->get_ref<const std::string &>());
}

Result<QByteArray> fileBytes(const json &body)
{
    const auto format = textMember(body, "format");
    const auto content = body.find("content");
    if (content == body.end() || content->is_null())
        return invalid(tr("No file content provided"));
    if (!format || (*format != u"text" && *format != u"base64"))
        return invalid(tr("Must specify format of file contents as 'text' or 'base64'"));
    if (!content->is_string())
        return invalid(tr("The content of a file must be text"));
    QByteArray bytes = QByteArray::fromStdString(content->get_ref<const std::string &>());
    if (*format == u"text")
        return bytes;
    // Python's encoder breaks lines every 76 characters.
    bytes.replace('\n', QByteArray()).replace('\r', QByteArray());
    auto decoded = QByteArray::fromBase64Encoding(bytes, QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded)
        return invalid(tr("The content is not valid base64"));
    return std::move(decoded.decoded);
}

bool holdsOnlyCheckpoints(const QByteArray &folder)
{
    const std::unique_ptr<DIR, int (*)(DIR *)> listing(::opendir(folder.constData()), &::closedir);
    if (!listing)
        return false;
    while (const dirent *entry = ::readdir(listing.get())) {
        const QByteArray name(entry->d_name);
        if (name != "." && name != ".." && name != checkpointFolder)
            return false;
    }
    return true;
}

void removeCheckpointFolder(const QByteArray &parent)
{
    const QByteArray folder = parent + '/' + checkpointFolder;
    struct stat info = {};
    if (::lstat(folder.constData(), &info) != 0 || !S_ISDIR(info.st_mode))
        return;
    const std::unique_ptr<DIR, int (*)(DIR *)> listing(::opendir(folder.constData()), &::closedir);
    while (const dirent *entry = listing ? ::readdir(listing.get()) : nullptr)
        ::unlinkat(::dirfd(listing.get()), entry->d_name, 0);
    ::rmdir(folder.constData());
}

// Splits where the number goes: before ".ipynb", else before the first dot ("a.tar.gz").
std::pair<QString, QString> splitName(const QString &name)
{
    const qsizetype dot =
        name.endsWith(QLatin1String(".ipynb")) ? name.lastIndexOf(u'.') : name.indexOf(u'.');
    return dot <= 0 ? std::pair(name, QString()) : std::pair(name.left(dot), name.mid(dot));
}

ContentsModel uploadModel(const Location &location)
{
    ContentsModel model;
    model.name = location.name();
    model.path = location.apiPath;
    model.writable = true;
    model.mimeType = guessMimeType(model.name);
    ::clock_gettime(CLOCK_REALTIME, &model.modified);
    model.created = model.modified;
    return model;
}

QString childPath(const Location &folder, const QString &name)
{
    return folder.isRoot() ? name : QString(folder.apiPath + u'/' + name);
}

} // namespace

Result<Location> Contents::locateFolder(const QString &path) const
{
    auto folder = m_root.locateExisting(path);
    if (folder && !folder->isDirectory())
        return invalid(tr("%1 is not a directory").arg(path));
    return folder;
}

Result<Contents::Saved> Contents::save(const QString &path, const QByteArray &body) const
{
    auto model = contents::parseJson(body);
    if (!model || !model->is_object())
        return invalid(tr("Invalid JSON in body of request"));
    if (model->contains("copy_from"))
        return invalid(tr("Cannot copy with PUT, only POST"));
    const auto type = textMember(*model, "type");
    if (!type)
        return invalid(tr("No file type provided"));
    const auto location = m_root.locate(path);
    if (!location)
        return tl::unexpected(location.error());
    if (location->isRoot() && *type != u"directory")
        return invalid(tr("The root is a directory"));
    if (model->contains("chunk") && !(*model)["chunk"].is_null() && *type != u"file")
        return invalid(tr("Only files can be uploaded in chunks"));

    QString message;
    Result<> written;
    if (*type == u"directory") {
        written = saveDirectory(*location);
    } else if (location->isDirectory()) {
        written = invalid(tr("%1 is a directory").arg(path));
    } else if (*type == u"notebook") {
        auto checked = saveNotebook(*location, *model);
        if (!checked)
            return tl::unexpected(checked.error());
        message = *checked;
    } else if (*type == u"file") {
        written = saveFile(*location, *model);
    } else {
        written = invalid(tr("Unhandled contents type: %1").arg(*type));
    }
    if (!written)
        return tl::unexpected(written.error());
    const json chunk = model->value("chunk", json());
    model->clear();
    if (chunk.is_number_integer() && chunk != -1 && !location->exists)
        return Saved{uploadModel(*location), chunk == 1}; // nothing to be seen before the last one
    auto found = describe(path);
    if (!found)
        return tl::unexpected(found.error());
    found->message = message;
    return Saved{std::move(*found), !location->exists && chunk.is_null()};
}

Result<QString> Contents::saveNotebook(const Location &location, const json &body) const
{
    const auto content = body.find("content");
    if (content == body.end() || content->is_null())
        return invalid(tr("No file content provided"));
    auto fault = contents::checkNotebook(*content);
    if (!fault)
        return fault;
    if (auto ok =
            contents::writeFileAtomically(location.target, contents::encodeNotebook(*content));
        !ok)
        return tl::unexpected(ok.error());
    // One checkpoint always exists for a notebook, as Jupyter has it.
    const auto known = checkpoints(location.apiPath);
    if (known && known->isEmpty())
        (void)createCheckpoint(location.apiPath);
    return fault;
}

Result<> Contents::saveFile(const Location &location, const json &body) const
{
    const auto bytes = fileBytes(body);
    if (!bytes)
        return tl::unexpected(bytes.error());
    const auto chunk = body.find("chunk");
    if (chunk == body.end() || chunk->is_null())
        return contents::writeFileAtomically(location.target, *bytes);
    if (!chunk->is_number_integer())
        return invalid(tr("The number of a chunk must be a whole number"));
    const auto number = chunk->get<qint64>();
    if (number == 0 || number < -1)
        return invalid(tr("Chunks are numbered 1, 2, … and -1 for the last one"));
    if (const auto taken = contents::takeChunk(location.target, number, *bytes); !taken)
        return tl::unexpected(taken.error());
    return {};
}

Result<> Contents::saveDirectory(const Location &location) const
{
    if (location.exists) {
        if (!location.isDirectory())
            return invalid(tr("Not a directory: %1").arg(location.apiPath));
        return {};
    }
    if (::mkdir(location.entry.constData(), newFolderMode) != 0)
        return tl::unexpected(
            contents::systemError(tr("Cannot create %1").arg(location.apiPath), errno));
    return {};
}

Result<ContentsModel> Contents::createUntitled(const QString &folder, EntryType type,
                                               const QString &ending) const
{
    const auto parent = locateFolder(folder);
    if (!parent)
        return tl::unexpected(parent.error());
    if (ending.contains(u'/') || ending.contains(QChar(u'\0')))
        return invalid(tr("A file's ending must not contain a slash"));
    const bool isFolder = type == EntryType::Directory;
    const QString base = isFolder                      ? QStringLiteral("Untitled Folder")
                         : type == EntryType::Notebook ? QStringLiteral("Untitled")
                                                       : QStringLiteral("untitled");
    const QString tail = isFolder                      ? QString()
                         : type == EntryType::Notebook ? QStringLiteral(".ipynb")
                                                       : ending;
    for (int number = 0; number < maxNumber; ++number) {
        const QString insert = number == 0 ? QString()
                               : isFolder  ? QString(u' ' + QString::number(number))
                                           : QString::number(number);
        const QString name = base + insert + tail;
        const auto location = m_root.locate(childPath(*parent, name));
        if (!location)
            return tl::unexpected(location.error());
        if (location->exists)
            continue;
        const Result<> made =
            isFolder
                ? saveDirectory(*location)
                : contents::createFile(location->entry,
                                       type == EntryType::Notebook ? emptyNotebook : QByteArray());
        if (made)
            return describe(location->apiPath);
        if (made.error().code != ErrorCode::Exists)
            return tl::unexpected(made.error());
    }
    return fail(ErrorCode::Exists, tr("Too many untitled files in this folder"));
}

Result<ContentsModel> Contents::copy(const QString &from, const QString &folder) const
{
    const auto source = m_root.locateExisting(from);
    if (!source)
        return tl::unexpected(source.error());
    if (!source->isFile())
        return invalid(tr("Only files can be copied"));
    const auto parent = locateFolder(folder);
    if (!parent)
        return tl::unexpected(parent.error());

    static const QRegularExpression copyEnding(QStringLiteral("-Copy\\d*$"));
    auto [base, ending] = splitName(source->name());
    base.remove(copyEnding);
    for (int number = 0; number < maxNumber; ++number) {
        const QString insert = number == 0 ? QString() : QStringLiteral("-Copy%1").arg(number);
        const auto location = m_root.locate(childPath(*parent, base + insert + ending));
        if (!location)
            return tl::unexpected(location.error());
        if (location->exists)
            continue;
        const auto copied = contents::copyFile(source->target, location->entry);
        if (copied)
            return describe(location->apiPath);
        if (copied.error().code != ErrorCode::Exists)
            return tl::unexpected(copied.error());
    }
    return fail(ErrorCode::Exists, tr("Too many copies in this folder"));
}

Result<ContentsModel> Contents::rename(const QString &from, const QString &to) const
{
    const auto source = m_root.locateExisting(from);
    if (!source)
        return tl::unexpected(source.error());
    const auto target = m_root.locate(to);
    if (!target)
        return tl::unexpected(target.error());
    if (source->isRoot() || target->isRoot())
        return fail(ErrorCode::Denied, tr("The root folder cannot be renamed"));
    if (source->entry == target->entry)
        return describe(to);
    if (target->exists)
        return fail(ErrorCode::Exists, tr("File already exists: %1").arg(target->apiPath));
    if (isInside(target->entry, source->entry))
        return invalid(tr("A folder cannot be moved into itself"));

    const auto oldCheckpoint = checkpointFile(*source, false);
    if (auto renamed = contents::renameEntry(source->entry, target->entry); !renamed)
        return tl::unexpected(renamed.error());
    if (oldCheckpoint && source->isFile() && ::access(oldCheckpoint->constData(), F_OK) == 0) {
        if (const auto moved = checkpointFile(*target, true); moved)
            (void)contents::renameEntry(*oldCheckpoint, *moved);
    }
    return describe(to);
}

Result<> Contents::remove(const QString &path) const
{
    const auto location = m_root.locateExisting(path);
    if (!location)
        return tl::unexpected(location.error());
    if (location->isRoot())
        return invalid(tr("Cannot delete the root folder"));
    const QString what = tr("Cannot delete %1").arg(path);
    if (location->isDirectory() && !location->isLink) {
        if (!holdsOnlyCheckpoints(location->entry))
            return invalid(tr("Directory %1 not empty").arg(path));
        removeCheckpointFolder(location->entry);
        if (::rmdir(location->entry.constData()) != 0)
            return tl::unexpected(contents::systemError(what, errno));
        return {};
    }
    const auto checkpoint = checkpointFile(*location, false);
    const bool isGone = m_options.trash && contents::moveToTrash(location->entry);
    if (!isGone && ::unlink(location->entry.constData()) != 0)
        return tl::unexpected(contents::systemError(what, errno));
    if (checkpoint)
        ::unlink(checkpoint->constData());
    return {};
}

} // namespace farcell
