#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

namespace farcell::contents {

// A file that comes in Jupyter's chunks: 1, 2, … and -1 for the last one. They are gathered in a
// hidden file beside the target, which takes the target's place with the last one: an upload that
// breaks off leaves what was there. Chunk 1 begins anew. Returns the bytes so far.
[[nodiscard]] Result<qint64> takeChunk(const QByteArray &target, qint64 number,
                                       QByteArrayView bytes);

} // namespace farcell::contents
