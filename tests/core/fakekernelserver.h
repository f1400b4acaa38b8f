#pragma once

#include "core/client/kernelconnection.h"
#include "core/client/runtimeclient.h"
#include "core/jupyter/messages.h"
#include "core/jupyter/websocketframes.h"

#include <QObject>
#include <QQueue>
#include <QTcpServer>
#include <QTcpSocket>
#include <QWebSocket>
#include <QWebSocketServer>

#include <memory>

namespace farcell::test {

// A Jupyter server of one kernel, scripted by the test: it answers kernel_info by itself and hands
// every other request to the test, which sends what it wants back. Same thread, no process.
class FakeKernelServer : public QObject
{
public:
    struct Request
    {
        QString type;
        nlohmann::json header, content, metadata;
    };

    explicit FakeKernelServer(bool speaksV1 = true)
        : m_speaksV1(speaksV1)
        , m_web(QStringLiteral("fake"), QWebSocketServer::NonSecureMode)
    {
        if (speaksV1)
            m_web.setSupportedSubprotocols({QStringLiteral("v1.kernel.websocket.jupyter.org")});
        m_tcp.listen(QHostAddress::LocalHost);
        connect(&m_tcp, &QTcpServer::newConnection, this, [this] { accept(); });
        connect(&m_web, &QWebSocketServer::newConnection, this, [this] { open(); });
    }

    [[nodiscard]] Endpoint endpoint() const
    {
        return {QUrl(QStringLiteral("http://127.0.0.1:%1/").arg(m_tcp.serverPort())),
                QStringLiteral("t")};
    }

    // --- what the server is like
    QByteArray kernelState = "idle"; // of GET /api/kernels/…; empty: the kernel is unknown (404)
    bool answersInfo = true;
    bool refusesSockets = false;

    // --- what came
    QQueue<Request> requests;
    int connections = 0;
    [[nodiscard]] bool isConnected() const { return m_socket != nullptr; }

    // --- what is sent
    void send(const char *channel, const char *type, const QByteArray &content,
              const nlohmann::json &parent)
    {
        const std::string header = wire::makeHeader(type, "kernel-session");
        const std::string parentText = parent.dump();
        const std::string contentText = content.toStdString();
        const wire::MessageView view{channel, header, parentText, "{}", contentText, {}};
        sendFrame(view);
    }
    void iopub(const char *type, const QByteArray &content, const Request &parent)
    {
        send("iopub", type, content, parent.header);
    }
    void busy(const Request &to, int count)
    {
        iopub("status", R"({"execution_state": "busy"})", to);
        iopub("execute_input",
              R"({"code": "", "execution_count": )" + QByteArray::number(count) + "}", to);
    }
    void reply(const Request &to, const QByteArray &content)
    {
        send("shell", "execute_reply", content, to.header);
    }
    void replyOk(const Request &to, int count)
    {
        reply(to, R"({"status": "ok", "execution_count": )" + QByteArray::number(count) +
                      R"(, "payload": [], "user_expressions": {}})");
    }
    void idle(const Request &to) { iopub("status", R"({"execution_state": "idle"})", to); }
    void status(const char *state)
    {
        send("iopub", "status", R"({"execution_state": ")" + QByteArray(state) + "\"}",
             nlohmann::json::object());
    }
    void cut()
    {
        if (m_socket != nullptr)
            m_socket->abort();
    }

private:
    void accept()
    {
        while (QTcpSocket *const socket = m_tcp.nextPendingConnection()) {
            connect(socket, &QTcpSocket::readyRead, this, [this, socket] {
                const QByteArray head = socket->peek(65536);
                if (!head.contains("\r\n\r\n"))
                    return;
                socket->disconnect(this);
                if (head.contains("/channels") && !refusesSockets) {
                    m_web.handleConnection(socket);
                    emit socket->readyRead();
                } else {
                    answer(socket, head);
                }
            });
        }
    }
    void answer(QTcpSocket *socket, const QByteArray &head)
    {
        const bool found = head.startsWith("GET /api/kernels/k") && !kernelState.isEmpty() &&
                           !head.contains("/channels");
        const QByteArray body =
            found ? R"({"id": "k", "name": "python3", "execution_state": ")" + kernelState + "\"}"
                  : QByteArray(R"({"message": "Kernel does not exist: k"})");
        socket->write(QByteArray(found ? "HTTP/1.1 200 OK" : "HTTP/1.1 404 Not Found") +
                      "\r\nConnection: close\r\nContent-Length: " +
                      QByteArray::number(body.size()) + "\r\n\r\n" + body);
        socket->disconnectFromHost();
    }
    void open()
    {
        m_socket = m_web.nextPendingConnection();
        ++connections;
        connect(m_socket, &QWebSocket::disconnected, this, [this, socket = m_socket] {
            if (m_socket == socket)
                m_socket = nullptr;
            socket->deleteLater();
        });
        connect(m_socket, &QWebSocket::binaryMessageReceived, this,
                [this](const QByteArray &frame) { receive(frame); });
        connect(m_socket, &QWebSocket::textMessageReceived, this, [this](const QString &text) {
            const auto legacy = wire::decodeLegacyText(text.toStdString());
            receive(QByteArray::fromStdString(legacy->v1));
        });
    }
    void receive(const QByteArray &frame)
    {
        const auto view = wire::decodeV1({frame.constData(), size_t(frame.size())});
        Request request;
        request.header = nlohmann::json::parse(view->header);
        request.type = QString::fromStdString(request.header["msg_type"]);
        request.content = nlohmann::json::parse(view->content);
        request.metadata = nlohmann::json::parse(view->metadata);
        if (request.type != QLatin1String("kernel_info_request")) {
            requests.enqueue(request);
            return;
        }
        if (!answersInfo)
            return;
        iopub("status", R"({"execution_state": "busy"})", request);
        send("shell", "kernel_info_reply", R"({"status": "ok", "banner": "fake",
             "language_info": {"name": "python", "version": "3"}})",
             request.header);
        idle(request);
    }
    void sendFrame(const wire::MessageView &view)
    {
        if (m_socket == nullptr)
            return;
        if (m_speaksV1) {
            m_socket->sendBinaryMessage(QByteArray::fromStdString(wire::encodeV1(view)));
            return;
        }
        m_socket->sendTextMessage(QString::fromStdString(wire::encodeLegacy(view).bytes));
    }

    bool m_speaksV1;
    QTcpServer m_tcp;
    QWebSocketServer m_web;
    QWebSocket *m_socket = nullptr;
};

} // namespace farcell::test
