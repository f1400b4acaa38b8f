#pragma once

#include "backend/http/httpparser.h"
#include "backend/http/httpserver.h"

#include <QObject>

#include <chrono>
#include <memory>

class QTcpSocket;

namespace farcell::http {

// One client speaking HTTP: reads a request, lets the Admitter decide, reads the body, answers,
// begins anew. One request at a time; pipelined ones wait unread in the socket, so that nothing
// here grows. Owned by itself: gone when its socket is, or when a WebSocket takes the socket over.
class HttpConnection : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(HttpConnection)

public:
    using Clock = std::chrono::steady_clock;

    HttpConnection(QTcpSocket *socket, HttpServer &server, bool isLocal);
    ~HttpConnection() override;

    // No request in progress that has been let in.
    [[nodiscard]] bool isWaiting() const
    {
        return m_phase == Phase::Head || m_phase == Phase::Linger;
    }
    [[nodiscard]] Clock::time_point waitingSince() const { return m_since; }
    void checkTime(Clock::time_point now);
    void abort();

private:
    enum class Phase
    {
        Head,    // waiting for a request, or for the rest of its head
        Body,    // let in; reading the body
        Handle,  // the handler works
        Respond, // writing the answer
        Linger   // answered and closed for writing; the client may still be sending
    };

    void readMore();
    void readHead();
    void readBody();
    void decide(qsizetype headSize);
    bool refusedUpgrade(const HttpRequest &request, qsizetype headSize,
                        HttpResponse &refusal) const;
    void takeOver(qsizetype headSize, const SocketRoute &route);
    void handle();
    void respond(HttpResponse response);
    void respondLater(HttpResponse response, std::chrono::milliseconds delay);
    void handleWritten();
    void writeFile();
    void finishResponse();
    void startLinger();
    void enter(Phase phase);

    QTcpSocket *m_socket;
    HttpServer &m_server;
    QString m_peer;
    Phase m_phase = Phase::Head;
    Clock::time_point m_since; // of the phase; in Head of the first byte, once there is one
    Clock::time_point m_progress;
    bool m_started = false; // some bytes of a head are there
    std::unique_ptr<HttpParser> m_parser;
    Admission m_admission;
    bool m_closeAfter = false;
    bool m_headOnly = false;
    std::shared_ptr<QFile> m_file; // being sent
    qint64 m_fileLeft = 0;
    qint64 m_lingered = 0;
};

} // namespace farcell::http
