#pragma once

#include <QObject>

namespace farcell {

// Turns SIGTERM, SIGINT and SIGHUP into a signal of the event loop, once; a second one ends the
// program at once, as if nobody had caught it. One object per program.
class EndSignals : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(EndSignals)

public:
    explicit EndSignals(QObject *parent = nullptr);
    ~EndSignals() override;

signals:
    void endRequested();
};

} // namespace farcell
