#include "backend/http/eventhub.h"

#include "backend/http/backlog.h"
#include "backend/http/jsonfields.h"

#include <QDateTime>
#include <QWebSocket>

namespace farcell::http {

namespace {

using nlohmann::json;

constexpr qint64 maxUnsent = 4LL * 1024 * 1024;
const QString contentsSchema =
    QStringLiteral("https://events.jupyter.org/jupyter_server/contents_service/v1");
const QString kernelSchema =
    QStringLiteral("https://events.jupyter.org/jupyter_server/kernel_actions/v1");

} // namespace

EventHub::EventHub(QObject *parent)
    : QObject(parent)
{}

EventHub::~EventHub()
{
    const QSet<QWebSocket *> subscribers = m_subscribers;
    for (QWebSocket *socket : subscribers)
        socket->disconnect(this);
}

void EventHub::subscribe(std::unique_ptr<QWebSocket> socket)
{
    QWebSocket *raw = socket.release();
    raw->setParent(this);
    m_subscribers.insert(raw);
    connect(raw, &QWebSocket::disconnected, this, [this, raw] {
        m_subscribers.remove(raw);
        raw->deleteLater();
    });
}

void EventHub::publish(const QString &schema, const json &data)
{
    json event = data;
    event["__schema__"] = schema.toStdString();
    event["schema_id"] = schema.toStdString();
    event["__metadata_version__"] = 1;
    event["__timestamp__"] =
        QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs).toStdString();
    const QString text =
        QString::fromStdString(event.dump(-1, ' ', false, json::error_handler_t::replace));
    QMetaObject::invokeMethod(this, [this, text] { send(text); });
}

void EventHub::send(const QString &text)
{
    const QSet<QWebSocket *> subscribers = m_subscribers;
    for (QWebSocket *socket : subscribers) {
        if (unsentBytes(socket) > maxUnsent)
            socket->abort();
        else
            socket->sendTextMessage(text);
    }
}

void EventHub::contentsEvent(const QString &action, const QString &path, const QString &sourcePath)
{
    json data{{"action", action.toStdString()}, {"path", path.toStdString()}};
    if (!sourcePath.isEmpty())
        data["source_path"] = sourcePath.toStdString();
    publish(contentsSchema, data);
}

void EventHub::kernelEvent(const QString &action, const QString &kernelId)
{
    publish(kernelSchema, {{"action", action.toStdString()},
                           {"kernel_id", kernelId.toStdString()},
                           {"status", "success"},
                           {"msg", ""}});
}

Result<> EventHub::emitFromClient(const QByteArray &body)
{
    auto fields = JsonFields::parse(body);
    if (!fields)
        return tl::unexpected(fields.error());
    const auto schema = fields->text("schema_id");
    const auto data = fields->object("data");
    (void)fields->text("timestamp");
    if (fields->error())
        return tl::unexpected(*fields->error());
    if (!schema || !data || !fields->has("version"))
        return fail(ErrorCode::InvalidData, tr("An event needs schema_id, version and data"));
    publish(*schema, data->value());
    return {};
}

} // namespace farcell::http
