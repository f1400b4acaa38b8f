#pragma once

#include "core/base/result.h"
#include "core/client/runtimeclient.h"

#include <QFuture>
#include <QObject>

#include <memory>

namespace farcell {

// "This computer": the app's own farcelld on a private loopback port with a one-time token.
// The token goes through a 0600 file, never argv. Ends with the app; `ephemeral` also ends its
// kernels (for `farcell run`). Finds farcelld beside our own program, then on PATH.
class EmbeddedRuntime : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(EmbeddedRuntime)

public:
    struct Options
    {
        QString root;           // folder shown as the runtime's files; kernels start here
        QString stateDirectory; // empty: the user's state directory
        bool ephemeral = false;
    };
    explicit EmbeddedRuntime(Options options, QObject *parent = nullptr);
    ~EmbeddedRuntime() override;

    QFuture<Result<Endpoint>> start(); // the same future while it starts or runs

signals:
    void ended(const QString &why); // farcelld stopped although nobody asked

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace farcell
