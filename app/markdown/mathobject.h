#pragma once

#include "app/blocks/inlineobjects.h"
#include "app/markdown/mathengine.h"
#include "app/markdown/mathextract.h"

#include <QFont>

namespace farcell {

class ThemeSource;

// A formula in a line of rich text: its source until it is typeset, in red if TeX refuses it.
class MathObject : public InlineObject
{
public:
    // `font`: of the text around; gives the x-height that formulas are scaled by.
    MathObject(ThemeSource &theme, MathSpan span, const QFont &font);

    void setResult(const MathResult &result);
    [[nodiscard]] bool isPending() const { return !m_picture && m_error.isEmpty(); }

    [[nodiscard]] QSizeF size(qreal available) const override;
    [[nodiscard]] qreal ascent(qreal available) const override;
    void paint(QPainter &painter, const QRectF &box) override;
    [[nodiscard]] QString sourceText() const override { return m_span.source; }
    [[nodiscard]] QString toolTip() const override { return m_error; }

private:
    [[nodiscard]] qreal ex(qreal available) const;
    [[nodiscard]] QString placeholder() const;

    ThemeSource &m_theme;
    MathSpan m_span;
    QFont m_font;
    QColor m_color;
    std::shared_ptr<const MathPicture> m_picture;
    QString m_error;
};

} // namespace farcell
