#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QDateTime>
#include <QHash>
#include <QObject>
#include <QString>
#include <QStringDecoder>

#include <deque>
#include <memory>

#include <sys/types.h>

class QSocketNotifier;
class QTimer;

namespace farcell {

struct TerminalSize
{
    int rows = 0;
    int columns = 0;
};

// A shell on a pseudo-terminal, with the last of its output kept for whoever attaches later.
// Lives on the server's thread; reads as much as its readers can take and no more.
// Owned by TerminalService. Not here: WebSockets, Jupyter's framing.
class Terminal : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Terminal)

public:
    static Result<std::unique_ptr<Terminal>> start(const QString &name, const QString &directory);
    ~Terminal() override; // hangs up

    [[nodiscard]] const QString &name() const { return m_name; }
    [[nodiscard]] QDateTime lastActivity() const { return m_lastActivity; }
    // What was shown lately: at most `maxReplayChunks` reads and `maxReplayBytes`.
    [[nodiscard]] QString replay() const;

    void write(const QByteArray &input);
    // The terminal is as large as its smallest reader.
    void setReaderSize(const void *reader, TerminalSize size);
    void removeReader(const void *reader);
    // While any reader is blocked nothing is read, so that the shell waits instead of our memory.
    void setReaderBlocked(const void *reader, bool blocked);
    // Asks the shell to go (SIGHUP), and makes it after a while (SIGKILL).
    void hangUp();

    static constexpr size_t maxReplayChunks = 1000;
    static constexpr qsizetype maxReplayBytes = 1024L * 1024;
    static constexpr qsizetype maxUnwritten = 4L * 1024 * 1024;

signals:
    void outputReceived(const QString &text);
    void ended(); // the shell is gone

private:
    Terminal(QString name, int master, pid_t child);

    void readOutput();
    void writeInput();
    void keep(const QString &text);
    void applySize();
    void checkChild();

    QString m_name;
    int m_master;
    pid_t m_child;
    QSocketNotifier *m_readable;
    QSocketNotifier *m_writable;
    QTimer *m_childTimer;
    int m_childChecks = 0;
    QByteArray m_unwritten;
    QStringDecoder m_decoder{QStringDecoder::Utf8};
    std::deque<QString> m_replay;
    qsizetype m_replayBytes = 0;
    QHash<const void *, TerminalSize> m_sizes;
    QHash<const void *, bool> m_blocked;
    TerminalSize m_size;
    QDateTime m_lastActivity = QDateTime::currentDateTimeUtc();
};

} // namespace farcell
