#include "app/cli/endpointoption.h"

#include "core/client/pinstore.h"

#include <QCoreApplication>
#include <QFile>

namespace farcell {

namespace {

constexpr qint64 maxTokenBytes = 65536;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::cli", text);
}

} // namespace

Result<Endpoint> endpointFromOptions(const QString &url, const QString &tokenFile,
                                     const QString &fingerprint)
{
    QString token;
    if (!tokenFile.isEmpty()) {
        QFile file(tokenFile);
        if (!file.open(QIODevice::ReadOnly))
            return fail(
                ErrorCode::NotFound,
                tr("The token file %1 cannot be read: %2").arg(tokenFile, file.errorString()));
        token = QString::fromUtf8(file.read(maxTokenBytes)).trimmed();
    }
    auto endpoint = Endpoint::fromUserInput(url, token);
    if (!endpoint)
        return endpoint;
    if (fingerprint.isEmpty())
        return PinStore().pinned(*endpoint);
    endpoint->fingerprint = shownFingerprint(fingerprint).toLatin1();
    if (endpoint->fingerprint.isEmpty())
        return fail(ErrorCode::InvalidData, tr("--fingerprint wants the 64 digits of a SHA-256"));
    return endpoint;
}

QString withAdvice(const Error &error)
{
    if (error.code != ErrorCode::Untrusted)
        return error.message;
    return error.message + u'\n' +
           tr("Its fingerprint is %1; if that is right, add "
              "--fingerprint %1")
               .arg(error.detail);
}

} // namespace farcell
