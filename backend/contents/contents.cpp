#include "backend/contents/contents.h"

#include "backend/contents/fileio.h"
#include "backend/contents/notebookjson.h"

#include <QCoreApplication>
#include <QUtf8StringView>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

// Reading: models of entries, with content. Writing is in contentswrite.cpp.
namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::contents", text);
}

tl::unexpected<Error> badType(const QString &message)
{
    return fail(ErrorCode::InvalidData, message, QStringLiteral("bad type"));
}

tl::unexpected<Error> badFormat(const QString &message)
{
    return fail(ErrorCode::InvalidData, message, QStringLiteral("bad format"));
}

void fillTimes(ContentsModel &model, const struct stat &info)
{
    model.created = info.st_ctim;
    model.modified = info.st_mtim;
    if (!S_ISDIR(info.st_mode))
        model.size = info.st_size;
}

struct Entry
{
    QByteArray name;
    bool isLink = false;
};

Result<std::vector<Entry>> readFolder(DIR *folder, const RootPath &root, const QByteArray &path)
{
    std::vector<Entry> entries;
    while (const dirent *one = ::readdir(folder)) {
        const QByteArray name(one->d_name);
        bool isLink = one->d_type == DT_LNK;
        if (one->d_type == DT_UNKNOWN) {
            struct stat info = {};
            isLink = ::fstatat(::dirfd(folder), one->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISLNK(info.st_mode);
        }
        // A name that is not UTF-8 cannot be asked for.
        if (root.mayShow(path, name, isLink) && QUtf8StringView(name).isValidUtf8())
            entries.push_back({name, isLink});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry &a, const Entry &b) { return a.name < b.name; });
    return entries;
}

} // namespace

Contents::Contents(RootPath root, Options options)
    : m_root(std::move(root))
    , m_options(options)
{}

Result<std::unique_ptr<Contents>> Contents::create(const QString &root, Options options)
{
    auto path = RootPath::create(root, options.root);
    if (!path)
        return tl::unexpected(path.error());
    return std::unique_ptr<Contents>(new Contents(std::move(*path), options));
}

ContentsModel Contents::model(const Location &location) const
{
    ContentsModel model;
    model.name = location.name();
    model.path = location.apiPath;
    model.type = entryType(model.name, location.isDirectory());
    model.writable = ::access(location.target.constData(), W_OK) == 0;
    fillTimes(model, location.info);
    if (model.type == EntryType::File)
        model.mimeType = guessMimeType(model.name);
    return model;
}

Result<ContentsModel> Contents::get(const QString &path, const Get &how) const
{
    const auto location = m_root.locateExisting(path);
    if (!location)
        return tl::unexpected(location.error());
    if (!location->isDirectory() && !location->isFile())
        return fail(ErrorCode::InvalidData, tr("%1 is not a regular file").arg(path));
    ContentsModel found = model(*location);
    if (location->isDirectory() && how.type && *how.type != EntryType::Directory)
        return badType(tr("%1 is a directory, not a file").arg(path));
    if (!location->isDirectory() && how.type == EntryType::Directory)
        return badType(tr("%1 is not a directory").arg(path));
    if (how.type)
        found.type = *how.type;

    if (how.hash && !location->isDirectory()) {
        auto hash = contents::hashFile(location->target);
        if (!hash)
            return tl::unexpected(hash.error());
        found.sha256 = std::move(*hash);
    }
    if (!how.content)
        return found;
    const Result<> filled = found.type == EntryType::Directory ? fillDirectory(found, *location)
                            : found.type == EntryType::Notebook
                                ? fillNotebook(found, *location)
                                : fillFile(found, *location, how.format);
    if (!filled)
        return tl::unexpected(filled.error());
    return found;
}

Result<ContentsModel> Contents::describe(const QString &path) const
{
    Get how;
    how.content = false;
    return get(path, how);
}

Result<> Contents::fillDirectory(ContentsModel &model, const Location &location) const
{
    const std::unique_ptr<DIR, int (*)(DIR *)> folder(::opendir(location.target.constData()),
                                                      &::closedir);
    if (!folder)
        return tl::unexpected(contents::systemError(tr("Cannot list %1").arg(model.path), errno));
    const auto entries = readFolder(folder.get(), m_root, location.target);
    if (!entries)
        return tl::unexpected(entries.error());

    const QString prefix = model.path.isEmpty() ? QString() : QString(model.path + u'/');
    const int fd = ::dirfd(folder.get());
    QByteArray list;
    list.reserve(qsizetype(entries->size()) * 320 + 2);
    for (const Entry &entry : *entries) {
        struct stat info = {};
        if (::fstatat(fd, entry.name.constData(), &info, 0) != 0 ||
            !(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)))
            continue;
        ContentsModel one;
        one.name = QFile::decodeName(entry.name);
        one.path = prefix + one.name;
        one.type = entryType(one.name, S_ISDIR(info.st_mode));
        one.writable = ::faccessat(fd, entry.name.constData(), W_OK, 0) == 0;
        fillTimes(one, info);
        if (one.type == EntryType::File)
            one.mimeType = guessMimeType(one.name);
        list += list.isEmpty() ? '[' : ',';
        appendJson(list, one);
    }
    list += list.isEmpty() ? "[]" : "]";
    model.content = std::move(list);
    model.format = QStringLiteral("json");
    return {};
}

Result<> Contents::fillNotebook(ContentsModel &model, const Location &location) const
{
    auto bytes = contents::readFile(location.target, m_options.maxRead);
    if (!bytes)
        return tl::unexpected(bytes.error());
    auto notebook = contents::parseJson(*bytes);
    if (!notebook || !notebook->is_object())
        return fail(ErrorCode::InvalidData,
                    tr("Unreadable Notebook: %1 is not valid JSON").arg(model.path));
    bytes->clear();
    contents::joinLines(*notebook);
    model.content = contents::encodeJson(*notebook);
    model.format = QStringLiteral("json");
    model.mimeType.clear();
    return {};
}

Result<> Contents::fillFile(ContentsModel &model, const Location &location,
                            const QString &format) const
{
    if (!format.isEmpty() && format != u"text" && format != u"base64")
        return badFormat(tr("Unknown format: %1").arg(format));
    const auto bytes = contents::readFile(location.target, m_options.maxRead);
    if (!bytes)
        return tl::unexpected(bytes.error());
    const bool isText = format != u"base64" && QUtf8StringView(*bytes).isValidUtf8();
    if (format == u"text" && !isText)
        return badFormat(tr("%1 is not UTF-8 encoded").arg(model.path));
    QByteArray content;
    if (isText)
        appendJsonString(content, *bytes);
    else
        content = '"' + bytes->toBase64() + '"';
    model.content = std::move(content);
    model.format = isText ? QStringLiteral("text") : QStringLiteral("base64");
    if (model.mimeType.isEmpty())
        model.mimeType = guessMimeType(model.name);
    if (model.mimeType.isEmpty())
        model.mimeType =
            isText ? QStringLiteral("text/plain") : QStringLiteral("application/octet-stream");
    return {};
}

Result<Contents::Opened> Contents::open(const QString &path) const
{
    const auto location = m_root.locateExisting(path);
    if (!location)
        return tl::unexpected(location.error());
    if (!location->isFile())
        return fail(ErrorCode::NotFound, tr("%1 is not a file").arg(path));
    const int fd =
        ::open(location->target.constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return tl::unexpected(contents::systemError(tr("Cannot read %1").arg(path), errno));
    Opened opened{std::make_shared<QFile>(), model(*location)};
    if (!opened.file->open(fd, QIODevice::ReadOnly, QFileDevice::AutoCloseHandle)) {
        ::close(fd);
        return fail(ErrorCode::Internal, tr("Cannot read %1").arg(path));
    }
    if (opened.model.mimeType.isEmpty())
        opened.model.mimeType = guessMimeType(opened.model.name);
    return opened;
}

QString Contents::workingDirectory(const QString &path) const
{
    const qsizetype slash = path.lastIndexOf(u'/');
    const auto folder = m_root.locateExisting(slash < 0 ? QString() : path.left(slash));
    return folder && folder->isDirectory() ? QFile::decodeName(folder->target) : rootDirectory();
}

QString Contents::rootDirectory() const
{
    return m_root.directory().isEmpty() ? QStringLiteral("/")
                                        : QFile::decodeName(m_root.directory());
}

} // namespace farcell
