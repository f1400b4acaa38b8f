#include "backend/contents/trash.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QUrl>

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell::contents {

namespace {

constexpr int maxTries = 1000; // names that are taken

QString trashFolder()
{
    const QString data = qEnvironmentVariable("XDG_DATA_HOME");
    if (data.startsWith(u'/'))
        return data + QStringLiteral("/Trash");
    const QString home = qEnvironmentVariable("HOME");
    return home.startsWith(u'/') ? QString(home + QStringLiteral("/.local/share/Trash"))
                                 : QString();
}

bool makeFolder(const QString &path)
{
    return QDir().exists(path) ||
           (QDir().mkpath(path) &&
            QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
}

// The note that says where it came from, and reserves the name.
bool writeNote(const QByteArray &file, const QByteArray &path)
{
    const int fd =
        ::open(file.constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return false;
    const QByteArray note =
        "[Trash Info]\nPath=" + QUrl::toPercentEncoding(QFile::decodeName(path), "/") +
        "\nDeletionDate=" + QDateTime::currentDateTime().toString(Qt::ISODate).toLatin1() + '\n';
    const bool isWritten = ::write(fd, note.constData(), size_t(note.size())) == note.size();
    ::close(fd);
    return isWritten;
}

} // namespace

bool moveToTrash(const QByteArray &path)
{
    const QString folder = trashFolder();
    if (folder.isEmpty() || !makeFolder(folder) || !makeFolder(folder + QStringLiteral("/files")) ||
        !makeFolder(folder + QStringLiteral("/info")))
        return false;
    const QByteArray base = QFile::encodeName(folder);
    const QByteArray name = path.mid(path.lastIndexOf('/') + 1).left(200);
    for (int number = 1; number < maxTries; ++number) {
        const QByteArray unique = number == 1 ? name : name + '.' + QByteArray::number(number);
        const QByteArray note = base + "/info/" + unique + ".trashinfo";
        if (!writeNote(note, path)) {
            if (errno == EEXIST)
                continue;
            return false;
        }
        const QByteArray target = base + "/files/" + unique;
        if (::renameat2(AT_FDCWD, path.constData(), AT_FDCWD, target.constData(),
                        RENAME_NOREPLACE) == 0)
            return true;
        const int problem = errno;
        ::unlink(note.constData());
        if (problem != EEXIST)
            return false;
    }
    return false;
}

} // namespace farcell::contents
