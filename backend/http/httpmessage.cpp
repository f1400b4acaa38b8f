#include "backend/http/httpmessage.h"

#include <nlohmann/json.hpp>

#include <QDateTime>
#include <QLocale>

#include <algorithm>

namespace farcell::http {

namespace {

bool sameName(QByteArrayView a, QByteArrayView b)
{
    return a.compare(b, Qt::CaseInsensitive) == 0;
}

QByteArray httpDate()
{
    return QLocale::c()
        .toString(QDateTime::currentDateTimeUtc(),
                  QStringLiteral("ddd, dd MMM yyyy hh:mm:ss 'GMT'"))
        .toLatin1();
}

} // namespace

void HttpHeaders::add(QByteArray name, QByteArray value)
{
    m_fields.emplace_back(std::move(name), std::move(value));
}

void HttpHeaders::append(const HttpHeaders &others)
{
    m_fields.insert(m_fields.end(), others.m_fields.begin(), others.m_fields.end());
}

QByteArray HttpHeaders::value(QByteArrayView name) const
{
    for (const auto &[key, value] : m_fields) {
        if (sameName(key, name))
            return value;
    }
    return {};
}

int HttpHeaders::count(QByteArrayView name) const
{
    return int(std::count_if(m_fields.cbegin(), m_fields.cend(),
                             [&](const auto &field) { return sameName(field.first, name); }));
}

bool HttpHeaders::hasToken(QByteArrayView name, QByteArrayView token) const
{
    for (const auto &[key, value] : m_fields) {
        if (!sameName(key, name))
            continue;
        const QList<QByteArray> parts = value.split(',');
        if (std::any_of(parts.cbegin(), parts.cend(),
                        [&](const QByteArray &part) { return sameName(part.trimmed(), token); }))
            return true;
    }
    return false;
}

std::optional<QString> HttpRequest::queryValue(QStringView name) const
{
    for (const auto &[key, value] : query) {
        if (key == name)
            return value;
    }
    return std::nullopt;
}

QByteArray HttpRequest::cookie(QByteArrayView name) const
{
    for (const auto &[key, value] : headers.all()) {
        if (!sameName(key, "cookie"))
            continue;
        for (const QByteArray &part : value.split(';')) {
            const QByteArray trimmed = part.trimmed();
            const qsizetype equals = trimmed.indexOf('=');
            if (equals > 0 && QByteArrayView(trimmed).first(equals) == name) {
                QByteArray found = trimmed.mid(equals + 1);
                if (found.size() >= 2 && found.startsWith('"') && found.endsWith('"'))
                    found = found.mid(1, found.size() - 2);
                return found;
            }
        }
    }
    return {};
}

QByteArray reasonPhrase(int status)
{
    switch (status) {
    case 101:
        return "Switching Protocols";
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 206:
        return "Partial Content";
    case 302:
        return "Found";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 413:
        return "Content Too Large";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 426:
        return "Upgrade Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Status";
    }
}

QByteArray encodeHead(const HttpResponse &response, qint64 bodySize, bool keepAlive)
{
    QByteArray head;
    head.reserve(512);
    head += "HTTP/1.1 " + QByteArray::number(response.status) + ' ' +
            reasonPhrase(response.status) + "\r\nDate: " + httpDate() + "\r\n";
    for (const auto &[name, value] : response.headers.all())
        head += name + ": " + value + "\r\n";
    if (response.status != 204 && response.status != 304)
        head += "Content-Length: " + QByteArray::number(bodySize) + "\r\n";
    if (!keepAlive)
        head += "Connection: close\r\n";
    head += "\r\n";
    return head;
}

HttpResponse emptyResponse(int status)
{
    HttpResponse response;
    response.status = status;
    return response;
}

HttpResponse textResponse(int status, const QByteArray &type, QByteArray body)
{
    HttpResponse response;
    response.status = status;
    response.headers.add("Content-Type", type);
    response.body = std::move(body);
    return response;
}

HttpResponse jsonResponse(int status, const nlohmann::json &body)
{
    const std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return jsonResponse(status, QByteArray::fromStdString(text));
}

HttpResponse jsonResponse(int status, QByteArray encoded)
{
    return textResponse(status, "application/json", std::move(encoded));
}

HttpResponse errorResponse(int status, const QString &message, const QString &reason)
{
    nlohmann::json body{{"message", message.toStdString()}, {"reason", nullptr}};
    if (!reason.isEmpty())
        body["reason"] = reason.toStdString();
    return jsonResponse(status, body);
}

HttpResponse errorResponse(const Error &error)
{
    return errorResponse(httpStatus(error.code), error.message, error.detail);
}

int httpStatus(ErrorCode code)
{
    switch (code) {
    case ErrorCode::InvalidData:
        return 400;
    case ErrorCode::NotFound:
        return 404;
    case ErrorCode::Exists:
        return 409;
    case ErrorCode::Denied:
        return 403;
    case ErrorCode::Unavailable:
        return 503;
    case ErrorCode::Timeout:
        return 504;
    case ErrorCode::TooLarge:
        return 413;
    case ErrorCode::Cancelled:
    case ErrorCode::Untrusted:
    case ErrorCode::Internal:
        break;
    }
    return 500;
}

} // namespace farcell::http
