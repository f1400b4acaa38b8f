#include "app/markdown/imageobject.h"

#include "app/theme/theme.h"

#include <QPainter>

#include <algorithm>

namespace farcell {

ImageObject::ImageObject(ThemeSource &theme, std::unique_ptr<StoredImage> image, QSizeF wanted,
                         QString alt)
    : m_theme(theme)
    , m_image(std::move(image))
    , m_wanted(wanted)
    , m_alt(std::move(alt))
{}

QSizeF ImageObject::size(qreal available) const
{
    const QSizeF natural = m_image->naturalSize();
    QSizeF size = natural;
    if (m_wanted.width() > 0 && m_wanted.height() > 0)
        size = m_wanted;
    else if (m_wanted.width() > 0)
        size = natural * (m_wanted.width() / natural.width());
    else if (m_wanted.height() > 0)
        size = natural * (m_wanted.height() / natural.height());
    if (size.width() > available)
        size *= available / size.width();
    return {std::max(1.0, size.width()), std::max(1.0, size.height())};
}

void ImageObject::paint(QPainter &painter, const QRectF &box)
{
    const Theme &theme = m_theme.theme();
    const qreal ratio = painter.device() ? painter.device()->devicePixelRatioF() : 1;
    const QImage pixels = m_image->pixels((box.size() * ratio).toSize());
    painter.save();
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter.setPen(Qt::NoPen);
    if (pixels.isNull() || (theme.dark && m_image->isDarkInk())) {
        painter.setBrush(pixels.isNull() ? theme.surfaceSunken : QColor(250, 250, 250));
        painter.drawRoundedRect(box, Theme::radius, Theme::radius);
    }
    if (!pixels.isNull())
        painter.drawImage(box, pixels);
    painter.restore();
}

} // namespace farcell
