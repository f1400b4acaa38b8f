#include "tests/support/kernelclient.h"

#include "core/jupyter/messages.h"
#include "core/jupyter/websocketframes.h"

#include <QUuid>

#include <utility>

namespace farcell::test {

using nlohmann::json;

KernelClient::KernelClient(std::unique_ptr<KernelStream> stream, QString session)
    : m_stream(std::move(stream))
    , m_session(std::move(session))
{
    QObject::connect(m_stream.get(), &KernelStream::framesReceived, &m_context,
                     [this](const QList<QByteArray> &frames) {
                         for (const QByteArray &frame : frames) {
                             take(frame);
                         }
                     });
    QObject::connect(m_stream.get(), &KernelStream::closed, &m_context,
                     [this] { m_wasClosed = true; });
}

QString KernelClient::send(const QString &channel, const QString &type, const json &content,
                           const json &metadata, QString id)
{
    id = id.isEmpty() ? QUuid::createUuid().toString(QUuid::WithoutBraces) : id;
    const std::string channelText = channel.toStdString();
    const std::string header =
        wire::makeHeader(type.toStdString(), m_session.toStdString(), id.toStdString());
    const std::string contentText = content.dump();
    const std::string metadataText = metadata.dump();
    m_stream->send(QByteArray::fromStdString(
        wire::encodeV1({channelText, header, "{}", metadataText, contentText, {}})));
    return id;
}

QString KernelClient::execute(const QString &code, bool allowStdin, bool stopOnError)
{
    return send(QStringLiteral("shell"), QStringLiteral("execute_request"),
                {{"code", code.toStdString()},
                 {"silent", false},
                 {"store_history", true},
                 {"user_expressions", json::object()},
                 {"allow_stdin", allowStdin},
                 {"stop_on_error", stopOnError}});
}

void KernelClient::take(const QByteArray &frame)
{
    const auto view = wire::decodeV1({frame.constData(), static_cast<std::size_t>(frame.size())});
    if (!view) {
        qFatal("a frame that cannot be decoded");
    }
    const json parent = json::parse(view->parentHeader);
    Message message;
    message.channel = QString::fromStdString(std::string(view->channel));
    message.header = json::parse(view->header);
    message.type = QString::fromStdString(message.header.value("msg_type", ""));
    message.parentId = QString::fromStdString(parent.value("msg_id", ""));
    message.metadata = json::parse(view->metadata);
    message.content = json::parse(view->content);
    message.sequence = message.metadata.value("farcell_seq", quint64(0));
    for (const std::string_view buffer : view->buffers) {
        message.buffers.emplace_back(buffer.data(), static_cast<qsizetype>(buffer.size()));
    }
    m_messages.push_back(std::move(message));
}

const Message *KernelClient::find(const QString &type, const QString &parentId) const
{
    for (const Message &message : m_messages) {
        if (message.type == type && message.parentId == parentId) {
            return &message;
        }
    }
    return nullptr;
}

bool KernelClient::isIdleAfter(const QString &parentId) const
{
    for (const Message &message : m_messages) {
        if (message.type == QStringLiteral("status") && message.parentId == parentId &&
            message.content.value("execution_state", "") == "idle") {
            return true;
        }
    }
    return false;
}

bool KernelClient::isDone(const QString &parentId) const
{
    return find(QStringLiteral("execute_reply"), parentId) != nullptr && isIdleAfter(parentId);
}

QString KernelClient::text(const QString &parentId) const
{
    QString text;
    for (const Message &message : m_messages) {
        if (message.type == QStringLiteral("stream") && message.parentId == parentId) {
            text += QString::fromStdString(message.content.value("text", ""));
        }
    }
    return text;
}

bool KernelClient::isSequenceRising() const
{
    quint64 last = 0;
    for (const Message &message : m_messages) {
        if (message.sequence <= last) {
            return false;
        }
        last = message.sequence;
    }
    return true;
}

} // namespace farcell::test
