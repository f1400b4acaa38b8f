#include "app/recovery/recoveryjournal.h"

#include <QDir>
#include <QtConcurrent>

#include <utility>

namespace farcell {

namespace {

constexpr int delayMs = 400;           // from an edit to the start of writing
constexpr int retryDelayMs = 2000;     // after a failure
constexpr qint64 slackBytes = 4 << 20; // outdated bytes that are not worth writing anew for

} // namespace

RecoveryJournal::RecoveryJournal(NotebookDocument &document, RecoveryStore store, QObject *parent)
    : QObject(parent)
    , m_document(document)
    , m_store(std::move(store))
    , m_file(m_store.newFile())
    , m_changes(document)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &RecoveryJournal::startWriting);
    connect(&m_writing, &QFutureWatcherBase::finished, this, &RecoveryJournal::onWritten);
    connect(&document, &NotebookDocument::contentReset, this, &RecoveryJournal::onReset);
    connect(&document, &NotebookDocument::modifiedChanged, this,
            &RecoveryJournal::onModifiedChanged);
    connect(&m_changes, &ChangedCells::changed, this, &RecoveryJournal::onEdited);
    m_baseCells = m_changes.order();
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

void RecoveryJournal::onReset()
{
    m_changes.clear();
    m_saving = false; // what is being written is another notebook
    setBase({}, {});
}

void RecoveryJournal::setBase(const QString &path, const QByteArray &hash)
{
    m_basePath = path;
    m_baseHash = hash;
    m_baseCells = m_changes.order();
    m_writeAnew = true;
}

void RecoveryJournal::baseChanged()
{
    m_basePath.clear();
    m_baseHash.clear();
    m_writeAnew = true;
    if (m_document.isModified())
        onEdited();
}

void RecoveryJournal::saveStarted()
{
    m_saving = true;
    m_savingCells = m_changes.order();
    m_changes.saveStarted();
}

void RecoveryJournal::saveFinished(const QString &path, const QByteArray &hash)
{
    if (!std::exchange(m_saving, false)) {
        baseChanged();
        return;
    }
    m_basePath = path;
    m_baseHash = hash;
    m_baseCells = std::exchange(m_savingCells, {});
    m_writeAnew = true;
    m_changes.saveFinished();
    if (m_document.isModified())
        onEdited();
}

void RecoveryJournal::replaces(const QString &file)
{
    m_replaced = file;
}

void RecoveryJournal::discard()
{
    m_timer.stop();
    m_editedMeanwhile = false;
    m_discarded = true;
    m_writeAnew = true;
    if (!m_busy)
        removeFiles(); // else onWritten() does
}

void RecoveryJournal::removeFiles()
{
    m_store.remove(m_file);
    m_lock.reset();
}

void RecoveryJournal::flushNow()
{
    if (!m_document.isModified())
        return;
    m_writing.waitForFinished();
    onWritten(); // what its signal would do later
    m_timer.stop();
    startWriting();
    while (m_busy) { // a long output takes several records
        m_writing.waitForFinished();
        onWritten();
    }
}

void RecoveryJournal::onModifiedChanged(bool modified)
{
    if (modified) {
        onEdited();
        return;
    }
    m_changes.clear();
    m_baseCells = m_changes.order();
    discard();
}

void RecoveryJournal::onEdited()
{
    if (m_busy) {
        m_editedMeanwhile = true;
        return;
    }
    // Not restarted by every key: whoever types on and on is safe, too.
    if (!m_timer.isActive())
        m_timer.start(m_toldFailure ? retryDelayMs : delayMs);
}

void RecoveryJournal::takeLock()
{
    if (m_lock)
        return;
    QDir().mkpath(m_store.folder());
    m_lock = std::make_unique<QLockFile>(RecoveryStore::lockOf(m_file));
    m_lock->setStaleLockTime(0);
    m_lock->tryLock(0);
}

void RecoveryJournal::startWriting()
{
    if (!m_document.isModified())
        return;
    takeLock();
    m_busy = true;
    m_discarded = false;
    m_editedMeanwhile = false;
    m_head.writtenAt = QDateTime::currentDateTimeUtc();
    // What programs print is added once and does not become outdated.
    const qint64 printed = m_changes.appended() * qint64{sizeof(char16_t)};
    const bool tooLong = m_size - printed > 3 * m_sizeAnew + slackBytes;
    if (!m_writeAnew && !tooLong) {
        m_writing.setFuture(QtConcurrent::run(
            [store = m_store, file = m_file, head = m_head, batch = m_changes.takeNew()]() mutable {
                batch.head = head;
                return Written{store.append(file, batch), false};
            }));
        return;
    }
    recovery::Batch batch = m_changes.takeAll();
    recovery::Base base{m_basePath, m_baseHash, m_baseCopy, m_baseCells};
    const bool ownBase = m_baseHash.isEmpty() && (m_writeAnew || m_baseCopy.isEmpty());
    NotebookContent content;
    if (m_writeAnew)
        base.copy = m_baseCopy = m_store.newCopyName(m_file);
    if (ownBase) {
        // The copy will hold today's state; should it never be finished, the changes still count.
        base.cells = m_baseCells = m_changes.order();
        content = m_document.content();
    }
    m_writeAnew = false;
    batch.head = m_head;
    batch.base = std::move(base);
    m_writing.setFuture(QtConcurrent::run([store = m_store, file = m_file, batch = std::move(batch),
                                           content = std::move(content), ownBase]() mutable {
        if (!ownBase)
            store.linkBase(*batch.base);
        Written done{store.write(file, batch), true};
        if (done.size && ownBase) {
            if (const Result<> copied = store.copyBase(*batch.base, content); !copied)
                done.size = tl::unexpected(copied.error());
        }
        if (done.size)
            store.removeCopies(file, batch.base->copy);
        return done;
    }));
}

void RecoveryJournal::onWritten()
{
    if (!std::exchange(m_busy, false))
        return;
    if (m_discarded) {
        removeFiles();
        if (m_editedMeanwhile)
            onEdited();
        return;
    }
    const Written done = m_writing.result();
    if (done.size) {
        m_size = *done.size;
        if (done.anew) {
            m_sizeAnew = m_size;
            if (const QString old = std::exchange(m_replaced, {}); !old.isEmpty())
                m_store.remove(old);
        }
        m_toldFailure = false;
        emit written();
    } else {
        // A record may be there in part, which hides all that would follow it.
        m_writeAnew = true;
        m_editedMeanwhile = true;
        if (!std::exchange(m_toldFailure, true))
            emit failed(done.size.error().message);
    }
    if (done.size && m_changes.hasRest() && m_document.isModified())
        startWriting(); // the rest of a long output
    else if (m_editedMeanwhile)
        onEdited();
}

} // namespace farcell
