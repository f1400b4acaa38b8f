#pragma once

#include "app/blocks/images.h"
#include "app/outputs/outputpart.h"

namespace farcell {

class ThemeSource;

// What a notebook says about an image beside its bytes (metadata["image/png"]).
struct ImageHints
{
    QSizeF size;             // either side may be 0: derived from the other
    QString needsBackground; // "light", "dark" or empty
};

// One raster or SVG image of an output. GUI thread.
class ImagePart : public OutputPart
{
    Q_OBJECT
public:
    ImagePart(ThemeSource &theme, std::unique_ptr<StoredImage> image, ImageHints hints,
              QObject *parent = nullptr);

    [[nodiscard]] bool isClampable() const override { return false; }
    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    [[nodiscard]] bool hasSelection() const override { return m_selected; }
    void clearSelection() override;
    void selectAll() override;
    [[nodiscard]] QMimeData *copySelection() const override;
    [[nodiscard]] QString plainText() const override { return {}; }
    void themeChanged() override;
    [[nodiscard]] QImage imageAt(QPointF pos) const override;
    [[nodiscard]] QByteArray imageData(QString *suffix) const override;

private:
    [[nodiscard]] QSizeF wantedSize() const;

    ThemeSource &m_theme;
    std::unique_ptr<StoredImage> m_image;
    ImageHints m_hints;
    QRectF m_box;
    bool m_selected = false;
};

} // namespace farcell
