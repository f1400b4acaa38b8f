#include "app/cli/runprogress.h"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr int redrawMs = 200;
constexpr int widestBar = 32;

void write(const QString &text)
{
    const QByteArray bytes = text.toLocal8Bit();
    std::fwrite(bytes.constData(), 1, static_cast<size_t>(bytes.size()), stderr);
    std::fflush(stderr);
}

int terminalColumns()
{
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

QString duration(qint64 ms)
{
    if (ms < 60'000)
        return RunProgress::tr("%1 s").arg(static_cast<double>(ms) / 1000, 0, 'f', 1);
    return RunProgress::tr("%1 min %2 s").arg(ms / 60'000).arg(ms / 1000 % 60);
}

} // namespace

RunProgress::RunProgress(QObject *parent)
    : QObject(parent)
    , m_isTerminal(::isatty(STDERR_FILENO) != 0)
    , m_isUtf8(qstrcmp(::nl_langinfo(CODESET), "UTF-8") == 0)
{
    m_ticker.setInterval(redrawMs);
    connect(&m_ticker, &QTimer::timeout, this, &RunProgress::draw);
}

void RunProgress::begin(int cells)
{
    m_total = cells;
    m_done = 0;
    if (m_isTerminal)
        m_ticker.start();
    draw();
}

void RunProgress::cellStarted(int cellNumber)
{
    m_current = cellNumber;
    m_cellClock.start();
    draw();
}

void RunProgress::cellFinished(int cellNumber, const QString &outcome,
                               std::chrono::milliseconds took)
{
    ++m_done;
    if (m_isTerminal) {
        draw();
        return;
    }
    write(QStringLiteral("[%1/%2] %3\n")
              .arg(m_done)
              .arg(m_total)
              .arg(tr("cell %1: %2, %3").arg(cellNumber).arg(outcome, duration(took.count()))));
}

void RunProgress::say(const QString &line)
{
    erase();
    write(line + u'\n');
    if (m_ticker.isActive())
        draw();
}

void RunProgress::end()
{
    m_ticker.stop();
    erase();
}

void RunProgress::draw()
{
    if (!m_isTerminal || m_total == 0)
        return;
    QString text = QStringLiteral(" %1/%2").arg(m_done).arg(m_total);
    if (m_current > 0 && m_done < m_total)
        text += QStringLiteral("  ") +
                tr("cell %1, %2").arg(m_current).arg(duration(m_cellClock.elapsed()));
    const int columns = terminalColumns();
    const int width = std::clamp(columns - static_cast<int>(text.size()) - 3, 0, widestBar);
    const int filled = width * m_done / m_total;
    const QString bar =
        m_isUtf8 ? QString(filled, QChar(0x2588)) + QString(width - filled, QChar(0x2591))
                 : QString(filled, u'#') + QString(width - filled, u'.');
    text.prepend(bar);
    write(QStringLiteral("\r\x1b[2K") + text.left(columns - 1));
    m_isDrawn = true;
}

void RunProgress::erase()
{
    if (std::exchange(m_isDrawn, false))
        write(QStringLiteral("\r\x1b[2K"));
}

} // namespace farcell
