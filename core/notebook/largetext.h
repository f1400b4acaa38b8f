#pragma once

#include <QString>

namespace farcell {

// Appends to text that may become very large, as a stream of output does. From a few MB on the
// text is kept in an unnamed private file that is mapped into memory: the string stays an ordinary
// QString and its copies share the file, but only the pages in use take memory, and appending
// copies nothing. Where there is no room on the disk it stays in memory.
//
// GUI thread; copies may be read on any thread. A changed copy becomes an ordinary string.
void appendLarge(QString &text, QStringView added);

// Gives back the files of texts that nobody holds any more. appendLarge() does so, too.
void releaseLargeTexts();
// Whether the text is kept in a file. For tests.
[[nodiscard]] bool isLargeText(const QString &text);

} // namespace farcell
