#include "app/connect/tokenstore.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLoggingCategory>
#include <QPromise>

#include <nlohmann/json.hpp>
#include <qt6keychain/keychain.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace farcell {

namespace {

Q_LOGGING_CATEGORY(lcTokens, "farcell.connect.tokens")

constexpr qint64 maxFileBytes = 1 << 20;
constexpr auto ownerOnly = QFile::ReadOwner | QFile::WriteOwner;

QString keyOf(const QUrl &server)
{
    return server.toString(QUrl::RemoveUserInfo | QUrl::RemoveQuery | QUrl::RemoveFragment);
}

template <typename T>
QFuture<T> ready(T value)
{
    QPromise<T> promise;
    promise.start();
    promise.addResult(std::move(value));
    promise.finish();
    return promise.future();
}

bool offersSecrets(const QStringList &names)
{
    return names.contains(QLatin1String("org.freedesktop.secrets")) ||
           names.contains(QLatin1String("org.kde.kwalletd6")) ||
           names.contains(QLatin1String("org.kde.kwalletd5"));
}

} // namespace

class TokenStore::Private : public QObject
{
public:
    using Job = QKeychain::Job;

    void findPlace();
    void settlePlace(Place found);
    void whenPlaced(std::function<void(Place)> then);
    void askBus(const QString &method, std::function<void(const QStringList &)> then);

    [[nodiscard]] Result<nlohmann::ordered_json> readFile() const;
    [[nodiscard]] Result<> writeFile(const nlohmann::ordered_json &tokens) const;
    [[nodiscard]] Result<QString> loadFromFile(const QUrl &server) const;
    [[nodiscard]] Result<> saveToFile(const QUrl &server, const QString &token) const;

    QString file;
    Backend backend = Backend::KeychainIfThere;
    std::optional<Place> where;
    bool isAsking = false;
    std::vector<std::function<void(Place)>> waiting;
};

void TokenStore::Private::settlePlace(Place found)
{
    where = found;
    for (const auto &then : std::exchange(waiting, {}))
        then(found);
}

void TokenStore::Private::askBus(const QString &method,
                                 std::function<void(const QStringList &)> then)
{
    const QDBusMessage call = QDBusMessage::createMethodCall(
        QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
        QStringLiteral("org.freedesktop.DBus"), method);
    auto *const watcher =
        new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(call, 2000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [watcher, then = std::move(then)] {
        const QDBusPendingReply<QStringList> reply = *watcher;
        watcher->deleteLater();
        then(reply.isError() ? QStringList() : reply.value());
    });
}

// A keychain is there when its service runs or the bus can start it.
void TokenStore::Private::findPlace()
{
    if (std::exchange(isAsking, true))
        return;
    const bool hasBus =
        qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS") ||
        QFileInfo::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus"));
    if (backend == Backend::FileOnly || !hasBus || !QDBusConnection::sessionBus().isConnected())
        return settlePlace(Place::File);
    askBus(QStringLiteral("ListNames"), [this](const QStringList &running) {
        if (offersSecrets(running))
            return settlePlace(Place::Keychain);
        askBus(QStringLiteral("ListActivatableNames"), [this](const QStringList &startable) {
            settlePlace(offersSecrets(startable) ? Place::Keychain : Place::File);
        });
    });
}

void TokenStore::Private::whenPlaced(std::function<void(Place)> then)
{
    if (where)
        return then(*where);
    waiting.push_back(std::move(then));
    findPlace();
}

Result<nlohmann::ordered_json> TokenStore::Private::readFile() const
{
    using nlohmann::ordered_json;
    QFile source(file);
    if (!source.exists())
        return ordered_json::object();
    if (!source.open(QIODevice::ReadOnly) || source.size() > maxFileBytes)
        return fail(ErrorCode::Denied, TokenStore::tr("The file %1 cannot be read").arg(file),
                    source.errorString());
    // Somebody may have copied it with a looser mode.
    if ((source.permissions() & ~(ownerOnly | QFile::ReadUser | QFile::WriteUser)) != 0)
        source.setPermissions(ownerOnly);
    const QByteArray bytes = source.readAll();
    auto tokens = ordered_json::parse(bytes.begin(), bytes.end(), nullptr, false);
    return tokens.is_object() ? tokens : ordered_json::object();
}

// Private from the first byte on, and whole: written beside, then renamed over.
Result<> TokenStore::Private::writeFile(const nlohmann::ordered_json &tokens) const
{
    const auto cannot = [this](const QString &why) {
        return fail(ErrorCode::Denied, TokenStore::tr("The file %1 cannot be written").arg(file),
                    why);
    };
    const QString folder = QFileInfo(file).absolutePath();
    if (!QDir().mkpath(folder))
        return cannot(QString());
    QFile target(file + QStringLiteral(".new"));
    target.remove();
    if (!target.open(QIODevice::WriteOnly | QIODevice::NewOnly, ownerOnly))
        return cannot(target.errorString());
    const QByteArray bytes = QByteArray::fromStdString(tokens.dump(2)) + '\n';
    if (target.write(bytes) != bytes.size() || !target.flush())
        return cannot(target.errorString());
    target.close();
    if (std::rename(QFile::encodeName(target.fileName()).constData(),
                    QFile::encodeName(file).constData()) != 0)
        return cannot(qt_error_string());
    return {};
}

Result<QString> TokenStore::Private::loadFromFile(const QUrl &server) const
{
    const auto tokens = readFile();
    if (!tokens)
        return tl::unexpected(tokens.error());
    const auto it = tokens->find(keyOf(server).toStdString());
    if (it == tokens->end() || !it->is_string())
        return QString();
    return QString::fromStdString(it->get_ref<const std::string &>());
}

Result<> TokenStore::Private::saveToFile(const QUrl &server, const QString &token) const
{
    auto tokens = readFile();
    if (!tokens)
        return tl::unexpected(tokens.error());
    const std::string key = keyOf(server).toStdString();
    if (token.isEmpty() && tokens->erase(key) == 0)
        return {};
    if (!token.isEmpty())
        (*tokens)[key] = token.toStdString();
    return writeFile(*tokens);
}

TokenStore::TokenStore(QString file, Backend backend, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>())
{
    d->file = std::move(file);
    d->backend = backend;
}

TokenStore::~TokenStore() = default;

const QString &TokenStore::file() const
{
    return d->file;
}

QFuture<TokenStore::Place> TokenStore::place()
{
    auto promise = std::make_shared<QPromise<Place>>();
    promise->start();
    d->whenPlaced([promise](Place place) {
        promise->addResult(place);
        promise->finish();
    });
    return promise->future();
}

QFuture<Result<QString>> TokenStore::load(const QUrl &server)
{
    auto promise = std::make_shared<QPromise<Result<QString>>>();
    promise->start();
    const auto give = [promise](Result<QString> token) {
        promise->addResult(std::move(token));
        promise->finish();
    };
    d->whenPlaced([this, server, give](Place place) {
        if (place == Place::File)
            return give(d->loadFromFile(server));
        auto *const job = new QKeychain::ReadPasswordJob(QStringLiteral("farcell"));
        job->setKey(keyOf(server));
        // What an earlier session without a keychain wrote is still found.
        connect(job, &QKeychain::Job::finished, this, [this, job, server, give] {
            give(job->error() == QKeychain::NoError ? Result<QString>(job->textData())
                                                    : d->loadFromFile(server));
        });
        job->start();
    });
    return promise->future();
}

QFuture<Result<TokenStore::Place>> TokenStore::save(const QUrl &server, const QString &token)
{
    auto promise = std::make_shared<QPromise<Result<Place>>>();
    promise->start();
    const auto toFile = [this, promise, server, token] {
        const auto saved = d->saveToFile(server, token);
        promise->addResult(saved ? Result<Place>(Place::File)
                                 : Result<Place>(tl::unexpected(saved.error())));
        promise->finish();
    };
    d->whenPlaced([this, server, token, toFile, promise](Place place) {
        if (place == Place::File)
            return toFile();
        auto *const job = new QKeychain::WritePasswordJob(QStringLiteral("farcell"));
        job->setKey(keyOf(server));
        job->setTextData(token);
        connect(job, &QKeychain::Job::finished, this, [this, job, promise, server, toFile] {
            if (job->error() != QKeychain::NoError) {
                qCWarning(lcTokens) << "the keychain refused:" << job->errorString();
                return toFile();
            }
            static_cast<void>(d->saveToFile(server, QString())); // no second copy
            promise->addResult(Result<Place>(Place::Keychain));
            promise->finish();
        });
        job->start();
    });
    return promise->future();
}

QFuture<Result<>> TokenStore::forget(const QUrl &server)
{
    const auto removed = d->saveToFile(server, QString());
    d->whenPlaced([server](Place place) {
        if (place == Place::File)
            return;
        auto *const job = new QKeychain::DeletePasswordJob(QStringLiteral("farcell"));
        job->setKey(keyOf(server));
        job->start(); // deletes itself
    });
    return ready(removed);
}

} // namespace farcell
