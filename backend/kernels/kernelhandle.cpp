#include "backend/kernels/kernelhandle.h"

#include "backend/kernels/journalstream.h"
#include "backend/kernels/streambatch.h"

#include <QPointer>
#include <QUuid>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr std::size_t rememberedSessions = 256;

std::string journalOf(const QString &bundle)
{
    return bundle.toStdString() + '/' + bundle::journalDirectory;
}

} // namespace

KernelHandle::KernelHandle(Identity identity, QString bundle, pid_t keeper, QObject *parent)
    : QObject(parent)
    , m_identity(std::move(identity))
    , m_bundle(std::move(bundle))
    , m_keeper(keeper)
    , m_tail(journalOf(m_bundle))
    , m_lastActivity(QDateTime::currentDateTimeUtc())
{
    connect(&m_link, &KeeperLink::progressed, this, [this] {
        m_lastActivity = QDateTime::currentDateTimeUtc();
        pump();
        emit active();
    });
    connect(&m_link, &KeeperLink::stateChanged, this, &KernelHandle::tellProblem);
    connect(&m_link, &KeeperLink::queueChanged, this, &KernelHandle::tellQueue);
}

KernelHandle::~KernelHandle()
{
    closeStreams(tr("The server ends"));
}

KernelModel KernelHandle::model() const
{
    KernelModel model;
    model.id = m_identity.id;
    model.name = m_identity.specName;
    model.lastActivity = m_lastActivity;
    model.connections = static_cast<int>(m_streams.size());
    const std::string_view state = keeperprotocol::stateName(m_link.progress().state);
    model.executionState =
        m_gone.isEmpty() ? QString::fromUtf8(state.data(), static_cast<qsizetype>(state.size()))
                         : QStringLiteral("dead");
    model.reason = reason();
    model.lastSequence = lastSequence();
    model.started = m_identity.started;
    model.resources = m_identity.resources;
    const nlohmann::json &known = m_link.state();
    if (m_gone.isEmpty() && known.is_object()) {
        model.pid = std::max<qint64>(0, known.value("kernel_pid", qint64(0)));
        model.limitsRefused = QString::fromStdString(known.value("limits_refused", std::string()));
    }
    model.problem = problem();
    if (const nlohmann::json &queue = m_link.queue(); queue.is_object()) {
        const nlohmann::json items = queue.value("items", nlohmann::json::array());
        model.queued = static_cast<int>(
            std::count_if(items.begin(), items.end(), [](const nlohmann::json &item) {
                return item.value("state", "") == "queued";
            }));
    }
    return model;
}

bool KernelHandle::isReady() const
{
    const nlohmann::json &state = m_link.state();
    return m_gone.isEmpty() && state.is_object() && state.value("ready", false);
}

QString KernelHandle::reason() const
{
    const nlohmann::json &state = m_link.state();
    if (!m_gone.isEmpty() || !state.is_object()) {
        return m_gone;
    }
    return QString::fromStdString(state.value("reason", std::string()));
}

quint64 KernelHandle::lastSequence() const
{
    return m_link.progress().position.nextSequence - 1;
}

bool KernelHandle::isAnyLive() const
{
    return std::any_of(m_streams.begin(), m_streams.end(),
                       [](const JournalStream *stream) { return stream->m_isLive; });
}

std::unique_ptr<KernelStream> KernelHandle::open(const QString &session,
                                                 const StreamOptions &options)
{
    const bool isOwn = !session.isEmpty();
    if (isOwn) {
        const std::vector<JournalStream *> streams = m_streams;
        for (JournalStream *stream : streams) {
            if (stream->m_session == session) { // a connection that broke without our noticing
                QPointer<JournalStream> guard(stream);
                emit stream->closed(tr("The client has connected again"));
                if (guard) {
                    detach(*stream);
                }
            }
        }
    }
    auto stream = std::make_unique<JournalStream>(
        *this, isOwn ? session : QUuid::createUuid().toString(QUuid::WithoutBraces), isOwn);
    const auto missed = std::find_if(m_missed.begin(), m_missed.end(),
                                     [&](const Missed &entry) { return entry.session == session; });
    stream->m_options = options;
    stream->m_replayedUntil = lastSequence();
    if (options.since) {
        // A number that is still to come is one of another journal: all that can be done is to
        // say so and go on from here.
        const quint64 since = std::min(*options.since, lastSequence());
        if (since < *options.since) {
            stream->m_first.append(serverFrame(
                "farcell_gap", {{"since", *options.since}, {"first", lastSequence() + 1}}));
        }
        stream->m_position = {0, 0, since + 1};
        stream->m_everyoneUntil = lastSequence();
    } else if (missed != m_missed.end()) {
        stream->m_position = missed->position;
    } else if (m_link.isGreeted()) {
        stream->m_position = m_link.progress().position;
    }
    if (missed != m_missed.end()) {
        m_missed.erase(missed);
    }
    m_streams.push_back(stream.get());
    stream->m_isResumeQueued = true;
    QMetaObject::invokeMethod(
        stream.get(),
        [stream = stream.get()] {
            if (std::exchange(stream->m_isResumeQueued, false)) {
                stream->resume();
            }
        },
        Qt::QueuedConnection);
    return stream;
}

// Where it goes on. It may have been ahead of the others when it joined them.
void KernelHandle::leaveTail(JournalStream &stream)
{
    if (std::exchange(stream.m_isLive, false) &&
        m_tail.position().nextSequence >= stream.m_position.nextSequence) {
        stream.m_position = m_tail.position();
    }
}

void KernelHandle::detach(JournalStream &stream)
{
    const auto it = std::find(m_streams.begin(), m_streams.end(), &stream);
    if (it == m_streams.end()) {
        return;
    }
    m_streams.erase(it);
    leaveTail(stream);
    stream.m_isPaused = true;
    stream.m_kernel = nullptr;
    if (!isAnyLive()) {
        m_tail.rest();
    }
    if (!stream.m_hasOwnSession) {
        return;
    }
    if (m_missed.size() >= rememberedSessions) {
        m_missed.pop_front();
    }
    m_missed.push_back({stream.m_session, stream.m_position});
}

void KernelHandle::closeStreams(const QString &reason)
{
    pump();
    const std::vector<JournalStream *> streams = std::exchange(m_streams, {});
    std::vector<QPointer<JournalStream>> guarded(streams.begin(), streams.end());
    for (const QPointer<JournalStream> &stream : guarded) {
        if (stream) {
            stream->m_kernel = nullptr;
            emit stream->closed(reason);
        }
    }
}

void KernelHandle::setGone(const QString &reason)
{
    m_gone = reason;
    emit active();
}

// --- delivery

void KernelHandle::pump()
{
    m_isScheduled = false;
    if (!isAnyLive()) {
        return;
    }
    const StreamBatch batch = readBatch(m_tail, m_tail.position().nextSequence, lastSequence());
    std::vector<QPointer<JournalStream>> live;
    for (JournalStream *stream : m_streams) {
        if (stream->m_isLive) {
            live.emplace_back(stream);
        }
    }
    for (const QPointer<JournalStream> &stream : live) {
        if (stream) {
            stream->deliver(batch);
        }
    }
    if (!batch.empty() && m_tail.position().nextSequence <= lastSequence()) {
        schedule();
    }
}

void KernelHandle::schedule()
{
    if (!std::exchange(m_isScheduled, true)) {
        QMetaObject::invokeMethod(this, &KernelHandle::pump, Qt::QueuedConnection);
    }
}

void KernelHandle::makeLive(JournalStream &stream)
{
    stream.m_firstWanted = stream.m_position.nextSequence;
    if (!isAnyLive()) {
        // At the end: who is behind reads on its own and holds up nobody.
        m_tail.seek(m_link.progress().position);
    }
    if (stream.m_position.nextSequence < m_tail.position().nextSequence) {
        catchUp(stream);
        return;
    }
    stream.m_reader.reset();
    stream.m_isLive = true;
    pump();
    stream.tellLive();
}

void KernelHandle::catchUp(JournalStream &stream)
{
    if (!stream.m_reader) {
        stream.m_reader = std::make_unique<JournalReader>(journalOf(m_bundle));
        if (stream.m_position.segment == 0) {
            stream.m_reader->seek(stream.m_position.nextSequence);
        } else {
            stream.m_reader->seek(stream.m_position);
        }
    }
    // Not past the tail: it joins the others there.
    const quint64 last = std::min<quint64>(lastSequence(), m_tail.position().nextSequence - 1);
    const quint64 expected = stream.m_position.nextSequence;
    StreamBatch batch = readBatch(*stream.m_reader, expected, last);
    // Reading does not get that far when the journal has lost a piece: go on with the others.
    const bool isBroken = batch.empty() && stream.m_reader->position().nextSequence <= last;
    if (isBroken) {
        batch.push_back(gapBefore(last + 1, expected));
    }
    stream.m_position = stream.m_reader->position();
    const bool hasArrived = isBroken || stream.m_position.nextSequence > last;
    if (hasArrived) {
        stream.m_reader.reset();
        stream.m_isLive = true;
    }
    const QPointer<JournalStream> guard(&stream);
    stream.deliver(batch);
    if (guard && hasArrived) {
        stream.tellLive();
    } else if (guard && !stream.m_isPaused) {
        QMetaObject::invokeMethod(
            &stream,
            [&stream] {
                if (!stream.m_isPaused) { // it may have been paused meanwhile
                    stream.resume();
                }
            },
            Qt::QueuedConnection);
    }
}

QString KernelHandle::problem() const
{
    const nlohmann::json &state = m_link.state();
    return state.is_object() ? QString::fromStdString(state.value("problem", std::string()))
                             : QString();
}

// What cannot be stored cannot be delivered either: only this says why nothing comes.
void KernelHandle::tellProblem()
{
    const QString now = problem();
    if (now == std::exchange(m_toldProblem, now)) {
        return;
    }
    const nlohmann::json text =
        now.isEmpty() ? nlohmann::json() : nlohmann::json(now.toStdString());
    const QByteArray frame = serverFrame("farcell_problem", {{"message", text}});
    const std::vector<QPointer<JournalStream>> guarded(m_streams.begin(), m_streams.end());
    for (const QPointer<JournalStream> &stream : guarded) {
        if (stream && stream->m_options.events && !stream->m_isPaused) {
            emit stream->framesReceived({frame});
        }
    }
}

// Streams that are paused or behind get the latest one later.
void KernelHandle::tellQueue()
{
    std::vector<QPointer<JournalStream>> guarded;
    for (JournalStream *stream : m_streams) {
        stream->m_wantsQueue = true;
        guarded.emplace_back(stream);
    }
    for (const QPointer<JournalStream> &stream : guarded) {
        if (stream) {
            stream->tellQueue();
        }
    }
}

} // namespace farcell
