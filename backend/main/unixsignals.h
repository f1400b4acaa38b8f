#pragma once

#include <QObject>

namespace farcell {

// Turns SIGTERM and SIGINT into a Qt signal. One per process.
class UnixSignals : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(UnixSignals)

public:
    explicit UnixSignals(QObject *parent = nullptr);
    ~UnixSignals() override;

signals:
    void terminationAsked();

private:
    int m_read = -1;
};

} // namespace farcell
