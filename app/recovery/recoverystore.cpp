#include "app/recovery/recoverystore.h"

#include "core/nbformat/notebookfile.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QLockFile>
#include <QSaveFile>
#include <QStandardPaths>
#include <QUuid>

#include <algorithm>

namespace farcell {

namespace {

using nlohmann::ordered_json;

constexpr const char *suffix = ".recovery";
constexpr qsizetype longestHead = 65'536;

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

QByteArray encodeHead(const RecoveryHead &head)
{
    const ordered_json json{
        {"path", head.originalPath.toStdString()},
        {"hash", head.originalHash.toHex().toStdString()},
        {"title", head.title.toStdString()},
        {"written", head.writtenAt.toUTC().toString(Qt::ISODateWithMs).toStdString()},
    };
    return QByteArray::fromStdString(
        json.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

QString stringAt(const ordered_json &json, const char *key)
{
    if (!json.contains(key) || !json[key].is_string())
        return {};
    return QString::fromStdString(json[key].get<std::string>());
}

Result<RecoveryHead> decodeHead(const QByteArray &line)
{
    const auto json =
        ordered_json::parse(line.constData(), line.constData() + line.size(), nullptr, false);
    if (!json.is_object())
        return fail(ErrorCode::InvalidData, tr("The recovery file is damaged"));
    RecoveryHead head;
    head.originalPath = stringAt(json, "path");
    head.originalHash = QByteArray::fromHex(stringAt(json, "hash").toLatin1());
    head.title = stringAt(json, "title");
    head.writtenAt = QDateTime::fromString(stringAt(json, "written"), Qt::ISODateWithMs);
    return head;
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

Result<> RecoveryStore::write(const QString &file, const RecoveryHead &head,
                              const NotebookContent &content) const
{
    constexpr auto ownerOnly = QFile::ReadOwner | QFile::WriteOwner;
    QSaveFile device(file);
    if (!QDir().mkpath(m_folder) || !QFile::setPermissions(m_folder, ownerOnly | QFile::ExeOwner) ||
        !device.open(QIODevice::WriteOnly) || !device.setPermissions(ownerOnly))
        return fail(ErrorCode::Unavailable,
                    tr("Unsaved edits cannot be kept safe in %1").arg(m_folder),
                    device.errorString());
    device.write(encodeHead(head) + '\n');
    device.write(bytesOf(content));
    if (!device.commit())
        return fail(ErrorCode::Unavailable,
                    tr("Unsaved edits cannot be kept safe in %1").arg(m_folder),
                    device.errorString());
    return {};
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
        if (auto head = decodeHead(file.readLine(longestHead)))
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
    Result<RecoveryHead> head = decodeHead(device.readLine(longestHead));
    if (!head)
        return tl::unexpected(head.error());
    Result<NotebookContent> content = readNotebook(device.readAll());
    if (!content)
        return tl::unexpected(content.error());
    return RecoveredNotebook{std::move(*head), std::move(*content)};
}

void RecoveryStore::remove(const QString &file) const
{
    QFile::remove(file);
}

} // namespace farcell
