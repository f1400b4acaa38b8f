#include "backend/main/tlssetup.h"

#include "backend/auth/certificate.h"

#include <QCoreApplication>
#include <QHostAddress>
#include <QNetworkInterface>
#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>
#include <QSysInfo>

namespace farcell {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("farcelld", text);
}

QStringList namesOfThisMachine()
{
    QStringList names{QStringLiteral("localhost")};
    const QString host = QSysInfo::machineHostName();
    if (!host.isEmpty() && host != names.first())
        names << host;
    const auto addresses = QNetworkInterface::allAddresses();
    for (QHostAddress address : addresses) {
        address.setScopeId({});
        names << address.toString();
    }
    names.removeDuplicates();
    return names;
}

} // namespace

Result<TlsSetup> prepareTls(const ServeOptions &options, const QString &stateFolder)
{
    if (!QSslSocket::supportsSsl())
        return fail(ErrorCode::Unavailable, tr("Qt finds no TLS library on this computer"));
    const auto certificate = options.tlsCertificate.isEmpty()
                                 ? auth::readOrCreateCertificate(stateFolder, namesOfThisMachine())
                                 : auth::readCertificate(options.tlsCertificate, options.tlsKey);
    if (!certificate)
        return tl::unexpected(certificate.error());
    const QList<QSslCertificate> chain =
        QSslCertificate::fromData(certificate->certificate, QSsl::Pem);
    QSslKey key(certificate->key, QSsl::Ec, QSsl::Pem);
    if (key.isNull())
        key = QSslKey(certificate->key, QSsl::Rsa, QSsl::Pem);
    if (chain.isEmpty() || key.isNull())
        return fail(ErrorCode::InvalidData, tr("The TLS key must be an RSA or an EC key"));
    TlsSetup setup;
    setup.configuration = QSslConfiguration::defaultConfiguration();
    setup.configuration.setLocalCertificateChain(chain);
    setup.configuration.setPrivateKey(key);
    setup.configuration.setPeerVerifyMode(QSslSocket::VerifyNone); // clients show a token
    setup.configuration.setProtocol(QSsl::TlsV1_2OrLater);
    setup.fingerprint = certificate->fingerprint();
    return setup;
}

} // namespace farcell
