#pragma once

#include <QObject>
#include <QSocketNotifier>

#include <memory>

namespace farcell {

// Turns SIGINT and SIGTERM into a Qt signal while it lives. One at a time per process.
class SignalWatcher : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SignalWatcher)

public:
    explicit SignalWatcher(QObject *parent = nullptr);
    ~SignalWatcher() override; // the system's own behaviour comes back

signals:
    void caught();

private:
    void readPipe();

    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace farcell
