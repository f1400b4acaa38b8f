#include "core/client/runtimeclient.h"

#include <QRegularExpression>
#include <QUrlQuery>

#include <algorithm>
#include <array>

namespace farcell {

namespace {

// First path segments of Jupyter's pages: what stands before one of them is the server's base_url.
bool isJupyterPage(const QString &segment)
{
    static const std::array pages = {"lab",  "tree",  "notebooks", "nbclassic", "notebook",  "edit",
                                     "view", "files", "login",     "logout",    "terminals", "api",
                                     "doc",  "voila", "retro",     "consoles"};
    return std::any_of(pages.begin(), pages.end(),
                       [&](const char *page) { return segment == QLatin1String(page); });
}

QString basePath(const QString &path)
{
    QString base = QStringLiteral("/");
    const QStringList segments = path.split(u'/', Qt::SkipEmptyParts);
    for (const QString &segment : segments) {
        if (isJupyterPage(segment))
            break;
        base += segment + u'/';
    }
    return base;
}

// The address in what a person copied: Jupyter prints it between words, one per line.
QString addressIn(const QString &text)
{
    static const QRegularExpression space(QStringLiteral("\\s+"));
    const QStringList words = text.split(space, Qt::SkipEmptyParts);
    for (const QString &word : words) {
        if (word.contains(QLatin1String("://")))
            return word;
    }
    return words.isEmpty() ? QString() : words.first();
}

QString withHttpScheme(QString address)
{
    if (!address.contains(QLatin1String("://")))
        return QStringLiteral("http://") + address;
    if (address.startsWith(QLatin1String("ws://")) || address.startsWith(QLatin1String("wss://")))
        address.replace(0, 2, QStringLiteral("http"));
    return address;
}

} // namespace

Result<Endpoint> Endpoint::fromUserInput(const QString &text, const QString &token)
{
    const QString address = addressIn(text);
    if (address.isEmpty())
        return fail(ErrorCode::InvalidData, RuntimeClient::tr("Enter the address of the server"));
    const QUrl given(withHttpScheme(address), QUrl::TolerantMode);
    if (given.scheme() != QLatin1String("http") && given.scheme() != QLatin1String("https"))
        return fail(ErrorCode::InvalidData,
                    RuntimeClient::tr("The address must start with http:// or https://"));
    if (!given.isValid() || given.host().isEmpty())
        return fail(ErrorCode::InvalidData, RuntimeClient::tr("This is not a valid address"));

    QString found = QUrlQuery(given).queryItemValue(QStringLiteral("token"), QUrl::FullyDecoded);
    if (found.isEmpty())
        found =
            QUrlQuery(given.fragment()).queryItemValue(QStringLiteral("token"), QUrl::FullyDecoded);
    Endpoint endpoint;
    endpoint.url.setScheme(given.scheme());
    endpoint.url.setHost(given.host());
    endpoint.url.setPort(given.port());
    endpoint.url.setPath(basePath(given.path(QUrl::FullyDecoded)));
    endpoint.token = token.trimmed().isEmpty() ? found : token.trimmed();
    return endpoint;
}

} // namespace farcell
