#include "tests/bench/bridgeclient.h"

#include "core/jupyter/jsonscan.h"
#include "core/jupyter/messages.h"
#include "core/jupyter/zmqframes.h"

#include <QFile>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <zmq.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace farcell::bench {

namespace {

constexpr int patienceMs = 60000; // without any message

// A WebSocket client that does as little as a ZeroMQ one: one buffer, no copy of a message that
// came in one frame.
class WebSocketPath : public KernelPath
{
public:
    WebSocketPath() = default;
    ~WebSocketPath() override
    {
        if (m_socket >= 0) {
            close(m_socket);
        }
    }
    Q_DISABLE_COPY_MOVE(WebSocketPath)

    bool open(const QUrl &url, const QString &token, const QString &kernel, const QString &session)
    {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(url.port()));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        m_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(m_socket, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
            return false;
        }
        const int on = 1;
        setsockopt(m_socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const std::string request =
            "GET /api/kernels/" + kernel.toStdString() +
            "/channels?session_id=" + session.toStdString() +
            " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(url.port()) +
            "\r\nAuthorization: token " + token.toStdString() +
            "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org\r\n\r\n";
        if (!sendAll(request)) {
            return false;
        }
        std::size_t end = std::string::npos;
        while (end == std::string::npos && readMore(1)) {
            end = held().find("\r\n\r\n");
        }
        const bool isOpen =
            end != std::string::npos && held().rfind("HTTP/1.1 101", 0) == 0 &&
            held().substr(0, end).find("v1.kernel.websocket.jupyter.org") != std::string::npos;
        m_begin += end + 4;
        return isOpen;
    }

    void send(const wire::MessageView &message) override
    {
        sendFrame(binaryFrame, wire::encodeV1(message));
    }

    bool run(const bool &done) override
    {
        while (!done) {
            if (!takeFrame()) {
                return false;
            }
        }
        return true;
    }

private:
    static constexpr unsigned char continuation = 0, binaryFrame = 2, closing = 8, ping = 9,
                                   pong = 10;

    [[nodiscard]] std::string_view held() const
    {
        return {m_buffer.data() + m_begin, m_end - m_begin};
    }

    bool sendAll(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return false;
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    bool sendFrame(unsigned char kind, std::string_view payload) const
    {
        std::string out;
        out.push_back(static_cast<char>(0x80U | kind));
        const std::size_t size = payload.size();
        const std::size_t sizeBytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
        out.push_back(static_cast<char>(0x80U | (sizeBytes == 0   ? size
                                                 : sizeBytes == 2 ? 126U
                                                                  : 127U)));
        for (std::size_t i = sizeBytes; i > 0; --i) {
            out.push_back(static_cast<char>((size >> (8 * (i - 1))) & 0xffU));
        }
        out.append(4, '\0'); // a mask that changes nothing
        out.append(payload);
        return sendAll(out);
    }

    // Until `bytes` bytes are held.
    bool readMore(std::size_t bytes)
    {
        constexpr std::size_t readBytes = 256UL * 1024;
        if (m_begin > 0 && m_begin + bytes > m_buffer.size()) {
            std::memmove(m_buffer.data(), m_buffer.data() + m_begin, m_end - m_begin);
            m_end -= m_begin;
            m_begin = 0;
        }
        if (m_begin == m_end) {
            m_begin = m_end = 0;
        }
        m_buffer.resize(std::max({m_buffer.size(), m_begin + bytes, readBytes}));
        const std::size_t wanted = std::max(m_begin + bytes, m_end + 1);
        while (m_end < wanted) {
            if (m_end == m_buffer.size()) {
                m_buffer.resize(m_end * 2);
            }
            pollfd item = {m_socket, POLLIN, 0};
            if (poll(&item, 1, patienceMs) != 1) {
                return false;
            }
            const ssize_t got = recv(m_socket, m_buffer.data() + m_end, m_buffer.size() - m_end, 0);
            if (got <= 0) {
                return false;
            }
            m_end += static_cast<std::size_t>(got);
        }
        return true;
    }

    bool hold(std::size_t bytes) { return held().size() >= bytes || readMore(bytes); }
    [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t size) const
    {
        std::uint64_t value = 0;
        for (const char byte : held().substr(at, size)) {
            value = (value << 8U) | static_cast<unsigned char>(byte);
        }
        return value;
    }

    bool takeFrame()
    {
        if (!hold(2)) {
            return false;
        }
        const auto first = static_cast<unsigned char>(held()[0]);
        std::uint64_t length = static_cast<unsigned char>(held()[1]);
        const std::size_t sizeBytes = length == 127 ? 8 : length == 126 ? 2 : 0;
        if (!hold(2 + sizeBytes)) {
            return false;
        }
        length = sizeBytes > 0 ? number(2, sizeBytes) : length;
        const std::size_t head = 2 + sizeBytes;
        if (!hold(head + length)) {
            return false;
        }
        const std::string_view payload = held().substr(head, length);
        const unsigned kind = first & 0x0fU;
        const bool isLast = (first & 0x80U) != 0;
        if (kind == closing) {
            return false;
        }
        if (kind == ping) {
            sendFrame(pong, payload);
        } else if (kind == binaryFrame && isLast) {
            take(payload);
        } else if (kind == binaryFrame || kind == continuation) {
            m_parts.append(payload);
            if (isLast) {
                take(m_parts);
                m_parts.clear();
            }
        }
        m_begin += head + length;
        return true;
    }

    void take(std::string_view frame)
    {
        if (const auto message = wire::decodeV1(frame)) {
            handle(*message);
        }
    }

    int m_socket = -1;
    std::vector<char> m_buffer;
    std::size_t m_begin = 0, m_end = 0; // of what is held
    std::string m_parts;                // of a message in several frames
};

class DirectPath : public KernelPath
{
public:
    explicit DirectPath(const nlohmann::json &connection)
        : m_shell(m_context, zmq::socket_type::dealer)
        , m_iopub(m_context, zmq::socket_type::sub)
        , m_signer(connection.at("key").get<std::string>())
    {
        const auto transport = connection.at("transport").get<std::string>();
        const auto connectTo = [&](zmq::socket_t &socket, const char *port) {
            socket.set(zmq::sockopt::linger, 0);
            socket.set(zmq::sockopt::rcvhwm, 0);
            socket.connect(transport + "://" + connection.at("ip").get<std::string>() +
                           (transport == "ipc" ? "-" : ":") +
                           std::to_string(connection.at(port).get<int>()));
        };
        m_iopub.set(zmq::sockopt::subscribe, "");
        connectTo(m_shell, "shell_port");
        connectTo(m_iopub, "iopub_port");
    }

    // Until a broadcast arrives: a subscription takes a moment.
    bool proveSubscription()
    {
        bool isProven = false;
        setHandler([&](const wire::MessageView &message) {
            isProven = isProven || message.channel == "iopub";
        });
        for (int tries = 0; tries < 200 && !isProven; ++tries) {
            const std::string header = wire::makeHeader("kernel_info_request", "bench");
            send({"shell", header, "{}", "{}", "{}", {}});
            std::vector<zmq::pollitem_t> items = {{m_iopub.handle(), 0, ZMQ_POLLIN, 0}};
            zmq::poll(items, std::chrono::milliseconds(100));
            take(m_iopub, "iopub");
            take(m_shell, "shell");
        }
        return isProven;
    }

    void send(const wire::MessageView &message) override
    {
        const std::array<std::string_view, 4> parts = {message.header, message.parentHeader,
                                                       message.metadata, message.content};
        const std::string signature = m_signer.sign(parts);
        m_shell.send(zmq::buffer(wire::zmqDelimiter), zmq::send_flags::sndmore);
        m_shell.send(zmq::buffer(signature), zmq::send_flags::sndmore);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            m_shell.send(zmq::buffer(parts.at(i)),
                         i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }

    bool run(const bool &done) override
    {
        while (!done) {
            std::vector<zmq::pollitem_t> items = {{m_iopub.handle(), 0, ZMQ_POLLIN, 0},
                                                  {m_shell.handle(), 0, ZMQ_POLLIN, 0}};
            if (zmq::poll(items, std::chrono::milliseconds(patienceMs)) == 0) {
                return false;
            }
            take(m_iopub, "iopub");
            take(m_shell, "shell");
        }
        return true;
    }

private:
    void take(zmq::socket_t &socket, std::string_view channel)
    {
        for (int count = 0; count < 1000; ++count) {
            std::vector<zmq::message_t> frames;
            do {
                zmq::message_t frame;
                if (!socket.recv(frame, zmq::recv_flags::dontwait)) {
                    return;
                }
                frames.push_back(std::move(frame));
            } while (frames.back().more());
            std::vector<std::string_view> views;
            views.reserve(frames.size());
            for (const zmq::message_t &frame : frames) {
                views.push_back(frame.to_string_view());
            }
            if (const auto message = wire::parseZmq(views, m_signer, m_guard)) {
                handle({channel,
                        message->header,
                        message->parentHeader,
                        message->metadata,
                        message->content,
                        {message->buffers.begin(), message->buffers.end()}});
            }
        }
    }

    zmq::context_t m_context;
    zmq::socket_t m_shell, m_iopub;
    wire::MessageSigner m_signer;
    wire::ReplayGuard m_guard;
};

} // namespace

std::unique_ptr<KernelPath> openWebSocket(const QUrl &url, const QString &token,
                                          const QString &kernel, const QString &session)
{
    auto path = std::make_unique<WebSocketPath>();
    return path->open(url, token, kernel, session) ? std::move(path) : nullptr;
}

std::unique_ptr<KernelPath> openDirect(const QString &connectionFile)
{
    QFile file(connectionFile);
    if (!file.open(QIODevice::ReadOnly)) {
        return nullptr;
    }
    const auto json = nlohmann::json::parse(file.readAll().toStdString(), nullptr, false);
    if (!json.is_object()) {
        return nullptr;
    }
    auto path = std::make_unique<DirectPath>(json);
    return path->proveSubscription() ? std::move(path) : nullptr;
}

} // namespace farcell::bench
