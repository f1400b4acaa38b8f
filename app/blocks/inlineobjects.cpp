#include "app/blocks/inlineobjects.h"

#include <QAbstractTextDocumentLayout>
#include <QFontMetrics>
#include <QPainter>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextLayout>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

// The width a line at this position can have: the text width without the paragraph's margins.
qreal availableWidth(const QTextDocument &document, int position)
{
    const QTextBlockFormat format = document.findBlock(position).blockFormat();
    const qreal width = document.textWidth() > 0 ? document.textWidth() : 800;
    return std::max(24.0, width - format.leftMargin() - format.rightMargin());
}

// Qt gives an inline object a descent only with AlignMiddle, and then
// ascent - descent = xHeight / 2 of the format's font (QTextDocumentLayout::resizeInlineObject).
qreal halfX(const QTextFormat &format)
{
    return QFontMetrics(format.toCharFormat().font()).xHeight() / 2.0;
}

// A font whose x-height makes Qt's split of the box come as close as it can to the wanted one.
void chooseBaseline(QTextCharFormat &format, qreal ascent, qreal descent)
{
    if (descent < 0.5) {
        format.setVerticalAlignment(QTextCharFormat::AlignNormal);
        return;
    }
    format.setVerticalAlignment(QTextCharFormat::AlignMiddle);
    const qreal wanted = std::max(0.0, 2 * (ascent - descent));
    QFont font = format.font();
    font.setPixelSize(100);
    const qreal perPixel = std::max(10, QFontMetrics(font).xHeight()) / 100.0;
    font.setPixelSize(std::clamp(static_cast<int>(std::lround(wanted / perPixel)), 1, 2000));
    format.setFont(font);
}

} // namespace

void InlineObjects::attach(QTextDocument &document)
{
    document.documentLayout()->registerHandler(objectType, this);
}

int InlineObjects::insert(QTextCursor &cursor, std::unique_ptr<InlineObject> object,
                          QTextCharFormat format)
{
    const qreal available = availableWidth(*cursor.document(), cursor.position());
    const qreal ascent = object->ascent(available);
    chooseBaseline(format, ascent, object->size(available).height() - ascent);
    const int index = count();
    format.setObjectType(objectType);
    format.setProperty(IndexProperty, index);
    QTextCursor place(cursor);
    place.setKeepPositionOnInsert(true); // stays in front of the object
    cursor.insertText(QString(QChar::ObjectReplacementCharacter), format);
    m_items.push_back({std::move(object), place});
    return index;
}

void InlineObjects::sizeChanged(int index)
{
    if (index < 0 || index >= count())
        return;
    Item &item = m_items[static_cast<size_t>(index)];
    if (!item.cursor.document())
        return;
    const int position = item.cursor.position();
    const qreal available = availableWidth(*item.cursor.document(), position);
    const qreal ascent = item.object->ascent(available);
    QTextCursor character(item.cursor);
    character.setPosition(position);
    character.setPosition(position + 1, QTextCursor::KeepAnchor);
    QTextCharFormat format = character.charFormat();
    chooseBaseline(format, ascent, item.object->size(available).height() - ascent);
    character.setCharFormat(format);
    item.cursor.document()->markContentsDirty(position, 1);
}

InlineObject *InlineObjects::at(int index) const
{
    return index >= 0 && index < count() ? m_items[static_cast<size_t>(index)].object.get()
                                         : nullptr;
}

InlineObject *InlineObjects::of(const QTextFormat &format) const
{
    return format.hasProperty(IndexProperty) ? at(format.intProperty(IndexProperty)) : nullptr;
}

QSizeF InlineObjects::intrinsicSize(QTextDocument *document, int position,
                                    const QTextFormat &format)
{
    const InlineObject *object = of(format);
    if (!object)
        return {};
    const qreal available = availableWidth(*document, position);
    const QSizeF size = object->size(available);
    if (format.toCharFormat().verticalAlignment() != QTextCharFormat::AlignMiddle)
        return size;
    const qreal above = object->ascent(available);
    const qreal half = halfX(format);
    return {size.width(), std::max(2 * above - half, 2 * (size.height() - above) + half)};
}

void InlineObjects::drawObject(QPainter *painter, const QRectF &rect, QTextDocument *document,
                               int position, const QTextFormat &format)
{
    InlineObject *object = of(format);
    if (!object)
        return;
    const qreal available = availableWidth(*document, position);
    qreal baseline = rect.bottom();
    const QTextBlock block = document->findBlock(position);
    const QTextLine line = block.layout()->lineForTextPosition(position - block.position());
    // Qt paints such an object in the middle of its line, whatever ascent it was given.
    if (format.toCharFormat().verticalAlignment() == QTextCharFormat::AlignMiddle && line.isValid())
        baseline = rect.top() - (line.height() - rect.height()) / 2 + line.ascent();
    const QSizeF size = object->size(available);
    object->paint(*painter,
                  QRectF(QPointF(rect.left(), baseline - object->ascent(available)), size));
}

} // namespace farcell
