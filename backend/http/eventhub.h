#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QObject>
#include <QSet>
#include <QString>

#include <memory>

#include <nlohmann/json_fwd.hpp>

class QWebSocket;

namespace farcell::http {

// Jupyter's event bus: what happens to files and kernels, and what clients emit, is pushed to every
// subscriber. A subscriber that does not read is disconnected. Lives on the server's thread.
class EventHub : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(EventHub)

public:
    explicit EventHub(QObject *parent = nullptr);
    ~EventHub() override;

    void subscribe(std::unique_ptr<QWebSocket> socket);
    // `data` is an object; schema_id and metadata are added. May be called from any thread.
    void publish(const QString &schema, const nlohmann::json &data);
    void contentsEvent(const QString &action, const QString &path, const QString &sourcePath = {});
    void kernelEvent(const QString &action, const QString &kernelId);
    // The body of a POST: schema_id, version, data, timestamp?
    Result<> emitFromClient(const QByteArray &body);

private:
    void send(const QString &text);

    QSet<QWebSocket *> m_subscribers;
};

} // namespace farcell::http
