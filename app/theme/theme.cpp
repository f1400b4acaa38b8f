#include "app/theme/theme.h"

#include "app/theme/iconengine.h"
#include "app/theme/palettes.h"
#include "app/theme/systemscheme.h"

#include <QPixmap>

// In a static library nothing else pulls the resources in. Outside any namespace, as Qt asks.
static void initResources()
{
    Q_INIT_RESOURCE(ui);
}

namespace farcell {

ThemeSource::ThemeSource(QObject *parent)
    : QObject(parent)
    , m_system(new SystemScheme(this))
{
    initResources();
    connect(m_system, &SystemScheme::changed, this, [this] {
        if (m_choice == Choice::System)
            apply();
    });
    apply();
}

ThemeSource::~ThemeSource() = default;

void ThemeSource::setChoice(Choice choice)
{
    if (choice == m_choice)
        return;
    m_choice = choice;
    apply();
}

void ThemeSource::setCodeFontSize(int pixels)
{
    pixels = qBound(8, pixels, 40);
    if (pixels == m_codePixels)
        return;
    m_codePixels = pixels;
    apply();
}

void ThemeSource::apply()
{
    const bool dark =
        m_choice == Choice::Dark || (m_choice == Choice::System && m_system->isDark());
    m_theme = dark ? darkTheme() : lightTheme();
    setFonts(m_theme, m_codePixels);
    emit themeChanged();
}

QIcon ThemeSource::icon(const QString &name) const
{
    return QIcon(new IconEngine(name, {}, this)); // QIcon owns it
}

QIcon ThemeSource::icon(const QString &name, const QColor &tint) const
{
    return QIcon(new IconEngine(name, tint, this)); // QIcon owns it
}

QPixmap ThemeSource::pixmap(const QString &name, const QColor &tint, int size,
                            qreal devicePixelRatio) const
{
    QPixmap pixmap =
        IconEngine::render(name, tint, (QSizeF(size, size) * devicePixelRatio).toSize());
    pixmap.setDevicePixelRatio(devicePixelRatio);
    return pixmap;
}

} // namespace farcell
