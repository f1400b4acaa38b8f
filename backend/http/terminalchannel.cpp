#include "backend/http/terminalchannel.h"

#include "backend/http/backlog.h"
#include "backend/http/jsonfields.h"

#include <nlohmann/json.hpp>

#include <QTimer>
#include <QWebSocket>

#include <utility>

namespace farcell::http {

namespace {

using nlohmann::json;

constexpr qsizetype maxSetSize = 200; // bytes of anything that is not typed text

QString encode(const char *kind, const QString &text)
{
    const json message = json::array({kind, text.toStdString()});
    return QString::fromStdString(message.dump(-1, ' ', false, json::error_handler_t::replace));
}

int wholeNumber(const json &value)
{
    return value.is_number() ? int(qBound(0.0, value.get<double>(), 1e6)) : 0;
}

} // namespace

TerminalChannel::TerminalChannel(std::unique_ptr<QWebSocket> socket, Terminal &terminal)
    : m_socket(socket.release())
    , m_terminal(&terminal)
    , m_stuck(new QTimer(this))
{
    m_socket->setParent(this);
    m_stuck->setSingleShot(true);
    connect(m_stuck, &QTimer::timeout, m_socket, [this] { m_socket->abort(); });
    connect(m_socket, &QWebSocket::textMessageReceived, this, &TerminalChannel::receive);
    connect(m_socket, &QWebSocket::bytesWritten, this, &TerminalChannel::progress);
    connect(m_socket, &QWebSocket::disconnected, this, &QObject::deleteLater);
    connect(&terminal, &Terminal::outputReceived, this, &TerminalChannel::send);
    connect(&terminal, &Terminal::ended, this, [this] {
        m_socket->sendTextMessage(QStringLiteral("[\"disconnect\", 1]"));
        m_socket->close();
    });

    m_socket->sendTextMessage(QStringLiteral("[\"setup\", {}]"));
    if (const QString shown = terminal.replay(); !shown.isEmpty())
        send(shown);
}

TerminalChannel::~TerminalChannel()
{
    if (m_terminal)
        m_terminal->removeReader(this);
}

void TerminalChannel::send(const QString &text)
{
    m_socket->sendTextMessage(encode("stdout", text));
    if (!m_blocked && m_terminal && unsentBytes(m_socket) > highMark) {
        m_blocked = true;
        m_terminal->setReaderBlocked(this, true);
        m_stuck->start(patience);
    }
}

void TerminalChannel::progress()
{
    if (!m_blocked)
        return;
    m_stuck->start(patience);
    if (unsentBytes(m_socket) > lowMark)
        return;
    m_stuck->stop();
    m_blocked = false;
    if (m_terminal)
        m_terminal->setReaderBlocked(this, false);
}

void TerminalChannel::receive(const QString &text)
{
    const std::string utf8 = text.toStdString();
    const json message = json::parse(utf8, nullptr, false);
    if (!m_terminal || !message.is_array() || message.size() < 2 || !message[0].is_string())
        return; // Jupyter ignores it too
    const auto &kind = message[0].get_ref<const std::string &>();
    if (kind == "stdin" && message[1].is_string()) {
        m_terminal->write(QByteArray::fromStdString(message[1].get_ref<const std::string &>()));
    } else if (kind == "set_size" && message.size() >= 3 && text.size() < maxSetSize) {
        m_terminal->setReaderSize(this, {wholeNumber(message[1]), wholeNumber(message[2])});
    }
}

} // namespace farcell::http
