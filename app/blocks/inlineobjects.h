#pragma once

#include <QObject>
#include <QTextCursor>
#include <QTextObjectInterface>

#include <memory>
#include <vector>

class QTextDocument;

namespace farcell {

// Something drawn inside a line of text that is not text: a formula, an image.
// Sizes are device-independent pixels; `available` is the width the line could give.
class InlineObject
{
public:
    InlineObject() = default;
    InlineObject(const InlineObject &) = delete;
    InlineObject &operator=(const InlineObject &) = delete;
    virtual ~InlineObject() = default;

    [[nodiscard]] virtual QSizeF size(qreal available) const = 0;
    // The part of the height that is above the line's baseline.
    [[nodiscard]] virtual qreal ascent(qreal available) const { return size(available).height(); }
    virtual void paint(QPainter &painter, const QRectF &box) = 0;
    // What Copy puts in the text for it.
    [[nodiscard]] virtual QString sourceText() const { return {}; }
    [[nodiscard]] virtual QString toolTip() const { return {}; }
};

// Owns the inline objects of one QTextDocument and draws them for Qt's layout, on the exact
// baseline. Owned by the text block that owns the document; GUI thread.
class InlineObjects : public QObject, public QTextObjectInterface
{
    Q_OBJECT
    Q_INTERFACES(QTextObjectInterface)

public:
    enum Property
    {
        IndexProperty = QTextFormat::UserProperty + 40
    };
    static constexpr int objectType = QTextFormat::UserObject + 7;

    using QObject::QObject;

    void attach(QTextDocument &document);
    // Inserts at the cursor with this format (for links and such); returns the object's index.
    int insert(QTextCursor &cursor, std::unique_ptr<InlineObject> object, QTextCharFormat format);
    void clear() { m_items.clear(); }
    // The object's size or baseline changed: have Qt lay its line out again.
    void sizeChanged(int index);

    [[nodiscard]] InlineObject *at(int index) const;
    [[nodiscard]] InlineObject *of(const QTextFormat &format) const;
    [[nodiscard]] int count() const { return static_cast<int>(m_items.size()); }

    QSizeF intrinsicSize(QTextDocument *document, int position, const QTextFormat &format) override;
    void drawObject(QPainter *painter, const QRectF &rect, QTextDocument *document, int position,
                    const QTextFormat &format) override;

private:
    struct Item
    {
        std::unique_ptr<InlineObject> object;
        QTextCursor cursor;
    };
    std::vector<Item> m_items;
};

} // namespace farcell
