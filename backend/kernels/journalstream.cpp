#include "backend/kernels/journalstream.h"

#include "backend/keeper/protocol.h"
#include "backend/kernels/kernelhandle.h"
#include "core/jupyter/websocketframes.h"

#include <string_view>
#include <utility>

namespace farcell {

namespace {

// The channel's name is the first part of a v1 frame.
bool isInputRequest(const QByteArray &frame)
{
    const auto message =
        wire::decodeV1({frame.constData(), static_cast<std::size_t>(frame.size())});
    return message && message->channel == "stdin";
}

bool isForFarcellClients(const StreamRecord &record)
{
    const std::string_view name(record.addressee.constData(),
                                static_cast<std::size_t>(record.addressee.size()));
    return name == keeperprotocol::farcellClients;
}

} // namespace

JournalStream::JournalStream(KernelHandle &kernel, QString session, bool hasOwnSession)
    : m_kernel(&kernel)
    , m_session(std::move(session))
    , m_sessionBytes(m_session.toUtf8())
    , m_hasOwnSession(hasOwnSession)
{}

JournalStream::~JournalStream()
{
    if (m_kernel) {
        m_kernel->detach(*this);
    }
}

void JournalStream::send(const QByteArray &frame)
{
    if (m_kernel) {
        m_kernel->m_link.send(m_sessionBytes, frame);
    }
}

void JournalStream::pause()
{
    m_isPaused = true;
    m_isResumeQueued = false;
    if (m_kernel) {
        m_kernel->leaveTail(*this);
    }
}

void JournalStream::resume()
{
    m_isPaused = false;
    if (!m_first.isEmpty()) {
        const QPointer<JournalStream> guard(this);
        emit framesReceived(std::exchange(m_first, {}));
        if (!guard || m_isPaused) {
            return;
        }
    }
    if (m_kernel && !m_isLive) {
        m_kernel->makeLive(*this);
    }
}

void JournalStream::deliver(const StreamBatch &batch)
{
    const quint64 pendingInput = m_kernel ? m_kernel->m_link.progress().pendingInput : 0;
    QList<QByteArray> frames;
    frames.reserve(static_cast<qsizetype>(batch.size()));
    for (const StreamRecord &record : batch) {
        if (record.sequence < m_firstWanted) {
            continue; // the others are behind what this one wants
        }
        const bool isForFarcell = isForFarcellClients(record);
        if ((record.isGap || isForFarcell) && !m_options.since && !m_options.events) {
            continue; // a client that knows nothing of it
        }
        const bool isForAll = record.addressee.isEmpty() || isForFarcell;
        if (!isForAll && record.addressee != m_sessionBytes && record.sequence > m_everyoneUntil) {
            continue;
        }
        // Somebody has answered it long ago.
        if (!isForAll && record.sequence <= m_replayedUntil && record.sequence != pendingInput &&
            isInputRequest(record.frame)) {
            continue;
        }
        frames.append(record.frame);
    }
    if (!frames.isEmpty()) {
        emit framesReceived(frames);
    }
}

// It has got everything there was when it was opened.
void JournalStream::tellLive()
{
    const QPointer<JournalStream> guard(this);
    if (m_options.events && !std::exchange(m_isToldLive, true)) {
        emit framesReceived({serverFrame("farcell_live", {{"last", m_replayedUntil}})});
    }
    if (guard) {
        tellQueue();
    }
}

void JournalStream::tellQueue()
{
    if (m_options.events && m_isLive && m_kernel && m_kernel->m_link.queue().is_object() &&
        std::exchange(m_wantsQueue, false)) {
        emit framesReceived({serverFrame("farcell_queue", m_kernel->m_link.queue())});
    }
}

} // namespace farcell
