#pragma once

#include <QByteArray>

namespace farcell::contents {

// Moves a file to the person's trash as freedesktop.org describes it, from where any file manager
// restores it. False when that is not possible: there is no home folder, or it is on another file
// system.
[[nodiscard]] bool moveToTrash(const QByteArray &path);

} // namespace farcell::contents
