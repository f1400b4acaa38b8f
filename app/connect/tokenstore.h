#pragma once

#include "core/base/result.h"

#include <QFuture>
#include <QObject>
#include <QString>
#include <QUrl>

#include <memory>

namespace farcell {

// Keeps the tokens of servers: in the system's keychain, or where there is none in a file only its
// owner can read. Nothing here blocks. GUI thread.
class TokenStore : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TokenStore)

public:
    enum class Place
    {
        Keychain,
        File
    };
    enum class Backend
    {
        KeychainIfThere,
        FileOnly
    };

    explicit TokenStore(QString file, Backend backend = Backend::KeychainIfThere,
                        QObject *parent = nullptr);
    ~TokenStore() override;

    [[nodiscard]] const QString &file() const;
    [[nodiscard]] QFuture<Place> place(); // where save() will put a token

    // An empty token if none is kept.
    [[nodiscard]] QFuture<Result<QString>> load(const QUrl &server);
    QFuture<Result<Place>> save(const QUrl &server, const QString &token);
    QFuture<Result<>> forget(const QUrl &server);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace farcell
