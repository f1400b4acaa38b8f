#pragma once

#include "app/blocks/block.h"

#include <QImage>

namespace farcell {

// One output, or a piece of one, inside an OutputArea. Adds to Block what the area must know.
class OutputPart : public Block
{
    Q_OBJECT
public:
    using Block::Block;

    // Long parts are shown in a window of limited height; images are not.
    [[nodiscard]] virtual bool isClampable() const { return true; }
    // The part of it that the window shows now: for headers that stay and scroll bars.
    virtual void setViewport(qreal top, qreal height);
    // The image at this place in full size, for copying and saving; null if there is none.
    [[nodiscard]] virtual QImage imageAt(QPointF pos) const;
    // The image's own bytes and file suffix, to be saved as they are.
    [[nodiscard]] virtual QByteArray imageData(QString *suffix) const;
};

} // namespace farcell
