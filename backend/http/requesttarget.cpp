#include "backend/http/requesttarget.h"

#include <QStringDecoder>
#include <QUrl>

#include <optional>

namespace farcell::http {

namespace {

std::optional<int> hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return std::nullopt;
}

std::optional<QString> decode(QByteArrayView text, bool plusIsSpace)
{
    QByteArray bytes;
    bytes.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size())
                return std::nullopt;
            const auto high = hexDigit(text[i + 1]);
            const auto low = hexDigit(text[i + 2]);
            if (!high || !low)
                return std::nullopt;
            c = char(*high * 16 + *low);
            i += 2;
        } else if (c == '+' && plusIsSpace) {
            c = ' ';
        }
        if (c == '\0')
            return std::nullopt;
        bytes += c;
    }
    QStringDecoder utf8(QStringDecoder::Utf8);
    QString decoded = utf8(bytes);
    if (utf8.hasError())
        return std::nullopt;
    return decoded;
}

tl::unexpected<Error> badTarget()
{
    return fail(ErrorCode::InvalidData, QStringLiteral("The request's path or query is malformed"));
}

} // namespace

Result<QList<std::pair<QString, QString>>> parseQuery(QByteArrayView text)
{
    QList<std::pair<QString, QString>> items;
    while (!text.isEmpty()) {
        const qsizetype end = text.indexOf('&');
        const QByteArrayView item = end < 0 ? text : text.first(end);
        text = end < 0 ? QByteArrayView() : text.sliced(end + 1);
        if (item.isEmpty())
            continue;
        const qsizetype equals = item.indexOf('=');
        const auto name = decode(equals < 0 ? item : item.first(equals), true);
        const auto value = decode(equals < 0 ? QByteArrayView() : item.sliced(equals + 1), true);
        if (!name || !value)
            return badTarget();
        items.append({*name, *value});
    }
    return items;
}

Result<RequestTarget> parseTarget(QByteArrayView target)
{
    if (!target.startsWith('/') || target.indexOf('#') >= 0)
        return badTarget();
    const qsizetype question = target.indexOf('?');
    const auto path = decode(question < 0 ? target : target.first(question), false);
    if (!path)
        return badTarget();
    RequestTarget parsed{*path, {}};
    if (question >= 0) {
        auto query = parseQuery(target.sliced(question + 1));
        if (!query)
            return tl::unexpected(query.error());
        parsed.query = std::move(*query);
    }
    return parsed;
}

QByteArray encodePath(const QString &path)
{
    return QUrl::toPercentEncoding(path, "/");
}

} // namespace farcell::http
