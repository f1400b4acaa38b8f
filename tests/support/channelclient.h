#pragma once

#include "core/jupyter/websocketframes.h"

#include <QTest>
#include <QUuid>
#include <QWebSocket>
#include <QWebSocketHandshakeOptions>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace farcell::test {

struct ChannelMessage
{
    std::string channel, type, parent;
    nlohmann::json metadata;
    quint64 sequence = 0; // farcell_seq
    nlohmann::json
        content; // null when it is large: parsing would make the client the slowest of all
    size_t size = 0;
    std::vector<std::string> buffers;
};

inline nlohmann::json parse(std::string_view text)
{
    return nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
}

inline ChannelMessage take(const wire::MessageView &view)
{
    constexpr size_t large = 50000;
    ChannelMessage message;
    message.channel = view.channel;
    message.type = parse(view.header)["msg_type"].get<std::string>();
    message.parent = parse(view.parentHeader).value("msg_id", std::string());
    message.metadata = parse(view.metadata);
    message.sequence = message.metadata.value("farcell_seq", quint64(0));
    message.size = view.content.size();
    if (message.size < large)
        message.content = parse(view.content);
    for (const std::string_view buffer : view.buffers)
        message.buffers.emplace_back(buffer);
    return message;
}

inline std::string bytesOf(const QByteArray &bytes)
{
    return bytes.toStdString();
}

// A client of one kernel, in either framing.
class ChannelClient
{
public:
    ChannelClient(quint16 port, const QByteArray &kernel, bool isV1,
                  const QString &session = QUuid::createUuid().toString(QUuid::WithoutBraces),
                  const QString &query = {}) // "&since=0"
        : m_isV1(isV1)
        , m_session(session.toStdString())
    {
        QObject::connect(&m_socket, &QWebSocket::binaryMessageReceived, &m_socket,
                         [this](const QByteArray &bytes) { receive(bytes); });
        QObject::connect(&m_socket, &QWebSocket::textMessageReceived, &m_socket,
                         [this](const QString &text) {
                             texts.push_back(text.toStdString());
                             const auto frame = wire::decodeLegacyText(texts.back());
                             if (frame)
                                 messages.push_back(take(*wire::decodeV1(frame->v1)));
                         });
        QNetworkRequest request(
            QUrl(QStringLiteral("ws://127.0.0.1:%1/api/kernels/%2/channels?session_id=%3%4")
                     .arg(port)
                     .arg(QString::fromLatin1(kernel), session, query)));
        request.setRawHeader("Authorization", "token test-token");
        QWebSocketHandshakeOptions options;
        if (isV1)
            options.setSubprotocols({QStringLiteral("v1.kernel.websocket.jupyter.org")});
        m_socket.open(request, options);
        (void)QTest::qWaitFor([this] { return isOpen(); }, 20000);
    }

    [[nodiscard]] bool isOpen() const
    {
        return m_socket.state() == QAbstractSocket::ConnectedState;
    }

    std::string send(const char *type, const nlohmann::json &content,
                     const std::vector<std::string_view> &buffers = {})
    {
        std::string id = QUuid::createUuid().toString(QUuid::WithoutBraces).toStdString();
        const std::string header =
            nlohmann::json{{"msg_id", id},    {"msg_type", type}, {"session", m_session},
                           {"username", "t"}, {"version", "5.3"}, {"date", ""}}
                .dump();
        const std::string body = content.dump();
        const wire::MessageView view{"shell", header, "{}", "{}", body, buffers};
        if (m_isV1) {
            m_socket.sendBinaryMessage(QByteArray::fromStdString(wire::encodeV1(view)));
            return id;
        }
        const wire::LegacyFrame frame = wire::encodeLegacy(view);
        if (frame.isBinary)
            m_socket.sendBinaryMessage(QByteArray::fromStdString(frame.bytes));
        else
            m_socket.sendTextMessage(QString::fromStdString(frame.bytes));
        return id;
    }
    std::string execute(const std::string &code)
    {
        return send("execute_request", {{"code", code},
                                        {"silent", false},
                                        {"store_history", true},
                                        {"user_expressions", nlohmann::json::object()},
                                        {"allow_stdin", false},
                                        {"stop_on_error", true}});
    }

    [[nodiscard]] const ChannelMessage *find(const std::string &type,
                                             const std::string &parent = {}) const
    {
        for (const ChannelMessage &message : messages) {
            if (message.type == type && (parent.empty() || message.parent == parent))
                return &message;
        }
        return nullptr;
    }
    // Numbers rise; messages without one stand anywhere.
    [[nodiscard]] bool isSequenceRising() const
    {
        quint64 last = 0;
        for (const ChannelMessage &message : messages) {
            if (message.sequence != 0 && message.sequence <= last)
                return false;
            last = std::max(last, message.sequence);
        }
        return true;
    }
    [[nodiscard]] bool isDone(const std::string &id) const
    {
        bool idle = false;
        for (const ChannelMessage &message : messages)
            idle = idle || (message.type == "status" && message.parent == id &&
                            message.content["execution_state"] == "idle");
        return idle && find("execute_reply", id);
    }
    // Of the streams with short texts.
    [[nodiscard]] std::string text(const std::string &parent) const
    {
        std::string text;
        for (const ChannelMessage &message : messages) {
            if (message.type == "stream" && message.parent == parent && message.content.is_object())
                text += message.content["text"].get<std::string>();
        }
        return text;
    }

    std::vector<ChannelMessage> messages;
    std::vector<std::string> texts; // legacy text frames as they came
    QWebSocket &socket() { return m_socket; }

private:
    void receive(const QByteArray &bytes)
    {
        if (m_isV1) {
            const std::string frame = bytesOf(bytes);
            if (const auto view = wire::decodeV1(frame))
                messages.push_back(take(*view));
            return;
        }
        if (const auto frame = wire::decodeLegacyBinary(bytesOf(bytes)))
            messages.push_back(take(*wire::decodeV1(frame->v1)));
    }

    QWebSocket m_socket;
    bool m_isV1;
    std::string m_session;
};

} // namespace farcell::test
