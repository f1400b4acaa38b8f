#pragma once

#include "app/outputs/outputpart.h"

#include <memory>
#include <vector>

namespace farcell {

// Blocks one below the other that act as one: mouse, selection, copy, find. Owns them. GUI thread.
class StackPart : public OutputPart
{
    Q_OBJECT
public:
    explicit StackPart(qreal spacing, QObject *parent = nullptr);
    ~StackPart() override;

    void add(std::unique_ptr<Block> block);
    void truncate(int count); // drops blocks from `count` on
    [[nodiscard]] int count() const { return static_cast<int>(m_rows.size()); }
    [[nodiscard]] Block *at(int index) const;
    [[nodiscard]] int indexAt(QPointF pos) const; // -1 between and outside
    [[nodiscard]] QPointF offsetOf(int index) const;

    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    bool mouseMove(QPointF pos, Qt::MouseButtons buttons) override;
    bool mouseRelease(QPointF pos, Qt::MouseButton button) override;
    bool mouseDoubleClick(QPointF pos, Qt::MouseButton button) override;
    bool wheel(QPointF pos, QPoint pixelDelta, QPoint angleDelta) override;
    [[nodiscard]] Qt::CursorShape cursorAt(QPointF pos) const override;
    [[nodiscard]] QString toolTipAt(QPointF pos) const override;
    [[nodiscard]] bool hasSelection() const override;
    void clearSelection() override;
    void selectAll() override;
    [[nodiscard]] QMimeData *copySelection() const override;
    [[nodiscard]] QString plainText() const override;
    void setHighlights(const QList<std::pair<int, int>> &ranges, int current) override;
    [[nodiscard]] QRectF highlightRect(int index) const override;
    [[nodiscard]] QRectF anchorRect(const QString &name) const override;
    void themeChanged() override;
    [[nodiscard]] QImage imageAt(QPointF pos) const override;
    void setViewport(qreal top, qreal height) override;

private:
    struct Row
    {
        std::unique_ptr<Block> block;
        qreal top = 0;
        qreal height = 0;
    };
    [[nodiscard]] const Row *rowOf(const Block *block) const;

    std::vector<Row> m_rows;
    std::vector<std::pair<int, int>> m_hits; // for each highlight: row, index there
    qreal m_spacing;
    Block *m_grab = nullptr; // has the mouse while a button is down
};

} // namespace farcell
