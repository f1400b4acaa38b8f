#include "app/theme/iconengine.h"

#include "app/theme/theme.h"

#include <QFile>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <utility>

namespace farcell {

IconEngine::IconEngine(QString name, const QColor &tint, const ThemeSource *source)
    : m_name(std::move(name))
    , m_tint(tint)
    , m_source(source)
{}

QColor IconEngine::colour(QIcon::Mode mode, QIcon::State state) const
{
    if (!m_source)
        return m_tint.isValid() ? m_tint : QColor(Qt::gray);
    const Theme &theme = m_source->theme();
    if (mode == QIcon::Disabled) {
        QColor faint = theme.textFaint;
        faint.setAlphaF(0.55F);
        return faint;
    }
    if (m_tint.isValid())
        return m_tint;
    if (state == QIcon::On)
        return theme.accent;
    return mode == QIcon::Active || mode == QIcon::Selected ? theme.text : theme.textMuted;
}

QPixmap IconEngine::render(const QString &name, const QColor &tint, const QSize &size)
{
    const QString key = QStringLiteral("farcell-icon:%1:%2:%3x%4")
                            .arg(name, tint.name(QColor::HexArgb))
                            .arg(size.width())
                            .arg(size.height());
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;

    QFile file(QStringLiteral(":/farcell/icons/%1.svg").arg(name));
    if (size.isEmpty() || !file.open(QIODevice::ReadOnly))
        return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", tint.name(QColor::HexRgb).toLatin1());
    QSvgRenderer renderer(svg);

    pixmap = QPixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setOpacity(tint.alphaF());
    const int side = qMin(size.width(), size.height());
    renderer.render(&painter,
                    QRectF((size.width() - side) / 2.0, (size.height() - side) / 2.0, side, side));
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QPixmap IconEngine::pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state)
{
    return render(m_name, colour(mode, state), size);
}

QPixmap IconEngine::scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State state,
                                 qreal /*scale*/)
{
    return render(m_name, colour(mode, state), size); // `size` already is in device pixels
}

void IconEngine::paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state)
{
    const qreal ratio = painter->device()->devicePixelRatioF();
    QPixmap pixmap = render(m_name, colour(mode, state), (QSizeF(rect.size()) * ratio).toSize());
    pixmap.setDevicePixelRatio(ratio);
    painter->drawPixmap(rect.topLeft(), pixmap);
}

QIconEngine *IconEngine::clone() const
{
    return new IconEngine(m_name, m_tint, m_source);
}

} // namespace farcell
