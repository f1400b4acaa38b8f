#include "backend/terminals/terminal.h"

#include <QCoreApplication>
#include <QFile>
#include <QProcessEnvironment>
#include <QSocketNotifier>
#include <QTimer>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pty.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr size_t readSize = 64UL * 1024;
constexpr std::chrono::milliseconds childInterval{50};
constexpr int checksBeforeKill = 60; // three seconds to take the hint

QByteArray loginShell()
{
    QByteArray shell = qgetenv("SHELL");
    if (!shell.isEmpty() && ::access(shell.constData(), X_OK) == 0)
        return shell;
    // Called on one thread only.
    const passwd *user = ::getpwuid(::getuid());
    if (user && user->pw_shell && ::access(user->pw_shell, X_OK) == 0)
        return user->pw_shell;
    return "/bin/sh";
}

QByteArrayList shellEnvironment()
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("TERM"), QStringLiteral("xterm-256color"));
    environment.remove(QStringLiteral("COLUMNS"));
    environment.remove(QStringLiteral("LINES"));
    QByteArrayList list;
    for (const QString &entry : environment.toStringList())
        list << entry.toLocal8Bit();
    return list;
}

std::vector<char *> pointers(QByteArrayList &list)
{
    std::vector<char *> result;
    for (QByteArray &entry : list)
        result.push_back(entry.data());
    result.push_back(nullptr);
    return result;
}

// In the child, between fork and exec: async-signal-safe calls only.
[[noreturn]] void runShell(const char *directory, const char *shell, char *const *arguments,
                           char *const *environment)
{
    for (int number = 1; number < NSIG; ++number)
        std::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::close_range(3, ~0U, 0);
    if (::chdir(directory) != 0)
        (void)!::chdir("/");
    ::execve(shell, arguments, environment);
    ::_exit(127);
}

} // namespace

Result<std::unique_ptr<Terminal>> Terminal::start(const QString &name, const QString &directory)
{
    const QByteArray shell = loginShell();
    const QByteArray folder = QFile::encodeName(directory);
    QByteArrayList arguments{shell, "-l"};
    QByteArrayList environment = shellEnvironment();
    const std::vector<char *> argumentPointers = pointers(arguments);
    const std::vector<char *> environmentPointers = pointers(environment);
    winsize size = {};
    size.ws_row = 24;
    size.ws_col = 80;

    int master = -1;
    const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
    if (child < 0)
        return fail(ErrorCode::Unavailable,
                    QCoreApplication::translate("farcell::terminals", "Cannot open a terminal"),
                    QString::fromLocal8Bit(std::strerror(errno)));
    if (child == 0)
        runShell(folder.constData(), shell.constData(), argumentPointers.data(),
                 environmentPointers.data());
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(master, F_SETFL, ::fcntl(master, F_GETFL) | O_NONBLOCK);
    return std::unique_ptr<Terminal>(new Terminal(name, master, child));
}

Terminal::Terminal(QString name, int master, pid_t child)
    : m_name(std::move(name))
    , m_master(master)
    , m_child(child)
    , m_readable(new QSocketNotifier(master, QSocketNotifier::Read, this))
    , m_writable(new QSocketNotifier(master, QSocketNotifier::Write, this))
    , m_childTimer(new QTimer(this))
{
    m_writable->setEnabled(false);
    connect(m_readable, &QSocketNotifier::activated, this, &Terminal::readOutput);
    connect(m_writable, &QSocketNotifier::activated, this, &Terminal::writeInput);
    connect(m_childTimer, &QTimer::timeout, this, &Terminal::checkChild);
}

Terminal::~Terminal()
{
    m_readable->setEnabled(false);
    m_writable->setEnabled(false);
    ::close(m_master);
    if (m_child > 0) {
        // The shell's own group; jobs it put in groups of their own lose their terminal.
        ::kill(-m_child, SIGHUP);
        ::kill(-m_child, SIGKILL);
        ::waitpid(m_child, nullptr, 0);
    }
}

QString Terminal::replay() const
{
    QString text;
    for (const QString &chunk : m_replay)
        text += chunk;
    return text;
}

void Terminal::readOutput()
{
    std::array<char, readSize>
        buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
    const ssize_t got = ::read(m_master, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) { // EIO: nobody has the other side open any more
        m_readable->setEnabled(false);
        hangUp();
        return;
    }
    const QString text = m_decoder(QByteArrayView(buffer.data(), got));
    if (text.isEmpty())
        return; // part of a character
    keep(text);
    m_lastActivity = QDateTime::currentDateTimeUtc();
    emit outputReceived(text);
}

void Terminal::keep(const QString &text)
{
    m_replay.push_back(text);
    m_replayBytes += text.size();
    while (m_replay.size() > maxReplayChunks ||
           (m_replayBytes > maxReplayBytes && m_replay.size() > 1)) {
        m_replayBytes -= m_replay.front().size();
        m_replay.pop_front();
    }
}

void Terminal::write(const QByteArray &input)
{
    m_lastActivity = QDateTime::currentDateTimeUtc();
    if (m_unwritten.size() + input.size() > maxUnwritten)
        return; // nobody types that much; a program that does not read gets no more
    m_unwritten += input;
    writeInput();
}

void Terminal::writeInput()
{
    while (!m_unwritten.isEmpty()) {
        const ssize_t written =
            ::write(m_master, m_unwritten.constData(), size_t(m_unwritten.size()));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno != EAGAIN)
            m_unwritten.clear();
        if (written <= 0)
            break;
        m_unwritten.remove(0, written);
    }
    m_writable->setEnabled(!m_unwritten.isEmpty());
}

void Terminal::setReaderSize(const void *reader, TerminalSize size)
{
    constexpr int largest = 10000;
    if (size.rows < 1 || size.columns < 1 || size.rows > largest || size.columns > largest)
        return;
    m_sizes.insert(reader, size);
    applySize();
}

void Terminal::removeReader(const void *reader)
{
    m_sizes.remove(reader);
    setReaderBlocked(reader, false);
    applySize();
}

void Terminal::setReaderBlocked(const void *reader, bool blocked)
{
    if (blocked)
        m_blocked.insert(reader, true);
    else
        m_blocked.remove(reader);
    if (!m_childTimer->isActive())
        m_readable->setEnabled(m_blocked.isEmpty());
}

void Terminal::applySize()
{
    TerminalSize least;
    for (const TerminalSize &size : std::as_const(m_sizes)) {
        least.rows = least.rows == 0 ? size.rows : std::min(least.rows, size.rows);
        least.columns = least.columns == 0 ? size.columns : std::min(least.columns, size.columns);
    }
    if (least.rows == 0 || (least.rows == m_size.rows && least.columns == m_size.columns))
        return;
    m_size = least;
    winsize size = {};
    size.ws_row = static_cast<unsigned short>(least.rows);
    size.ws_col = static_cast<unsigned short>(least.columns);
    ::ioctl(m_master, TIOCSWINSZ, &size);
}

void Terminal::hangUp()
{
    if (m_child <= 0 || m_childTimer->isActive())
        return;
    ::kill(-m_child, SIGHUP);
    ::kill(-m_child, SIGCONT);
    m_childTimer->start(childInterval);
    checkChild();
}

void Terminal::checkChild()
{
    const pid_t gone = ::waitpid(m_child, nullptr, WNOHANG);
    if (gone == 0) {
        if (++m_childChecks == checksBeforeKill)
            ::kill(-m_child, SIGKILL);
        return;
    }
    m_child = -1;
    m_childTimer->stop();
    m_readable->setEnabled(false);
    emit ended();
}

} // namespace farcell
