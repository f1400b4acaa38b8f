#pragma once

#include <QByteArray>
#include <QImage>
#include <QString>

namespace farcell {

// Asks where to save an image and writes it: its own bytes when the suffix stays the same,
// converted otherwise. Tells the person if that fails. GUI thread.
void saveImage(const QImage &image, const QByteArray &bytes, const QString &suffix);

} // namespace farcell
