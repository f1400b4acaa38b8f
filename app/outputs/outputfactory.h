#pragma once

#include "app/markdown/rendercontext.h"
#include "core/notebook/cell.h"

#include <memory>

namespace farcell {

class Block;

// A drawn output, and whether it is only a fallback for one that needs JavaScript.
struct MadeOutput
{
    std::unique_ptr<Block> block;
    bool fallback = false;
};

// Makes the block that draws one output.
[[nodiscard]] MadeOutput makeOutput(const Output &output, const RenderContext &context,
                                    const QString &baseDirectory, const QString &notebook);

// The bytes of a base64 value, whitespace and line breaks ignored.
[[nodiscard]] QByteArray binaryValue(const JsonText &value);

} // namespace farcell
