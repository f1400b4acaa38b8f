#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QString>

namespace farcell {

// Writes a gzip'ed tar archive (ustar) in memory. The same files give the same bytes: no times, no
// owners.
class TarPack
{
public:
    // `name` has at most 100 bytes.
    [[nodiscard]] Result<> add(const QString &name, const QByteArray &content, bool isProgram);
    [[nodiscard]] QByteArray finish();

private:
    QByteArray m_tar;
};

} // namespace farcell
