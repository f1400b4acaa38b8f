#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

namespace farcell::auth {

// What a TLS listener shows, as PEM.
struct Certificate
{
    QByteArray certificate;
    QByteArray key;
    // SHA-256 of the certificate as people compare it: "AB:CD:…".
    [[nodiscard]] QString fingerprint() const;
};

// tls.crt and tls.key of the state folder. Files that are not there are made first: self-signed,
// P-256, valid for ten years, for these names and addresses; both with mode 0600.
[[nodiscard]] Result<Certificate> readOrCreateCertificate(const QString &folder,
                                                          const QStringList &names);
// The person's own. InvalidData when one of them is not PEM of that kind, or they do not belong
// together; Denied when others may read the key.
[[nodiscard]] Result<Certificate> readCertificate(const QString &certificateFile,
                                                  const QString &keyFile);

} // namespace farcell::auth
