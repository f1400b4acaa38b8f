#pragma once

#include "app/outputs/outputpart.h"

namespace farcell {

class ThemeSource;

// One quiet line that says why something is not shown, with at most one thing to click.
class NotePart : public OutputPart
{
    Q_OBJECT
public:
    NotePart(ThemeSource &theme, QString text, QString action = {}, QObject *parent = nullptr);

    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    bool mouseRelease(QPointF pos, Qt::MouseButton button) override;
    [[nodiscard]] Qt::CursorShape cursorAt(QPointF pos) const override;
    [[nodiscard]] QString toolTipAt(QPointF pos) const override;
    [[nodiscard]] QString plainText() const override { return m_text; }
    void themeChanged() override;

signals:
    void activated();

private:
    [[nodiscard]] QRectF actionRect() const;

    ThemeSource &m_theme;
    QString m_text;
    QString m_action;
    qreal m_width = 0;
};

} // namespace farcell
