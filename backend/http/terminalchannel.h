#pragma once

#include "backend/terminals/terminal.h"

#include <QObject>
#include <QPointer>

#include <chrono>
#include <memory>

class QTimer;
class QWebSocket;

namespace farcell::http {

// One client of a terminal: Jupyter's JSON arrays over a WebSocket (jupyter.md 3.7). A client that
// lags holds the shell back for a while; one that does not read at all is disconnected, so that the
// others can go on. Owned by itself: gone when either side ends.
class TerminalChannel : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TerminalChannel)

public:
    TerminalChannel(std::unique_ptr<QWebSocket> socket, Terminal &terminal);
    ~TerminalChannel() override;

    static constexpr qint64 highMark = 1024LL * 1024;
    static constexpr qint64 lowMark = 256LL * 1024;
    static constexpr std::chrono::seconds patience{10};

private:
    void send(const QString &text);
    void receive(const QString &text);
    void progress();

    QWebSocket *m_socket; // child
    QPointer<Terminal> m_terminal;
    QTimer *m_stuck;
    bool m_blocked = false;
};

} // namespace farcell::http
