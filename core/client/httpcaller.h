#pragma once

#include "core/base/result.h"
#include "core/client/runtimeclient.h"

#include <QByteArray>
#include <QHash>
#include <QNetworkAccessManager>
#include <QObject>
#include <QUrlQuery>

#include <chrono>
#include <functional>

class QNetworkReply;
class QNetworkRequest;

namespace farcell {

struct HttpRequest
{
    QByteArray verb = "GET";
    QString path; // below the server's base_url, not encoded: "api/contents/a b.ipynb"
    QUrlQuery query;
    QByteArray body;                                              // JSON
    std::chrono::milliseconds timeout = std::chrono::seconds(15); // without any progress
    qint64 maxReplyBytes = qint64{64} << 20;
};

struct HttpReply
{
    int status = 0;
    QByteArray body;
    QByteArray contentType;
};

// Sends requests to one server with its token and tells each outcome exactly once: any 2xx reply
// as a value, all else as a sentence. Redirects are not followed, so the token stays here.
// Lives on the thread that created it. Not here: what the bodies mean (RuntimeClient).
class HttpCaller : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(HttpCaller)

public:
    using Done = std::function<void(Result<HttpReply>)>;

    explicit HttpCaller(Endpoint endpoint, QObject *parent = nullptr);
    ~HttpCaller() override; // pending ones end as Cancelled

    [[nodiscard]] const Endpoint &endpoint() const { return m_endpoint; }
    [[nodiscard]] QUrl url(const QString &path, const QUrlQuery &query = {}) const;
    // Sets what proves who we are, for HTTP and for the WebSocket's handshake.
    void authorize(QNetworkRequest &request) const;

    void send(const HttpRequest &request, Done done);

private:
    struct Call
    {
        Done done;
        qint64 maxReplyBytes = 0;
        bool tooLarge = false;
        QList<QSslError> sslErrors;
    };
    void finish(QNetworkReply *reply);
    [[nodiscard]] Result<HttpReply> outcome(QNetworkReply *reply, const Call &call) const;

    Endpoint m_endpoint;
    QByteArray m_xsrf;
    QNetworkAccessManager m_network;
    QHash<QNetworkReply *, Call> m_calls;
};

} // namespace farcell
