#include "core/client/pinstore.h"

#include "core/client/runtimeclient.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QSslCertificate>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

using nlohmann::json;

constexpr qint64 maxFileBytes = 1024LL * 1024;
constexpr qsizetype hexDigits = 64; // of a SHA-256

QString hostAndPort(const QUrl &url)
{
    const bool isTls =
        url.scheme() == QLatin1String("https") || url.scheme() == QLatin1String("wss");
    return url.host().toLower() + u':' + QString::number(url.port(isTls ? 443 : 80));
}

// Lower-case hex, or nothing.
QByteArray plainFingerprint(const QString &text)
{
    QByteArray hex = text.toLatin1().toLower();
    hex.replace(':', "").replace(' ', "");
    const bool isHex = hex.size() == hexDigits && std::all_of(hex.cbegin(), hex.cend(), [](char c) {
                           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                       });
    return isHex ? hex : QByteArray();
}

} // namespace

PinStore::PinStore(QString file)
    : m_file(std::move(file))
{
    QFile in(m_file);
    if (!in.open(QIODevice::ReadOnly) || in.size() > maxFileBytes)
        return;
    const QByteArray text = in.readAll();
    const json pins = json::parse(text.begin(), text.end(), nullptr, false);
    if (!pins.is_object())
        return;
    for (const auto &[place, value] : pins.items()) {
        if (!value.is_string())
            continue;
        const QByteArray pin =
            plainFingerprint(QString::fromStdString(value.get_ref<const std::string &>()));
        if (!pin.isEmpty())
            m_pins.insert(QString::fromStdString(place), pin);
    }
}

QString PinStore::defaultFile()
{
    const QString given = qEnvironmentVariable("XDG_STATE_HOME");
    const QString base =
        QDir::isAbsolutePath(given) ? given : QDir::homePath() + QStringLiteral("/.local/state");
    return base + QStringLiteral("/farcell/pins.json");
}

QByteArray PinStore::find(const QUrl &url) const
{
    return m_pins.value(hostAndPort(url));
}

Result<> PinStore::pin(const QUrl &url, const QString &fingerprint)
{
    const QByteArray plain = plainFingerprint(fingerprint);
    if (plain.isEmpty())
        return fail(
            ErrorCode::InvalidData,
            QCoreApplication::translate("farcell::PinStore", "This is not a SHA-256 fingerprint"));
    m_pins.insert(hostAndPort(url), plain);
    return save();
}

Result<> PinStore::remove(const QUrl &url)
{
    return m_pins.remove(hostAndPort(url)) > 0 ? save() : Result<>();
}

Endpoint PinStore::pinned(Endpoint endpoint) const
{
    if (endpoint.fingerprint.isEmpty())
        endpoint.fingerprint = find(endpoint.url);
    return endpoint;
}

Result<> PinStore::save() const
{
    json pins = json::object();
    for (auto it = m_pins.cbegin(); it != m_pins.cend(); ++it)
        pins[it.key().toStdString()] = it.value().toStdString();
    const QByteArray text = QByteArray::fromStdString(pins.dump(1)) + '\n';
    QSaveFile out(m_file);
    const bool isWritten = QDir().mkpath(QFileInfo(m_file).absolutePath()) &&
                           out.open(QIODevice::WriteOnly) &&
                           out.setPermissions(QFile::ReadOwner | QFile::WriteOwner) &&
                           out.write(text) == text.size() && out.commit();
    if (!isWritten)
        return fail(ErrorCode::Unavailable,
                    QCoreApplication::translate("farcell::PinStore",
                                                "The trusted certificates could not be written "
                                                "to %1")
                        .arg(m_file),
                    out.errorString());
    return {};
}

QString shownFingerprint(const QString &fingerprint)
{
    const QByteArray raw = QByteArray::fromHex(plainFingerprint(fingerprint));
    return QString::fromLatin1(raw.toHex(':').toUpper());
}

QString shownFingerprint(const QList<QSslError> &errors)
{
    for (const QSslError &error : errors) {
        if (!error.certificate().isNull())
            return QString::fromLatin1(
                error.certificate().digest(QCryptographicHash::Sha256).toHex(':').toUpper());
    }
    return {};
}

QSslConfiguration tlsConfiguration(const Endpoint &endpoint)
{
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    if (!endpoint.fingerprint.isEmpty())
        configuration.setCaCertificates({}); // so that every certificate is looked at here
    return configuration;
}

bool isPinned(const Endpoint &endpoint, const QList<QSslError> &errors)
{
    const QByteArray shown = plainFingerprint(shownFingerprint(errors));
    return !shown.isEmpty() && shown == plainFingerprint(QString::fromLatin1(endpoint.fingerprint));
}

} // namespace farcell
