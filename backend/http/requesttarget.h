#pragma once

#include "core/base/result.h"

#include <QByteArrayView>
#include <QList>
#include <QString>

#include <utility>

namespace farcell::http {

struct RequestTarget
{
    QString path; // decoded; begins with "/"
    QList<std::pair<QString, QString>> query;
};

// Takes a request target in origin form ("/path?query") apart. Refuses what is not UTF-8 after
// decoding, broken escapes, and encoded zero bytes: no part of a path may end early further on.
[[nodiscard]] Result<RequestTarget> parseTarget(QByteArrayView target);

// "a=1&b=2" with percent escapes and "+" for a space: queries and forms.
[[nodiscard]] Result<QList<std::pair<QString, QString>>> parseQuery(QByteArrayView text);

// For a path in a URL: everything but unreserved characters and "/" escaped.
[[nodiscard]] QByteArray encodePath(const QString &path);

} // namespace farcell::http
