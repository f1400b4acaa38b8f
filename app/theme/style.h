#pragma once

#include "app/theme/theme.h"

#include <QProxyStyle>

class QApplication;

namespace farcell {

// The look of all standard widgets: Fusion, a palette and resources/farcell.qss filled from the
// theme, and a few elements drawn here (check marks, focus). Keeps itself in step with the theme.
// Owned by the application; `source` must outlive it.
class Style : public QProxyStyle
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Style)

public:
    static void install(QApplication &application, ThemeSource &source);

    void drawPrimitive(PrimitiveElement element, const QStyleOption *option, QPainter *painter,
                       const QWidget *widget) const override;
    int pixelMetric(PixelMetric metric, const QStyleOption *option,
                    const QWidget *widget) const override;
    int styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget,
                  QStyleHintReturn *returnData) const override;
    [[nodiscard]] QPalette standardPalette() const override;

    [[nodiscard]] static QString styleSheet(const Theme &theme, const QString &iconDirectory);
    [[nodiscard]] static QPalette palette(const Theme &theme);

private:
    explicit Style(ThemeSource &source);
    void drawCheck(const QStyleOption &option, QPainter &painter, bool round) const;

    ThemeSource &m_source;
};

} // namespace farcell
