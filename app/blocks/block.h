#pragma once

#include <QObject>
#include <QPointF>
#include <QRectF>
#include <QString>
#include <QUrl>

#include <functional>

class QMimeData;
class QMouseEvent;
class QPainter;

namespace farcell {

// A piece of rendered, read-only content in a cell row: Markdown, or a cell's outputs. It is laid
// out at a width, painted by its row, and takes the mouse for selection and links. Not a widget.
// GUI thread. Coordinates are the block's own, device-independent pixels, (0, 0) at its top left.
class Block : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Block)

public:
    using QObject::QObject;

    // Lays out for this width and returns the height. Cheap when nothing changed.
    virtual qreal layout(qreal width) = 0;
    virtual void paint(QPainter &painter, const QRectF &exposed) = 0;

    // Mouse and wheel in block coordinates; true if the block took the event.
    virtual bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers);
    virtual bool mouseMove(QPointF pos, Qt::MouseButtons buttons);
    virtual bool mouseRelease(QPointF pos, Qt::MouseButton button);
    virtual bool mouseDoubleClick(QPointF pos, Qt::MouseButton button);
    virtual bool wheel(QPointF pos, QPoint pixelDelta, QPoint angleDelta);
    [[nodiscard]] virtual Qt::CursorShape cursorAt(QPointF pos) const;
    [[nodiscard]] virtual QString toolTipAt(QPointF pos) const;

    [[nodiscard]] virtual bool hasSelection() const { return false; }
    virtual void clearSelection() {}
    virtual void selectAll() {}
    // What Copy puts on the clipboard (text, HTML, image); null if nothing is selected.
    [[nodiscard]] virtual QMimeData *copySelection() const { return nullptr; } // caller owns

    // Text as shown, for find and accessibility; highlights show hits, `current` (index or -1)
    // more strongly. Returns the y range of a hit for scrolling to it.
    [[nodiscard]] virtual QString plainText() const = 0;
    virtual void setHighlights(const QList<std::pair<int, int>> &ranges, int current);
    [[nodiscard]] virtual QRectF highlightRect(int index) const;

    // Where the heading or anchor of this name is ("#name" links); null if it is not in here.
    [[nodiscard]] virtual QRectF anchorRect(const QString &name) const;

    // The theme changed: colours must be taken anew, layout may change.
    virtual void themeChanged() = 0;

signals:
    void heightChanged();                   // layout() must be called again
    void repaintNeeded(const QRectF &area); // null rectangle: all of it
    void linkActivated(const QUrl &url);    // anchors as "#name", cells as "farcell-cell:ID"
    void contextMenuRequested(QPointF pos, QPoint globalPos);
};

} // namespace farcell
