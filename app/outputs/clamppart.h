#pragma once

#include "app/blocks/scrollbox.h"
#include "app/outputs/outputpart.h"

#include <memory>

namespace farcell {

class ThemeSource;

// Shows a block in a window of limited height when it is long: scrolls inside, fades out at the
// end, and offers to show all of it or to open it in a tab. GUI thread.
class ClampPart : public OutputPart
{
    Q_OBJECT
public:
    static constexpr qreal limit = 480; // pixels, about 24 lines

    ClampPart(ThemeSource &theme, std::unique_ptr<Block> inner, QObject *parent = nullptr);
    ~ClampPart() override;

    [[nodiscard]] Block &inner() const { return *m_inner; }
    [[nodiscard]] bool isClamped() const { return m_clamped; }
    [[nodiscard]] bool isLong() const { return m_innerHeight > limit * 1.15; }
    void setExpanded(bool expanded);
    [[nodiscard]] qreal innerHeight() const { return m_innerHeight; }
    [[nodiscard]] bool isExpanded() const { return m_expanded; }
    // New text arrives at the end: stay there unless the person scrolled away.
    void setFollowing(bool following) { m_following = following; }

    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    bool mouseMove(QPointF pos, Qt::MouseButtons buttons) override;
    bool mouseRelease(QPointF pos, Qt::MouseButton button) override;
    bool mouseDoubleClick(QPointF pos, Qt::MouseButton button) override;
    bool wheel(QPointF pos, QPoint pixelDelta, QPoint angleDelta) override;
    [[nodiscard]] Qt::CursorShape cursorAt(QPointF pos) const override;
    [[nodiscard]] QString toolTipAt(QPointF pos) const override;
    [[nodiscard]] bool hasSelection() const override { return m_inner->hasSelection(); }
    void clearSelection() override { m_inner->clearSelection(); }
    void selectAll() override { m_inner->selectAll(); }
    [[nodiscard]] QMimeData *copySelection() const override { return m_inner->copySelection(); }
    [[nodiscard]] QString plainText() const override { return m_inner->plainText(); }
    void setHighlights(const QList<std::pair<int, int>> &ranges, int current) override;
    [[nodiscard]] QRectF highlightRect(int index) const override;
    [[nodiscard]] QRectF anchorRect(const QString &name) const override;
    void themeChanged() override { m_inner->themeChanged(); }
    [[nodiscard]] QImage imageAt(QPointF pos) const override;

signals:
    void openInTabRequested();

private:
    [[nodiscard]] QPointF toInner(QPointF pos) const;
    [[nodiscard]] QRectF window() const;
    [[nodiscard]] int actionAt(QPointF pos) const; // 0 show all, 1 open in tab, -1 none
    [[nodiscard]] QRectF actionRect(int action) const;
    [[nodiscard]] QString actionText(int action) const;
    void paintFade(QPainter &painter) const;
    void paintFooter(QPainter &painter) const;
    void scrolled();

    ThemeSource &m_theme;
    std::unique_ptr<Block> m_inner;
    ScrollStrip m_bar{Qt::Vertical};
    qreal m_width = 0;
    qreal m_innerHeight = 0;
    bool m_clamped = false;
    bool m_expanded = false;
    bool m_following = false;
    int m_pressedAction = -1;
};

} // namespace farcell
