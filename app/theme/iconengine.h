#pragma once

#include <QColor>
#include <QIconEngine>
#include <QPointer>

namespace farcell {

class ThemeSource;

// Draws one SVG line icon in a colour, crisp at every size and scale. Without a colour of its own
// it takes the theme's at the time of painting, so a theme switch needs only a repaint.
class IconEngine : public QIconEngine
{
public:
    IconEngine(QString name, const QColor &tint, const ThemeSource *source);

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override;
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override;
    QPixmap scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State state,
                         qreal scale) override;
    [[nodiscard]] QIconEngine *clone() const override;

    // `size` in device pixels.
    [[nodiscard]] static QPixmap render(const QString &name, const QColor &tint, const QSize &size);

private:
    [[nodiscard]] QColor colour(QIcon::Mode mode, QIcon::State state) const;

    QString m_name;
    QColor m_tint;
    QPointer<const ThemeSource> m_source;
};

} // namespace farcell
