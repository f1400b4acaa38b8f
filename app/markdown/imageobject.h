#pragma once

#include "app/blocks/images.h"
#include "app/blocks/inlineobjects.h"

namespace farcell {

class ThemeSource;

// An image in a line of rich text, fitted to the width there is. Decoded off the GUI thread;
// `changed` of its StoredImage tells when to repaint.
class ImageObject : public InlineObject
{
public:
    // `wanted`: width and height from the source, 0 where not given.
    ImageObject(ThemeSource &theme, std::unique_ptr<StoredImage> image, QSizeF wanted, QString alt);

    [[nodiscard]] QSizeF size(qreal available) const override;
    void paint(QPainter &painter, const QRectF &box) override;
    [[nodiscard]] QString sourceText() const override { return m_alt; }
    [[nodiscard]] QString toolTip() const override { return m_alt; }
    [[nodiscard]] StoredImage &image() const { return *m_image; }

private:
    ThemeSource &m_theme;
    std::unique_ptr<StoredImage> m_image;
    QSizeF m_wanted;
    QString m_alt;
};

} // namespace farcell
