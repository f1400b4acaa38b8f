#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <chrono>

namespace farcell {

// Tells on stderr how far a run is: a bar on a terminal, one line per cell elsewhere.
class RunProgress : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RunProgress)

public:
    explicit RunProgress(QObject *parent = nullptr);

    void begin(int cells);
    void cellStarted(int cellNumber); // as a person counts the notebook's cells, from 1
    void cellFinished(int cellNumber, const QString &outcome, std::chrono::milliseconds took);
    // A line of its own, above the bar.
    void say(const QString &line);
    void end(); // the bar goes

private:
    void draw();
    void erase();

    bool m_isTerminal = false;
    bool m_isUtf8 = false;
    bool m_isDrawn = false;
    int m_total = 0;
    int m_done = 0;
    int m_current = 0;
    QElapsedTimer m_cellClock;
    QTimer m_ticker;
};

} // namespace farcell
