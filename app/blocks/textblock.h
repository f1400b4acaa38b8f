#pragma once

#include "app/blocks/block.h"
#include "app/blocks/inlineobjects.h"

#include <QTextCursor>
#include <QTextDocument>

#include <vector>

namespace farcell {

class ThemeSource;

// A block that shows a QTextDocument: selection with the mouse, links, copy, highlights, inline
// objects. Subclasses fill the document in build(). GUI thread; the theme outlives it.
// Not here: how the document is filled (markdown/), clamping (outputs/).
class TextBlock : public Block
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TextBlock)

public:
    explicit TextBlock(ThemeSource &theme, QObject *parent = nullptr);
    ~TextBlock() override;

    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    bool mouseMove(QPointF pos, Qt::MouseButtons buttons) override;
    bool mouseRelease(QPointF pos, Qt::MouseButton button) override;
    bool mouseDoubleClick(QPointF pos, Qt::MouseButton button) override;
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

    // A text cell leaves double clicks to its row (they start editing); outputs select a word.
    void setDoubleClickSelects(bool on) { m_doubleClickSelects = on; }
    // The width the text would take if nothing had to be wrapped.
    [[nodiscard]] qreal idealWidth();

protected:
    // Fills the empty document with the theme of now. Called at first use and after a change.
    virtual void build(QTextDocument &document, InlineObjects &objects) = 0;
    void rebuild(); // the content changed: build() again at the next layout
    void objectResized(int index);
    [[nodiscard]] ThemeSource &themeSource() const { return m_theme; }
    [[nodiscard]] InlineObjects &objects() { return m_objects; }

private:
    void ensureBuilt() const;
    [[nodiscard]] int positionAt(QPointF pos, Qt::HitTestAccuracy accuracy) const;
    [[nodiscard]] QString linkAt(QPointF pos) const;
    void activate(const QString &link);

    ThemeSource &m_theme;
    // Building is a cache of the content, so reading methods may trigger it.
    mutable InlineObjects m_objects; // before the document: its layout keeps a pointer
    mutable QTextDocument m_document;
    mutable bool m_built = false;
    QTextCursor m_selection;
    std::vector<std::pair<int, int>> m_highlights;
    int m_currentHighlight = -1;
    QPointF m_pressed;
    QString m_pressedLink;
    bool m_selecting = false;
    bool m_doubleClickSelects = false;
    qreal m_height = 0;
};

// The selected text as a person expects it: list markers, TeX sources, table cells by tabs.
[[nodiscard]] QString selectedText(const QTextCursor &selection, const InlineObjects &objects);

} // namespace farcell
