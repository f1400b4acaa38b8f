#include "backend/main/tokencommand.h"

#include "backend/auth/certificate.h"
#include "backend/auth/secret.h"
#include "backend/main/statedirectory.h"

#include <QCoreApplication>
#include <QFile>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

} // namespace

QString addressFile(const QString &stateFolder)
{
    return stateFolder + QStringLiteral("/address");
}

Result<QString> describeAccess(const ServeOptions &options)
{
    const QString &folder = options.stateDirectory;
    const auto token =
        auth::readSecret(options.tokenFile.isEmpty() ? QString(folder + QStringLiteral("/token"))
                                                     : options.tokenFile);
    if (!token)
        return fail(token.error().code,
                    tr("There is no token yet: it is made when farcelld serve first starts"),
                    token.error().message);
    // Nobody holds the state folder's lock: nobody listens.
    const bool isRunning = !StateDirectory::open(folder).has_value();
    const auto address = isRunning ? auth::readSecret(addressFile(folder)) : Result<QByteArray>();
    QString text = tr("Address:     %1\n")
                       .arg(isRunning && address ? QString::fromUtf8(*address) : tr("not running"));
    text += tr("Token:       %1\n").arg(QString::fromUtf8(*token));
    const QString certificate = options.tlsCertificate.isEmpty()
                                    ? QString(folder + QStringLiteral("/tls.crt"))
                                    : options.tlsCertificate;
    QFile file(certificate);
    if (file.open(QIODevice::ReadOnly))
        text += tr("Fingerprint: %1 (SHA-256)\n")
                    .arg(auth::Certificate{file.readAll(), {}}.fingerprint());
    return text;
}

} // namespace farcell
