#pragma once

#include "core/base/result.h"

#include <QFuture>
#include <QString>

namespace farcell {

// This app's farcelld and all it needs on another machine, packed: farcelld, its keeper, the
// shared libraries of both except the C library's own family, the Python shim, and a `manifest` of
// SHA-256 sums. The libraries are found by the run path in both programs ($ORIGIN/../lib/farcell),
// so kernels see nothing of them.
struct ServerBundle
{
    QString id;         // "0.1.0-1a2b3c4d5e6f": version and a hash of the content
    QString version;    // "0.1.0"
    QString said;       // what `farcelld --version` prints
    QString machine;    // as `uname -m` says
    QString glibc;      // the version that the programs need at least: "2.34"
    QString packFile;   // a gzip'ed tar archive
    QString packSum;    // its SHA-256
    QString programSum; // SHA-256 of our farcelld as it is here
    qint64 packBytes = 0;
    qint64 unpackedBytes = 0;
};

// Packs what is in `programs` (empty: beside this program, or on PATH), or finds it in `cache` from
// an earlier time. Works in the thread pool.
[[nodiscard]] QFuture<Result<ServerBundle>> prepareServerBundle(const QString &programs,
                                                                const QString &cache);

} // namespace farcell
