#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QList>
#include <QMap>
#include <QSslConfiguration>
#include <QSslError>
#include <QString>
#include <QUrl>

namespace farcell {

struct Endpoint;

// Whose certificates the person trusts though no authority vouches for them: fingerprints by host
// and port, in one JSON file, mode 0600. At a first connect with ErrorCode::Untrusted the person
// compares what the error's detail shows, and pin() remembers it.
class PinStore
{
public:
    explicit PinStore(QString file = defaultFile());
    static QString defaultFile(); // pins.json in the app's state folder

    // SHA-256 in hex, lower case; empty: none is pinned.
    [[nodiscard]] QByteArray find(const QUrl &url) const;
    // `fingerprint` in hex, with or without colons, any case.
    Result<> pin(const QUrl &url, const QString &fingerprint);
    Result<> remove(const QUrl &url);
    // The endpoint with the fingerprint that is pinned for it.
    [[nodiscard]] Endpoint pinned(Endpoint endpoint) const;

private:
    [[nodiscard]] Result<> save() const;

    QString m_file;
    QMap<QString, QByteArray> m_pins;
};

// "AB:CD:…" as people compare it; from any of the forms above.
[[nodiscard]] QString shownFingerprint(const QString &fingerprint);
// Of the certificate a server showed; empty when none came.
[[nodiscard]] QString shownFingerprint(const QList<QSslError> &errors);
// For an endpoint with a fingerprint nobody else can vouch.
[[nodiscard]] QSslConfiguration tlsConfiguration(const Endpoint &endpoint);
// The server showed the certificate it must show.
[[nodiscard]] bool isPinned(const Endpoint &endpoint, const QList<QSslError> &errors);

} // namespace farcell
