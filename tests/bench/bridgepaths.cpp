#include "tests/bench/bridgeclient.h"

#include "core/jupyter/jsonscan.h"
#include "core/jupyter/messages.h"
#include "core/jupyter/zmqframes.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QNetworkRequest>
#include <QTimer>
#include <QWebSocket>
#include <QWebSocketHandshakeOptions>

#include <array>

#include <nlohmann/json.hpp>
#include <zmq.hpp>

namespace farcell::bench {

namespace {

constexpr int patienceMs = 60000; // without any message

class WebSocketPath : public KernelPath
{
public:
    bool open(QUrl url, const QString &token, const QString &kernel, const QString &session)
    {
        url.setScheme(QStringLiteral("ws"));
        url.setPath(QStringLiteral("/api/kernels/%1/channels").arg(kernel));
        url.setQuery(QStringLiteral("session_id=") + session);
        QNetworkRequest request(url);
        request.setRawHeader("Authorization", "token " + token.toUtf8());
        QWebSocketHandshakeOptions options;
        options.setSubprotocols({QStringLiteral("v1.kernel.websocket.jupyter.org")});
        QObject::connect(&m_socket, &QWebSocket::binaryMessageReceived, &m_socket,
                         [this](const QByteArray &frame) {
                             m_quiet.restart();
                             const auto message = wire::decodeV1(
                                 {frame.constData(), static_cast<std::size_t>(frame.size())});
                             if (message) {
                                 handle(*message);
                             }
                         });
        m_quiet.start();
        m_socket.open(request, options);
        while (m_socket.state() != QAbstractSocket::ConnectedState &&
               m_quiet.elapsed() < patienceMs) {
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 100);
        }
        return m_socket.state() == QAbstractSocket::ConnectedState &&
               !m_socket.subprotocol().isEmpty();
    }

    void send(const wire::MessageView &message) override
    {
        m_socket.sendBinaryMessage(QByteArray::fromStdString(wire::encodeV1(message)));
        m_socket.flush();
    }

    bool run(const bool &done) override
    {
        QTimer wake; // so that the wait below ends now and then
        wake.start(1000);
        m_quiet.restart();
        while (!done && m_quiet.elapsed() < patienceMs &&
               m_socket.state() == QAbstractSocket::ConnectedState) {
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        }
        return done;
    }

private:
    QWebSocket m_socket;
    QElapsedTimer m_quiet;
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
