#pragma once

#include "backend/contents/contentsmodel.h"
#include "backend/contents/rootpath.h"
#include "core/base/result.h"

#include <QFile>
#include <QList>
#include <QString>

#include <memory>
#include <optional>

#include <nlohmann/json_fwd.hpp>

namespace farcell {

// The files below the root folder, as Jupyter's contents API has them (jupyter.md 3.6): models in,
// models out. Every call blocks on the disk and may run on any thread, several at a time.
// Not here: HTTP, who may do this, which thread.
class Contents
{
public:
    struct Options
    {
        RootPath::Options root;
        qint64 maxRead = 512LL * 1024 * 1024; // largest file put into one answer
        bool trash = true; // deleted files go there where it is possible, as Jupyter has it
    };
    static Result<std::unique_ptr<Contents>> create(const QString &root, Options options);

    struct Get
    {
        std::optional<EntryType> type;
        QString format; // text, base64 or empty
        bool content = true;
        bool hash = false;
    };
    Result<ContentsModel> get(const QString &path, const Get &how) const;

    struct Saved
    {
        ContentsModel model;
        bool created = false;
    };
    // `body` is the model of a PUT as it came, not yet parsed.
    Result<Saved> save(const QString &path, const QByteArray &body) const;
    Result<ContentsModel> createUntitled(const QString &folder, EntryType type,
                                         const QString &ending) const;
    Result<ContentsModel> copy(const QString &from, const QString &folder) const;
    Result<ContentsModel> rename(const QString &from, const QString &to) const;
    Result<> remove(const QString &path) const;

    struct Checkpoint
    {
        QString id;
        timespec modified = {};
    };
    Result<QList<Checkpoint>> checkpoints(const QString &path) const;
    Result<Checkpoint> createCheckpoint(const QString &path) const;
    Result<> restoreCheckpoint(const QString &path, const QString &id) const;
    Result<> removeCheckpoint(const QString &path, const QString &id) const;

    struct Opened
    {
        std::shared_ptr<QFile> file;
        ContentsModel model;
    };
    // For sending the bytes as they are.
    Result<Opened> open(const QString &path) const;

    // The folder of a file that need not exist: where a kernel for it works. The root if that
    // folder is not there.
    [[nodiscard]] QString workingDirectory(const QString &path) const;
    [[nodiscard]] QString rootDirectory() const;

private:
    Contents(RootPath root, Options options);

    [[nodiscard]] ContentsModel model(const Location &location) const;
    Result<ContentsModel> describe(const QString &path) const; // without content
    Result<> fillDirectory(ContentsModel &model, const Location &location) const;
    Result<> fillNotebook(ContentsModel &model, const Location &location) const;
    Result<> fillFile(ContentsModel &model, const Location &location, const QString &format) const;
    Result<QString> saveNotebook(const Location &location, const nlohmann::json &body) const;
    Result<> saveFile(const Location &location, const nlohmann::json &body) const;
    Result<> saveDirectory(const Location &location) const;
    Result<Location> locateFolder(const QString &path) const;
    [[nodiscard]] Result<QByteArray> checkpointFile(const Location &location,
                                                    bool makeFolder) const;
    Result<Location> locateForCheckpoint(const QString &path, const QString &id) const;

    RootPath m_root;
    Options m_options;
};

} // namespace farcell
