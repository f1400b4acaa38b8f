#include "app/recovery/recoveryjournal.h"

#include <QDir>
#include <QtConcurrent>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr int shortestDelayMs = 500;
constexpr int longestDelayMs = 5000; // for notebooks that take seconds to write
constexpr int delayPerWrite = 4;     // so that writing takes at most a fifth of one core

} // namespace

RecoveryJournal::RecoveryJournal(NotebookDocument &document, RecoveryStore store, QObject *parent)
    : QObject(parent)
    , m_document(document)
    , m_store(std::move(store))
    , m_file(m_store.newFile())
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &RecoveryJournal::startWriting);
    connect(&m_writing, &QFutureWatcherBase::finished, this, &RecoveryJournal::onWritten);
    connect(&document, &NotebookDocument::modifiedChanged, this,
            &RecoveryJournal::onModifiedChanged);
    connect(&document, &NotebookDocument::cellsInserted, this, &RecoveryJournal::onEdited);
    connect(&document, &NotebookDocument::cellsRemoved, this, &RecoveryJournal::onEdited);
    connect(&document, &NotebookDocument::cellsMoved, this, &RecoveryJournal::onEdited);
    connect(&document, &NotebookDocument::sourceEdited, this, &RecoveryJournal::onEdited);
    connect(&document, &NotebookDocument::outputsChanged, this, &RecoveryJournal::onEdited);
    connect(&document, &NotebookDocument::streamAppended, this, &RecoveryJournal::onEdited);
    connect(&document, &NotebookDocument::cellChanged, this, &RecoveryJournal::onEdited);
    connect(&document, &NotebookDocument::metadataChanged, this, &RecoveryJournal::onEdited);
}

RecoveryJournal::~RecoveryJournal()
{
    m_writing.waitForFinished();
    if (m_discarded)
        m_store.remove(m_file);
}

void RecoveryJournal::setOrigin(const QString &path, const QByteArray &hash, const QString &title)
{
    m_head.originalPath = path;
    m_head.originalHash = hash;
    m_head.title = title;
}

void RecoveryJournal::discard()
{
    m_timer.stop();
    m_editedMeanwhile = false;
    m_discarded = true;
    if (!m_writing.isRunning()) {
        m_store.remove(m_file); // else onWritten() does
        m_lock.reset();
    }
}

void RecoveryJournal::flushNow()
{
    if (!m_document.isModified())
        return;
    m_writing.waitForFinished();
    m_timer.stop();
    startWriting();
    m_writing.waitForFinished();
}

void RecoveryJournal::onModifiedChanged(bool modified)
{
    if (modified)
        onEdited();
    else
        discard();
}

void RecoveryJournal::onEdited()
{
    if (m_writing.isRunning()) {
        m_editedMeanwhile = true;
        return;
    }
    // Not restarted by every key: whoever types on and on is safe, too.
    if (!m_timer.isActive())
        m_timer.start(static_cast<int>(
            std::clamp<qint64>(m_writeMs * delayPerWrite, shortestDelayMs, longestDelayMs)));
}

void RecoveryJournal::startWriting()
{
    if (!m_document.isModified())
        return;
    if (!m_lock) {
        QDir().mkpath(m_store.folder());
        m_lock = std::make_unique<QLockFile>(RecoveryStore::lockOf(m_file));
        m_lock->setStaleLockTime(0);
        m_lock->tryLock(0);
    }
    m_discarded = false;
    m_editedMeanwhile = false;
    m_head.writtenAt = QDateTime::currentDateTimeUtc();
    m_writing.setFuture(QtConcurrent::run(
        [store = m_store, file = m_file, head = m_head, content = m_document.content()] {
            return store.write(file, head, content);
        }));
}

void RecoveryJournal::onWritten()
{
    if (m_discarded) {
        m_store.remove(m_file);
        m_lock.reset();
        if (m_editedMeanwhile)
            onEdited();
        return;
    }
    m_writeMs = m_head.writtenAt.msecsTo(QDateTime::currentDateTimeUtc());
    const Result<> result = m_writing.result();
    if (result) {
        m_toldFailure = false;
        emit written();
    } else if (!std::exchange(m_toldFailure, true)) {
        emit failed(result.error().message);
    }
    if (m_editedMeanwhile)
        onEdited();
}

} // namespace farcell
