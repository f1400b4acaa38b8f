#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <nlohmann/json.hpp>

// Notebooks as the contents API carries them, and as nbformat writes them to disk.
//
// Numbers that are not plain 64-bit integers are kept as their text, in a binary value of the
// parsed JSON, so that they come out as they went in. encodeJson() and encodeNotebook() know that;
// nlohmann's own dump() does not.
namespace farcell::contents {

// InvalidData on malformed JSON and on nesting deeper than `maxDepth`.
[[nodiscard]] Result<nlohmann::json> parseJson(QByteArrayView text);
inline constexpr int maxDepth = 400;

// Lists of lines become one string each, where nbformat allows them; cells lose what a file cannot
// vouch for (metadata.trusted).
void joinLines(nlohmann::json &notebook);

// Compact, for the wire.
[[nodiscard]] QByteArray encodeJson(const nlohmann::json &value);
// As Python's nbformat writes a file: jupyter.md 5.2.
[[nodiscard]] QByteArray encodeNotebook(nlohmann::json notebook);

// InvalidData: this is no notebook. Else what breaks the format, for the person to know; usually
// nothing. Not a full schema check.
[[nodiscard]] Result<QString> checkNotebook(const nlohmann::json &notebook);

} // namespace farcell::contents
