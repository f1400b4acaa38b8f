#pragma once

#include <QByteArray>
#include <QString>

namespace farcell {

// Between the document's UTF-16 and the editor's UTF-8. Every UTF-16 unit keeps its place: a lone
// surrogate is shown as U+FFFD, which is one unit too, so positions always map exactly.
[[nodiscard]] QByteArray toEditorText(QStringView text);
[[nodiscard]] QString fromEditorText(const char *utf8, qsizetype length);

// UTF-16 units of valid UTF-8.
[[nodiscard]] int utf16Length(const char *utf8, qsizetype length);
// Byte offset in `utf8` of a UTF-16 position; inside a surrogate pair it is the pair's start.
[[nodiscard]] qsizetype byteOffset(const char *utf8, qsizetype length, int utf16Position);

} // namespace farcell
