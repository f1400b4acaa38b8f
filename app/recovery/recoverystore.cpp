#include "app/recovery/recoverystore.h"

#include "app/recovery/rebuilder.h"
#include "core/nbformat/notebookfile.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLockFile>
#include <QSaveFile>
#include <QUuid>

#include <algorithm>

#include <unistd.h>

namespace farcell {

namespace {

constexpr const char *suffix = ".recovery";
constexpr auto ownerOnly = QFile::ReadOwner | QFile::WriteOwner;

QString tr(const char *text)
{
    return QCoreApplication::translate("RecoveryStore", text);
}

QString defaultFolder()
{
    QString state = qEnvironmentVariable("XDG_STATE_HOME");
    if (!QDir::isAbsolutePath(state))
        state = QDir::homePath() + QStringLiteral("/.local/state");
    return state + QStringLiteral("/farcell/recovery");
}

// Version 3 cannot be written; what is recovered is version 4, and the person is asked on saving.
QByteArray bytesOf(NotebookContent content)
{
    QByteArray bytes = writeNotebook(content);
    if (bytes.isNull()) {
        upgradeToV4(content);
        bytes = writeNotebook(content);
    }
    return bytes;
}

std::optional<NotebookContent> contentOf(const QString &path, const QByteArray &hash)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return std::nullopt;
    const QByteArray bytes = file.readAll();
    if (!hash.isEmpty() && notebookHash(bytes) != hash)
        return std::nullopt;
    Result<NotebookContent> content = readNotebook(bytes);
    if (!content)
        return std::nullopt;
    return std::move(*content);
}

} // namespace

RecoveryStore::RecoveryStore(const QString &folder)
    : m_folder(folder.isEmpty() ? defaultFolder() : folder)
{}

QString RecoveryStore::lockOf(const QString &file)
{
    return file + QStringLiteral(".lock");
}

QString RecoveryStore::newFile() const
{
    return m_folder + QLatin1Char('/') + QUuid::createUuid().toString(QUuid::WithoutBraces) +
           QLatin1String(suffix);
}

tl::unexpected<Error> RecoveryStore::cannotKeep(const QString &detail) const
{
    return fail(ErrorCode::Unavailable, tr("Unsaved edits cannot be kept safe in %1").arg(m_folder),
                detail);
}

Result<> RecoveryStore::prepareFolder() const
{
    if (!QDir().mkpath(m_folder) || !QFile::setPermissions(m_folder, ownerOnly | QFile::ExeOwner))
        return cannotKeep({});
    return {};
}

Result<qint64> RecoveryStore::write(const QString &file, const recovery::Batch &batch) const
{
    if (const Result<> ready = prepareFolder(); !ready)
        return tl::unexpected(ready.error());
    QSaveFile device(file);
    if (!device.open(QIODevice::WriteOnly) || !device.setPermissions(ownerOnly))
        return cannotKeep(device.errorString());
    device.write(recovery::firstLine());
    device.write(recovery::encodeRecord(batch));
    const qint64 size = device.pos();
    if (!device.commit())
        return cannotKeep(device.errorString());
    return size;
}

Result<qint64> RecoveryStore::append(const QString &file, const recovery::Batch &batch) const
{
    QFile device(file);
    const QByteArray record = recovery::encodeRecord(batch);
    // Without QIODevice::Append a file that somebody removed would begin in its middle.
    if (!device.open(QIODevice::ReadWrite | QIODevice::ExistingOnly) ||
        !device.seek(device.size()) || device.write(record) != record.size() || !device.flush() ||
        ::fdatasync(device.handle()) != 0)
        return cannotKeep(device.errorString());
    return device.size();
}

QString RecoveryStore::newCopyName(const QString &file) const
{
    return QFileInfo(file).completeBaseName() + QLatin1Char('.') +
           QUuid::createUuid().toString(QUuid::Id128).left(8) + QStringLiteral(".base");
}

void RecoveryStore::linkBase(const recovery::Base &base) const
{
    const QByteArray from = QFile::encodeName(QFileInfo(base.path).canonicalFilePath());
    const QByteArray to = QFile::encodeName(m_folder + QLatin1Char('/') + base.copy);
    if (prepareFolder().has_value() && !from.isEmpty()) [[maybe_unused]]
        const int ignored = ::link(from.constData(), to.constData());
}

Result<> RecoveryStore::copyBase(const recovery::Base &base, const NotebookContent &content) const
{
    if (Result<> ready = prepareFolder(); !ready)
        return ready;
    QSaveFile device(m_folder + QLatin1Char('/') + base.copy);
    if (!device.open(QIODevice::WriteOnly) || !device.setPermissions(ownerOnly))
        return cannotKeep(device.errorString());
    device.write(bytesOf(content));
    if (!device.commit())
        return cannotKeep(device.errorString());
    return {};
}

void RecoveryStore::removeCopies(const QString &file, const QString &butThis) const
{
    const QDir folder(m_folder);
    const QString stem = QFileInfo(file).completeBaseName();
    for (const QString &name : folder.entryList({stem + QStringLiteral(".*.base")}, QDir::Files)) {
        if (name != butThis)
            QFile::remove(folder.filePath(name));
    }
}

std::vector<RecoverableNotebook> RecoveryStore::recoverable() const
{
    std::vector<RecoverableNotebook> found;
    const QDir folder(m_folder);
    for (const QString &name :
         folder.entryList({QStringLiteral("*") + QLatin1String(suffix)}, QDir::Files)) {
        const QString path = folder.filePath(name);
        QLockFile lock(lockOf(path));
        lock.setStaleLockTime(0); // only a running program holds it
        QFile file(path);
        if (!lock.tryLock(0) || !file.open(QIODevice::ReadOnly))
            continue;
        if (auto head = recovery::lastHead(file))
            found.push_back({std::move(*head), path});
    }
    std::sort(found.begin(), found.end(),
              [](const RecoverableNotebook &a, const RecoverableNotebook &b) {
                  return a.head.writtenAt > b.head.writtenAt;
              });
    return found;
}

Result<RecoveredNotebook> RecoveryStore::read(const QString &file) const
{
    QFile device(file);
    if (!device.open(QIODevice::ReadOnly))
        return fail(ErrorCode::NotFound, tr("The recovery file is gone"), device.errorString());
    recovery::Rebuilder rebuilder([this](const recovery::Base &base) {
        std::optional<NotebookContent> content =
            base.copy.isEmpty() ? std::nullopt
                                : contentOf(m_folder + QLatin1Char('/') + base.copy, base.hash);
        if (!content && !base.path.isEmpty())
            content = contentOf(base.path, base.hash);
        return content;
    });
    const bool any = recovery::readRecords(
        device, [&rebuilder](recovery::Batch batch) { rebuilder.add(std::move(batch)); });
    if (!any)
        return fail(ErrorCode::InvalidData, tr("The recovery file is damaged"));
    return rebuilder.finish();
}

void RecoveryStore::remove(const QString &file) const
{
    QFile::remove(file);
    removeCopies(file, {});
}

} // namespace farcell
