#include "app/blocks/textblock.h"

#include "app/blocks/textdecorations.h"
#include "app/theme/theme.h"

#include <QAbstractTextDocumentLayout>
#include <QGuiApplication>
#include <QMimeData>
#include <QPainter>
#include <QStyleHints>
#include <QTextBlock>
#include <QTextDocumentFragment>
#include <QTextTable>

#include <algorithm>
#include <cmath>

namespace farcell {

TextBlock::TextBlock(ThemeSource &theme, QObject *parent)
    : Block(parent)
    , m_theme(theme)
{
    m_document.setUndoRedoEnabled(false);
    m_document.setDocumentMargin(0);
    m_objects.attach(m_document);
}

TextBlock::~TextBlock() = default;

void TextBlock::ensureBuilt() const
{
    if (m_built)
        return;
    m_built = true;
    m_document.clear();
    m_objects.clear();
    m_document.setDefaultFont(m_theme.theme().body);
    // build() is the subclass' way to fill the cache; it does not change what the block shows.
    // One edit block: Qt lays out once at its end, not after every piece.
    QTextCursor edit(&m_document);
    edit.beginEditBlock();
    const_cast<TextBlock *>(this)->build(m_document, m_objects);
    edit.endEditBlock();
}

qreal TextBlock::layout(qreal width)
{
    ensureBuilt();
    if (!qFuzzyCompare(m_document.textWidth(), width))
        m_document.setTextWidth(std::max(40.0, width));
    m_height = std::ceil(m_document.size().height());
    return m_height;
}

qreal TextBlock::idealWidth()
{
    ensureBuilt();
    return m_document.idealWidth();
}

void TextBlock::paint(QPainter &painter, const QRectF &exposed)
{
    ensureBuilt();
    const Theme &theme = m_theme.theme();
    paintDecorations(painter, m_document, exposed, theme);
    QAbstractTextDocumentLayout::PaintContext context;
    context.clip = exposed;
    context.palette.setColor(QPalette::Text, theme.text);
    const auto mark = [&context](const QTextCursor &cursor, const QColor &color) {
        QAbstractTextDocumentLayout::Selection selection;
        selection.cursor = cursor;
        selection.format.setBackground(color);
        context.selections.append(selection);
    };
    for (size_t i = 0; i < m_highlights.size(); ++i) {
        QTextCursor cursor(&m_document);
        cursor.setPosition(m_highlights[i].first);
        cursor.setPosition(m_highlights[i].first + m_highlights[i].second, QTextCursor::KeepAnchor);
        mark(cursor,
             static_cast<int>(i) == m_currentHighlight ? theme.findHitCurrent : theme.findHit);
    }
    if (m_selection.hasSelection())
        mark(m_selection, theme.selection);
    painter.save();
    painter.setClipRect(exposed, Qt::IntersectClip);
    m_document.documentLayout()->draw(&painter, context);
    painter.restore();
}

int TextBlock::positionAt(QPointF pos, Qt::HitTestAccuracy accuracy) const
{
    ensureBuilt();
    return m_document.documentLayout()->hitTest(pos, accuracy);
}

QString TextBlock::linkAt(QPointF pos) const
{
    ensureBuilt();
    return m_document.documentLayout()->anchorAt(pos);
}

bool TextBlock::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers)
{
    if (button != Qt::LeftButton)
        return false;
    const int position = positionAt(pos, Qt::FuzzyHit);
    if (position < 0)
        return false;
    m_pressed = pos;
    m_pressedLink = linkAt(pos);
    m_selecting = true;
    if (m_selection.isNull())
        m_selection = QTextCursor(&m_document);
    const bool extend = modifiers.testFlag(Qt::ShiftModifier);
    m_selection.setPosition(position, extend ? QTextCursor::KeepAnchor : QTextCursor::MoveAnchor);
    emit repaintNeeded({});
    return true;
}

bool TextBlock::mouseMove(QPointF pos, Qt::MouseButtons buttons)
{
    if (!m_selecting || !buttons.testFlag(Qt::LeftButton))
        return false;
    const int position = positionAt(pos, Qt::FuzzyHit);
    if (position >= 0 && position != m_selection.position()) {
        m_selection.setPosition(position, QTextCursor::KeepAnchor);
        emit repaintNeeded({});
    }
    return true;
}

bool TextBlock::mouseRelease(QPointF pos, Qt::MouseButton button)
{
    if (!m_selecting || button != Qt::LeftButton)
        return false;
    m_selecting = false;
    const bool moved =
        (pos - m_pressed).manhattanLength() >= QGuiApplication::styleHints()->startDragDistance();
    if (!moved && !m_pressedLink.isEmpty() && linkAt(pos) == m_pressedLink)
        activate(m_pressedLink);
    return true;
}

void TextBlock::activate(const QString &link)
{
    emit linkActivated(QUrl(link, QUrl::TolerantMode));
}

bool TextBlock::mouseDoubleClick(QPointF pos, Qt::MouseButton button)
{
    if (!m_doubleClickSelects || button != Qt::LeftButton)
        return false;
    const int position = positionAt(pos, Qt::FuzzyHit);
    if (position < 0)
        return false;
    m_selection = QTextCursor(&m_document);
    m_selection.setPosition(position);
    m_selection.select(QTextCursor::WordUnderCursor);
    emit repaintNeeded({});
    return true;
}

Qt::CursorShape TextBlock::cursorAt(QPointF pos) const
{
    if (!linkAt(pos).isEmpty())
        return Qt::PointingHandCursor;
    return positionAt(pos, Qt::ExactHit) >= 0 ? Qt::IBeamCursor : Qt::ArrowCursor;
}

QString TextBlock::toolTipAt(QPointF pos) const
{
    const int position = positionAt(pos, Qt::ExactHit);
    if (position < 0)
        return {};
    QTextCursor cursor(&m_document);
    cursor.setPosition(std::min(position + 1, m_document.characterCount() - 1));
    const QTextCharFormat format = cursor.charFormat();
    if (const InlineObject *object = m_objects.of(format); object && !object->toolTip().isEmpty())
        return object->toolTip();
    return format.toolTip().isEmpty() ? linkAt(pos) : format.toolTip();
}

bool TextBlock::hasSelection() const
{
    return m_selection.hasSelection();
}

void TextBlock::clearSelection()
{
    if (m_selection.isNull())
        return;
    m_selection.clearSelection();
    emit repaintNeeded({});
}

void TextBlock::selectAll()
{
    ensureBuilt();
    m_selection = QTextCursor(&m_document);
    m_selection.select(QTextCursor::Document);
    emit repaintNeeded({});
}

QMimeData *TextBlock::copySelection() const
{
    if (!hasSelection())
        return nullptr;
    auto *data = new QMimeData;
    data->setText(selectedText(m_selection, m_objects));
    data->setHtml(m_selection.selection().toHtml());
    return data;
}

QString TextBlock::plainText() const
{
    ensureBuilt();
    // One character per document position, so that highlight ranges are document positions.
    QString text = m_document.toRawText();
    for (QChar &c : text) {
        if (c == QChar::ParagraphSeparator || c == QChar::LineSeparator || c.unicode() == 0xfdd0 ||
            c.unicode() == 0xfdd1)
            c = QLatin1Char('\n');
        else if (c == QChar::Nbsp)
            c = QLatin1Char(' ');
    }
    return text;
}

void TextBlock::setHighlights(const QList<std::pair<int, int>> &ranges, int current)
{
    ensureBuilt();
    m_highlights.clear();
    const int last = m_document.characterCount() - 1;
    for (const auto &[start, length] : ranges)
        m_highlights.emplace_back(std::clamp(start, 0, last),
                                  std::clamp(length, 0, std::max(0, last - start)));
    m_currentHighlight = current;
    emit repaintNeeded({});
}

QRectF TextBlock::highlightRect(int index) const
{
    if (index < 0 || index >= static_cast<int>(m_highlights.size()))
        return {};
    const int position = m_highlights[static_cast<size_t>(index)].first;
    const QTextBlock block = m_document.findBlock(position);
    const QRectF rect = m_document.documentLayout()->blockBoundingRect(block);
    const QTextLine line = block.layout()->lineForTextPosition(position - block.position());
    return line.isValid() ? QRectF(rect.left(), rect.top() + line.y(), rect.width(), line.height())
                          : rect;
}

QRectF TextBlock::anchorRect(const QString &name) const
{
    ensureBuilt();
    for (QTextBlock block = m_document.begin(); block.isValid(); block = block.next()) {
        for (auto it = block.begin(); !it.atEnd(); ++it) {
            if (it.fragment().charFormat().anchorNames().contains(name))
                return m_document.documentLayout()->blockBoundingRect(block);
        }
    }
    return {};
}

void TextBlock::themeChanged()
{
    rebuild();
}

void TextBlock::rebuild()
{
    m_built = false;
    m_selection = QTextCursor();
    m_highlights.clear();
    emit heightChanged();
}

void TextBlock::objectResized(int index)
{
    if (!m_built)
        return;
    m_objects.sizeChanged(index);
    const qreal height = std::ceil(m_document.size().height());
    if (qFuzzyCompare(height, m_height))
        emit repaintNeeded({});
    else
        emit heightChanged();
}

QString selectedText(const QTextCursor &selection, const InlineObjects &objects)
{
    QString text;
    const int start = selection.selectionStart();
    const int end = selection.selectionEnd();
    const QTextDocument *document = selection.document();
    const QTextTable *lastTable = nullptr;
    int lastRow = -1;
    for (QTextBlock block = document->findBlock(start); block.isValid() && block.position() < end;
         block = block.next()) {
        QTextCursor here(block);
        const QTextTable *table = here.currentTable();
        const int row = table ? table->cellAt(here).row() : -1;
        if (block.position() > start)
            text += table && table == lastTable && row == lastRow ? QLatin1Char('\t')
                                                                  : QLatin1Char('\n');
        lastTable = table;
        lastRow = row;
        if (block.position() >= start)
            text += markerAsText(block);
        for (auto it = block.begin(); !it.atEnd(); ++it) {
            const QTextFragment fragment = it.fragment();
            const int from = std::max(fragment.position(), start);
            const int to = std::min(fragment.position() + fragment.length(), end);
            if (from >= to)
                continue;
            if (const InlineObject *object = objects.of(fragment.charFormat()))
                text += object->sourceText();
            else
                text += QStringView(fragment.text()).mid(from - fragment.position(), to - from);
        }
    }
    return text.replace(QChar::LineSeparator, QLatin1Char('\n'))
        .replace(QChar::Nbsp, QLatin1Char(' '));
}

} // namespace farcell
