#include "backend/http/httpconnection.h"

#include "backend/http/backlog.h"

#include <QFutureWatcher>
#include <QHostAddress>
#include <QSslSocket>
#include <QTcpSocket>
#include <QTimer>

#include <sys/socket.h>

namespace farcell::http {

namespace {

constexpr qint64 readBuffer = 256L * 1024; // must hold a whole head
constexpr qint64 writeHighMark = 1024L * 1024;
constexpr qint64 filePiece = 256L * 1024;
constexpr qint64 maxLinger = 4L * 1024 * 1024;
constexpr std::chrono::seconds lingerTime{2};
constexpr int maxUpgradeFields = 100;      // Qt's handshake parser takes no more,
constexpr qsizetype maxUpgradeLine = 8000; // and no longer lines

bool isUpgrade(const HttpRequest &request)
{
    return request.headers.hasToken("Connection", "upgrade") &&
           request.headers.hasToken("Upgrade", "websocket");
}

} // namespace

HttpConnection::HttpConnection(QTcpSocket *socket, HttpServer &server, bool isLocal)
    : m_socket(socket)
    , m_server(server)
    , m_peer(isLocal ? QStringLiteral("local") : socket->peerAddress().toString())
    , m_parser(std::make_unique<HttpParser>())
{
    socket->setParent(this);
    socket->setReadBufferSize(readBuffer);
    connect(socket, &QTcpSocket::readyRead, this, &HttpConnection::readMore);
    connect(socket, &QTcpSocket::disconnected, this, &QObject::deleteLater);
    connect(socket, &QTcpSocket::bytesWritten, this, &HttpConnection::handleWritten);
    if (const auto *ssl = qobject_cast<QSslSocket *>(socket))
        connect(ssl, &QSslSocket::encryptedBytesWritten, this, &HttpConnection::handleWritten);
    enter(Phase::Head);
}

void HttpConnection::handleWritten()
{
    m_progress = Clock::now();
    if (m_phase == Phase::Respond)
        m_file ? writeFile() : finishResponse();
}

HttpConnection::~HttpConnection()
{
    m_server.forget(this);
}

void HttpConnection::enter(Phase phase)
{
    m_phase = phase;
    m_since = m_progress = Clock::now();
}

void HttpConnection::abort()
{
    m_server.forget(this);
    m_socket->abort();
    deleteLater();
}

void HttpConnection::checkTime(Clock::time_point now)
{
    const HttpServer::Limits &limits = m_server.m_limits;
    switch (m_phase) {
    case Phase::Head:
        if (m_started && now - m_since > limits.head)
            respond(errorResponse(408, tr("The request did not come in time")));
        else if (!m_started && now - m_since > limits.idle)
            abort();
        break;
    case Phase::Body:
        if (now - m_progress > limits.stall) {
            m_closeAfter = true;
            respond(errorResponse(408, tr("The request's body did not come in time")));
        }
        break;
    case Phase::Handle:
        break; // the handler answers in its own time
    case Phase::Respond:
        if (now - m_progress > limits.stall)
            abort();
        break;
    case Phase::Linger:
        if (now - m_since > lingerTime)
            abort();
        break;
    }
}

void HttpConnection::readMore()
{
    switch (m_phase) {
    case Phase::Head:
        readHead();
        break;
    case Phase::Body:
        readBody();
        break;
    case Phase::Linger:
        m_lingered += m_socket->skip(m_socket->bytesAvailable());
        if (m_lingered > maxLinger)
            abort();
        break;
    case Phase::Handle:
    case Phase::Respond:
        break; // stays in the socket
    }
}

void HttpConnection::readHead()
{
    QByteArray bytes = m_socket->peek(readBuffer);
    qsizetype blank = 0; // some clients send an empty line after a body (RFC 9112, 2.2)
    while (blank < bytes.size() && (bytes[blank] == '\r' || bytes[blank] == '\n'))
        ++blank;
    m_socket->skip(blank);
    bytes.remove(0, blank);
    if (bytes.isEmpty())
        return;
    if (!m_started) {
        m_started = true;
        enter(Phase::Head); // the clock of the head runs from here
    }
    const bool textual = bytes.front() > ' ';
    const qsizetype used = m_parser->feed(bytes);
    if (m_parser->state() == HttpParser::State::Failed || !textual) {
        m_closeAfter = true;
        respond(textual ? errorResponse(m_parser->errorStatus(), m_parser->errorText())
                        : errorResponse(400, tr("This is not HTTP")));
        return;
    }
    if (m_parser->state() != HttpParser::State::Head)
        decide(used);
}

void HttpConnection::decide(qsizetype headSize)
{
    HttpRequest &request = m_parser->request();
    request.peer = m_peer;
    m_headOnly = request.method == "HEAD";
    m_closeAfter = !request.keepAlive;
    m_admission = m_server.m_admitter.admit(request);

    if (!m_admission.refusal && m_admission.socket) {
        HttpResponse refusal;
        if (!refusedUpgrade(request, headSize, refusal)) {
            takeOver(headSize, *m_admission.socket);
            return;
        }
        m_admission.refusal = std::move(refusal);
    }
    m_socket->skip(headSize);
    if (!m_admission.refusal && request.hasBody()) {
        m_parser->setBodyLimit(m_admission.bodyLimit);
        if (m_parser->state() == HttpParser::State::Failed)
            m_admission.refusal = errorResponse(m_parser->errorStatus(), m_parser->errorText());
    }
    if (m_admission.refusal) {
        m_closeAfter = m_closeAfter || request.hasBody(); // the body stays unread
        respondLater(std::move(*m_admission.refusal), m_admission.delay);
        return;
    }
    if (m_parser->state() == HttpParser::State::Done) {
        handle();
        return;
    }
    enter(Phase::Body);
    if (request.headers.hasToken("Expect", "100-continue"))
        m_socket->write("HTTP/1.1 100 Continue\r\n\r\n");
    readBody();
}

bool HttpConnection::refusedUpgrade(const HttpRequest &request, qsizetype headSize,
                                    HttpResponse &refusal) const
{
    const HttpHeaders &headers = request.headers;
    if (!isUpgrade(request) || request.method != "GET" || request.minorVersion == 0) {
        refusal = errorResponse(400, tr("This address can only be upgraded to a WebSocket"));
        return true;
    }
    if (headers.value("Sec-WebSocket-Version").trimmed() != "13") {
        refusal =
            errorResponse(426, tr("Only version 13 of the WebSocket protocol is spoken here"));
        refusal.headers.add("Sec-WebSocket-Version", "13");
        return true;
    }
    const auto key = QByteArray::fromBase64Encoding(headers.value("Sec-WebSocket-Key").trimmed(),
                                                    QByteArray::AbortOnBase64DecodingErrors);
    // A client must wait for our answer; Qt would lose what it sends before (RFC 6455, 4.1).
    const bool waits = m_socket->bytesAvailable() <= headSize && !request.hasBody();
    if (!key || key.decoded.size() != 16 || headers.count("Sec-WebSocket-Key") != 1 || !waits) {
        refusal = errorResponse(400, tr("The WebSocket handshake is malformed"));
        return true;
    }
    bool tooLong =
        request.target.size() > maxUpgradeLine || headers.all().size() > maxUpgradeFields;
    for (const auto &[name, value] : headers.all())
        tooLong = tooLong || name.size() + value.size() > maxUpgradeLine;
    if (tooLong)
        refusal = errorResponse(431, tr("The request's head is too large"));
    return tooLong;
}

void HttpConnection::takeOver(qsizetype headSize, const SocketRoute &route)
{
    m_socket->disconnect(this);
    m_socket->setParent(nullptr);
    QTcpSocket *socket = m_socket;
    m_server.forget(this);
    deleteLater();
    m_server.upgrade(socket, headSize, route, m_parser->request());
}

void HttpConnection::readBody()
{
    while (m_socket->bytesAvailable() > 0 && m_parser->state() == HttpParser::State::Body) {
        const QByteArray bytes = m_socket->peek(readBuffer);
        const qsizetype used = m_parser->feed(bytes);
        if (used == 0)
            break; // part of a chunk's head: wait for more
        m_socket->skip(used);
        m_progress = Clock::now();
    }
    if (m_parser->state() == HttpParser::State::Failed) {
        m_closeAfter = true;
        respond(errorResponse(m_parser->errorStatus(), m_parser->errorText()));
    } else if (m_parser->state() == HttpParser::State::Done) {
        handle();
    }
}

void HttpConnection::handle()
{
    enter(Phase::Handle);
    const QFuture<HttpResponse> answer = m_admission.handler(m_parser->request());
    if (answer.isFinished() && answer.resultCount() > 0) {
        respond(answer.result());
        return;
    }
    auto *watcher = new QFutureWatcher<HttpResponse>(this);
    connect(watcher, &QFutureWatcherBase::finished, this, [this, watcher] {
        watcher->deleteLater();
        const QFuture<HttpResponse> finished = watcher->future();
        respond(finished.resultCount() > 0 ? finished.result()
                                           : errorResponse(500, tr("The request was given up")));
    });
    watcher->setFuture(answer);
}

void HttpConnection::respondLater(HttpResponse response, std::chrono::milliseconds delay)
{
    enter(Phase::Handle);
    if (delay.count() == 0) {
        respond(std::move(response));
        return;
    }
    QTimer::singleShot(delay, this, [this, response = std::move(response)]() mutable {
        respond(std::move(response));
    });
}

void HttpConnection::respond(HttpResponse response)
{
    if (m_phase == Phase::Head) // refused before a whole head was there
        m_closeAfter = true;
    m_closeAfter = m_closeAfter || response.close;
    enter(Phase::Respond);
    response.headers.append(m_admission.extraHeaders);
    const bool hasType = response.headers.contains("Content-Type");
    if (hasType && !response.headers.contains("X-Content-Type-Options"))
        response.headers.add("X-Content-Type-Options", "nosniff");
    if (!response.headers.contains("Content-Security-Policy"))
        response.headers.add("Content-Security-Policy",
                             "frame-ancestors 'self'; default-src 'none'");

    m_file = std::move(response.file);
    m_fileLeft = m_file ? m_file->size() - m_file->pos() : 0;
    const qint64 size = m_file ? m_fileLeft : response.body.size();
    m_socket->write(encodeHead(response, size, !m_closeAfter));
    if (m_headOnly)
        m_file.reset();
    else if (!m_file && !response.body.isEmpty())
        m_socket->write(response.body);
    if (m_file)
        writeFile();
}

void HttpConnection::writeFile()
{
    while (m_fileLeft > 0 && unsentBytes(m_socket) < writeHighMark) {
        const QByteArray piece = m_file->read(std::min(filePiece, m_fileLeft));
        if (piece.isEmpty()) { // shrank meanwhile: the promised length cannot be kept
            abort();
            return;
        }
        m_fileLeft -= piece.size();
        m_socket->write(piece);
    }
    if (m_fileLeft == 0) {
        m_file.reset();
        finishResponse();
    }
}

void HttpConnection::finishResponse()
{
    if (unsentBytes(m_socket) > 0)
        return;
    if (m_closeAfter) {
        startLinger();
        return;
    }
    m_parser = std::make_unique<HttpParser>();
    m_admission = {};
    m_headOnly = false;
    m_started = false;
    enter(Phase::Head);
    if (m_socket->bytesAvailable() > 0) // the next one is already here
        QMetaObject::invokeMethod(this, &HttpConnection::readMore, Qt::QueuedConnection);
}

// Closing at once while the client still sends would reset the connection, and with it the answer
// that the client has not read yet.
void HttpConnection::startLinger()
{
    enter(Phase::Linger);
    if (m_parser->state() == HttpParser::State::Done && m_socket->bytesAvailable() == 0) {
        m_socket->disconnectFromHost();
        return;
    }
    if (m_socket->socketDescriptor() >= 0)
        ::shutdown(int(m_socket->socketDescriptor()), SHUT_WR);
    readMore();
}

} // namespace farcell::http
