#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QFile>
#include <QHash>
#include <QList>
#include <QString>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace farcell::http {

// Header fields in the order they came. Names compare without regard to case.
class HttpHeaders
{
public:
    void add(QByteArray name, QByteArray value);
    void append(const HttpHeaders &others);
    [[nodiscard]] QByteArray value(QByteArrayView name) const; // first one; empty if there is none
    [[nodiscard]] int count(QByteArrayView name) const;
    [[nodiscard]] bool contains(QByteArrayView name) const { return count(name) > 0; }
    // Whether a comma-separated list, over all fields of that name, has `token`.
    [[nodiscard]] bool hasToken(QByteArrayView name, QByteArrayView token) const;
    [[nodiscard]] const std::vector<std::pair<QByteArray, QByteArray>> &all() const
    {
        return m_fields;
    }

private:
    std::vector<std::pair<QByteArray, QByteArray>> m_fields;
};

// Who is asking, as far as it has been proved.
enum class Identity
{
    None,
    Token,
    Cookie
};

struct HttpRequest
{
    QByteArray method;
    QByteArray target; // as received: path and query, still encoded
    HttpHeaders headers;
    QByteArray body;
    int minorVersion = 1;
    bool keepAlive = true;
    std::optional<quint64> contentLength;
    bool chunked = false;

    // Filled in before a handler sees it:
    QString path; // decoded, begins with "/"
    QList<std::pair<QString, QString>> query;
    QHash<QString, QString> parameters; // of the route's pattern
    Identity identity = Identity::None;
    QString peer; // address, or "local" for a unix socket

    [[nodiscard]] bool hasBody() const { return chunked || contentLength.value_or(0) > 0; }
    [[nodiscard]] std::optional<QString> queryValue(QStringView name) const;
    [[nodiscard]] QByteArray cookie(QByteArrayView name) const;
};

struct HttpResponse
{
    int status = 200;
    HttpHeaders headers;
    QByteArray body;
    std::shared_ptr<QFile> file; // sent instead of body, piece by piece; already open
    bool close = false;          // end the connection afterwards
};

[[nodiscard]] QByteArray reasonPhrase(int status);
// Status line and header fields; `bodySize` goes into Content-Length.
[[nodiscard]] QByteArray encodeHead(const HttpResponse &response, qint64 bodySize, bool keepAlive);

[[nodiscard]] HttpResponse emptyResponse(int status);
[[nodiscard]] HttpResponse textResponse(int status, const QByteArray &type, QByteArray body);
[[nodiscard]] HttpResponse jsonResponse(int status, const nlohmann::json &body);
[[nodiscard]] HttpResponse jsonResponse(int status, QByteArray encoded);
// {"message", "reason"}: what Jupyter's clients show.
[[nodiscard]] HttpResponse errorResponse(int status, const QString &message,
                                         const QString &reason = {});
[[nodiscard]] HttpResponse errorResponse(const Error &error);
// The one place that maps our errors to HTTP.
[[nodiscard]] int httpStatus(ErrorCode code);

} // namespace farcell::http
