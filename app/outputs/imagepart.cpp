#include "app/outputs/imagepart.h"

#include "app/theme/theme.h"

#include <QMimeData>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace farcell {

ImagePart::ImagePart(ThemeSource &theme, std::unique_ptr<StoredImage> image, ImageHints hints,
                     QObject *parent)
    : OutputPart(parent)
    , m_theme(theme)
    , m_image(std::move(image))
    , m_hints(std::move(hints))
{
    connect(m_image.get(), &StoredImage::ready, this, [this] { emit repaintNeeded(m_box); });
}

QSizeF ImagePart::wantedSize() const
{
    const QSizeF natural = m_image->naturalSize();
    const QSizeF hint = m_hints.size;
    if (hint.width() > 0 && hint.height() > 0)
        return hint;
    if (hint.width() > 0)
        return {hint.width(), natural.height() * hint.width() / natural.width()};
    if (hint.height() > 0)
        return {natural.width() * hint.height() / natural.height(), hint.height()};
    return natural;
}

qreal ImagePart::layout(qreal width)
{
    QSizeF size = wantedSize();
    if (size.width() > width)
        size *= width / size.width();
    m_box = QRectF(QPointF(0, 0), QSizeF(qMax(1.0, size.width()), qMax(1.0, size.height())));
    return m_box.height();
}

void ImagePart::paint(QPainter &painter, const QRectF &)
{
    const Theme &theme = m_theme.theme();
    painter.save();
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter.setPen(Qt::NoPen);
    const qreal ratio = painter.device() ? painter.device()->devicePixelRatioF() : 1;
    const QImage pixels = m_image->pixels((m_box.size() * ratio).toSize());
    const bool card =
        m_hints.needsBackground == QLatin1String("light") || (theme.dark && m_image->isDarkInk());
    if (pixels.isNull())
        painter.setBrush(theme.surfaceSunken);
    else if (card)
        painter.setBrush(QColor(250, 250, 250));
    else if (m_hints.needsBackground == QLatin1String("dark") && !theme.dark)
        painter.setBrush(QColor(30, 31, 34));
    if (painter.brush().style() != Qt::NoBrush)
        painter.drawRoundedRect(m_box, Theme::radius, Theme::radius);
    if (!pixels.isNull())
        painter.drawImage(m_box, pixels);
    if (m_selected) {
        QColor tint = theme.accent;
        tint.setAlphaF(0.18F);
        painter.fillRect(m_box, tint);
    }
    painter.restore();
}

bool ImagePart::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers)
{
    if (button != Qt::LeftButton || !m_box.contains(pos))
        return false;
    selectAll();
    return true;
}

void ImagePart::clearSelection()
{
    m_selected = false;
    emit repaintNeeded(m_box);
}

void ImagePart::selectAll()
{
    m_selected = true;
    emit repaintNeeded(m_box);
}

QMimeData *ImagePart::copySelection() const
{
    if (!m_selected)
        return nullptr;
    auto *data = new QMimeData;
    data->setImageData(m_image->decodeNow());
    return data;
}

void ImagePart::themeChanged()
{
    emit repaintNeeded(m_box);
}

QImage ImagePart::imageAt(QPointF pos) const
{
    return m_box.contains(pos) ? m_image->decodeNow() : QImage();
}

QByteArray ImagePart::imageData(QString *suffix) const
{
    if (suffix)
        *suffix = m_image->suffix();
    return m_image->bytes();
}

} // namespace farcell
