#include "app/notebook/documentfile.h"

#include "app/notebook/runtimehub.h"
#include "core/base/onfinished.h"
#include "core/notebook/notebookdocument.h"
#include "core/notebook/privateoutputs.h"

#include <QFile>
#include <QFileInfo>
#include <QFileSystemWatcher>
#include <QtConcurrentRun>

#include <chrono>
#include <utility>

namespace farcell {

using namespace std::chrono_literals;

namespace {

QByteArray readAll(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

QString DocumentFile::Place::fileName() const
{
    return path.section(QLatin1Char('/'), -1);
}

QString DocumentFile::Place::directory() const
{
    return path.isEmpty() || !isLocal() ? QString() : QFileInfo(path).absolutePath();
}

QString DocumentFile::Place::text() const
{
    if (isLocal())
        return path;
    return tr("%1 on %2").arg(path, runtime->name());
}

DocumentFile::DocumentFile(NotebookDocument &document, QObject *parent)
    : QObject(parent)
    , m_document(document)
    , m_watcher(new QFileSystemWatcher(this))
{
    const auto edited = [this] { ++m_revision; };
    connect(&document, &NotebookDocument::cellsInserted, this, edited);
    connect(&document, &NotebookDocument::cellsRemoved, this, edited);
    connect(&document, &NotebookDocument::cellsMoved, this, edited);
    connect(&document, &NotebookDocument::sourceEdited, this, edited);
    connect(&document, &NotebookDocument::outputsChanged, this, edited);
    connect(&document, &NotebookDocument::streamAppended, this, edited);
    connect(&document, &NotebookDocument::cellChanged, this, edited);
    connect(&document, &NotebookDocument::metadataChanged, this, edited);

    m_checkSoon.setSingleShot(true);
    m_checkSoon.setInterval(200ms); // editors write in several steps
    connect(&m_checkSoon, &QTimer::timeout, this, &DocumentFile::checkDisk);
    const auto soon = [this] { m_checkSoon.start(); };
    connect(m_watcher, &QFileSystemWatcher::fileChanged, this, soon);
    connect(m_watcher, &QFileSystemWatcher::directoryChanged, this, soon);
}

void DocumentFile::load(const Place &place)
{
    m_place = place;
    m_loading = true;
    const int attempt = ++m_attempt;
    emit placeChanged();
    if (place.isLocal()) {
        onFinished(QtConcurrent::run([path = place.path] {
                       Loaded loaded{readNotebookFile(path), {}};
                       if (!loaded.notebook)
                           loaded.bytes = readAll(path);
                       return loaded;
                   }),
                   this, [this, attempt](const Loaded &loaded) {
                       if (attempt == m_attempt)
                           finishLoad(loaded);
                   });
        return;
    }
    place.runtime->whenReady(
        this, [this, attempt, path = place.path](const Result<RuntimeClient *> &client) {
            if (attempt != m_attempt)
                return;
            if (!client) {
                finishLoad({tl::unexpected(client.error()), {}});
                return;
            }
            onFinished(
                (*client)->readFile(path), this,
                [this, attempt, path](const Result<QByteArray> &bytes) {
                    if (attempt != m_attempt)
                        return;
                    if (!bytes) {
                        finishLoad({tl::unexpected(bytes.error()), {}});
                        return;
                    }
                    Result<NotebookContent> content = readNotebook(*bytes);
                    if (content) {
                        finishLoad({LoadedNotebook{std::move(*content), notebookHash(*bytes)}, {}});
                        return;
                    }
                    Error error = content.error();
                    error.message =
                        path.section(QLatin1Char('/'), -1) + QLatin1Char(':') + error.message;
                    finishLoad({tl::unexpected(error), *bytes});
                });
        });
}

void DocumentFile::finishLoad(const Loaded &loaded)
{
    m_loading = false;
    if (!loaded.notebook) {
        emit loadFailed(loaded.notebook.error(), loaded.bytes);
        return;
    }
    m_document.setContent(loaded.notebook->content);
    m_hash = loaded.notebook->contentHash;
    watch();
    emit contentLoaded();
}

void DocumentFile::save()
{
    write(m_place, m_hash);
}

void DocumentFile::overwrite()
{
    write(m_place, {});
}

void DocumentFile::saveTo(const Place &place)
{
    write(place, {});
}

void DocumentFile::write(const Place &place, const QByteArray &expectedHash)
{
    if (place.path.isEmpty())
        return;
    if (m_saving) {
        m_next = Next{place, expectedHash.isEmpty()};
        return;
    }
    m_saving = true;
    const quint64 revision = m_revision;
    NotebookContent content = m_document.content();
    if (hasPrivateOutputs(content.metadata))
        dropOutputs(content);
    emit saving();
    if (place.isLocal()) {
        onFinished(QtConcurrent::run([content, path = place.path, expectedHash] {
                       return saveNotebookFile(path, writeNotebook(content), expectedHash);
                   }),
                   this, [this, place, revision](const Result<QByteArray> &hash) {
                       finishSave(hash, place, revision);
                   });
        return;
    }
    onFinished(QtConcurrent::run([content] { return writeNotebook(content); }), this,
               [this, place, expectedHash, revision](const QByteArray &bytes) {
                   writeRemote(place, bytes, expectedHash, revision);
               });
}

// Jupyter's contents API knows no conditional write, so the file is read and compared first.
void DocumentFile::writeRemote(const Place &place, const QByteArray &bytes,
                               const QByteArray &expectedHash, quint64 revision)
{
    RuntimeClient *client = place.runtime ? place.runtime->client() : nullptr;
    if (!client) {
        finishSave(fail(ErrorCode::Unavailable, tr("The runtime of this file is not connected")),
                   place, revision);
        return;
    }
    const auto put = [this, client = QPointer(client), place, bytes, revision] {
        if (!client) {
            finishSave(fail(ErrorCode::Unavailable, tr("The runtime of this file is gone")), place,
                       revision);
            return;
        }
        onFinished(client->writeFile(place.path, bytes), this,
                   [this, place, bytes, revision](const Result<ContentsEntry> &entry) {
                       if (entry)
                           finishSave(notebookHash(bytes), place, revision);
                       else
                           finishSave(tl::unexpected(entry.error()), place, revision);
                   });
    };
    if (expectedHash.isEmpty()) {
        put();
        return;
    }
    onFinished(
        client->readFile(place.path), this,
        [this, put, place, expectedHash, revision](const Result<QByteArray> &now) {
            const bool changed =
                now ? notebookHash(*now) != expectedHash : now.error().code != ErrorCode::NotFound;
            if (!changed)
                put();
            else if (now)
                finishSave(fail(ErrorCode::Exists, tr("The file was changed by somebody else")),
                           place, revision);
            else
                finishSave(tl::unexpected(now.error()), place, revision);
        });
}

void DocumentFile::finishSave(const Result<QByteArray> &hash, const Place &place, quint64 revision)
{
    m_saving = false;
    const std::optional<Next> next = std::exchange(m_next, std::nullopt);
    if (!hash) {
        emit saveFailed(hash.error());
        saveNext(next, true);
        return;
    }
    const bool moved = place.path != m_place.path || place.runtime != m_place.runtime;
    m_place = place;
    m_hash = *hash;
    if (revision == m_revision)
        m_document.markSaved();
    else if (!m_document.isModified())
        m_document.markModified(); // undone meanwhile to what the file was before
    watch();
    if (moved)
        emit placeChanged();
    emit saved();
    saveNext(next, false);
}

void DocumentFile::saveNext(const std::optional<Next> &next, bool hasFailed)
{
    if (!next)
        return;
    if (next->replaces)
        write(next->place, {});
    else if (!hasFailed) // else it would only fail once more
        save();
}

void DocumentFile::setPlace(const Place &place, const QByteArray &hash)
{
    m_place = place;
    m_hash = hash;
    watch();
    emit placeChanged();
}

void DocumentFile::acceptDiskVersion()
{
    if (m_place.isLocal())
        m_hash = notebookHash(readAll(m_place.path));
    else
        m_hash.clear();
}

// The folder is watched too: an atomic save replaces the file, and the watch on it is lost.
void DocumentFile::watch()
{
    const QStringList old = m_watcher->files() + m_watcher->directories();
    QStringList wanted;
    if (m_place.isLocal() && !m_place.path.isEmpty())
        wanted = {m_place.path, m_place.directory()};
    for (const QString &path : old) {
        if (!wanted.removeOne(path))
            m_watcher->removePath(path);
    }
    if (!wanted.isEmpty())
        m_watcher->addPaths(wanted);
}

void DocumentFile::checkDisk()
{
    if (!m_place.isLocal() || m_saving || m_loading || m_hash.isEmpty())
        return;
    onFinished(QtConcurrent::run([path = m_place.path] {
                   QFile file(path);
                   return file.open(QIODevice::ReadOnly) ? notebookHash(file.readAll())
                                                         : QByteArray();
               }),
               this, [this](const QByteArray &hash) {
                   watch();
                   // An unreadable file is one being replaced, or deleted: the next save writes it
                   // anew.
                   if (!hash.isEmpty() && hash != m_hash && !m_saving)
                       emit changedOnDisk();
               });
}

} // namespace farcell
