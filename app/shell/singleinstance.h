#pragma once

#include <QObject>
#include <QStringList>

class QLocalServer;
class QLocalSocket;

namespace farcell {

// Makes the app run once per person and display: a second start hands its files over to the first
// and ends. GUI thread; owned by main().
class SingleInstance : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SingleInstance)

public:
    explicit SingleInstance(QObject *parent = nullptr);

    // True if another instance took the files (absolute paths).
    [[nodiscard]] bool handOver(const QStringList &files) const;
    void listen();

signals:
    void filesReceived(const QStringList &files); // empty: only come to the front

private:
    void readFrom(QLocalSocket *socket);

    QString m_name;
    QLocalServer *m_server = nullptr;
};

} // namespace farcell
