#include "app/outputs/stackpart.h"

#include <QMimeData>
#include <QPainter>

#include <algorithm>

namespace farcell {

StackPart::StackPart(qreal spacing, QObject *parent)
    : OutputPart(parent)
    , m_spacing(spacing)
{}

StackPart::~StackPart() = default;

void StackPart::add(std::unique_ptr<Block> block)
{
    Block *raw = block.get();
    connect(raw, &Block::heightChanged, this, &Block::heightChanged);
    connect(raw, &Block::linkActivated, this, &Block::linkActivated);
    connect(raw, &Block::repaintNeeded, this, [this, raw](const QRectF &area) {
        if (const Row *row = rowOf(raw))
            emit repaintNeeded(area.isNull() ? QRectF(0, row->top, 1e6, row->height)
                                             : area.translated(0, row->top));
    });
    m_rows.push_back({std::move(block)});
}

void StackPart::truncate(int count)
{
    m_grab = nullptr;
    m_hits.clear();
    m_rows.resize(static_cast<size_t>(std::clamp(count, 0, this->count())));
}

Block *StackPart::at(int index) const
{
    return m_rows[static_cast<size_t>(index)].block.get();
}

const StackPart::Row *StackPart::rowOf(const Block *block) const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(),
                                    [block](const Row &row) { return row.block.get() == block; });
    return found == m_rows.end() ? nullptr : &*found;
}

int StackPart::indexAt(QPointF pos) const
{
    const auto after = std::upper_bound(m_rows.begin(), m_rows.end(), pos.y(),
                                        [](qreal y, const Row &row) { return y < row.top; });
    if (after == m_rows.begin())
        return -1;
    const Row &row = *(after - 1);
    return pos.y() < row.top + row.height ? static_cast<int>(after - 1 - m_rows.begin()) : -1;
}

QPointF StackPart::offsetOf(int index) const
{
    return {0, m_rows[static_cast<size_t>(index)].top};
}

qreal StackPart::layout(qreal width)
{
    qreal top = 0;
    for (Row &row : m_rows) {
        row.top = top;
        row.height = row.block->layout(width);
        top += row.height > 0 ? row.height + m_spacing : 0;
    }
    return std::max(0.0, top - m_spacing);
}

void StackPart::paint(QPainter &painter, const QRectF &exposed)
{
    const auto first =
        std::lower_bound(m_rows.begin(), m_rows.end(), exposed.top(),
                         [](const Row &row, qreal y) { return row.top + row.height < y; });
    for (auto row = first; row != m_rows.end() && row->top <= exposed.bottom(); ++row) {
        const QRectF part =
            exposed.intersected(QRectF(exposed.left(), row->top, exposed.width(), row->height));
        if (part.isEmpty())
            continue;
        painter.translate(0, row->top);
        row->block->paint(painter, part.translated(0, -row->top));
        painter.translate(0, -row->top);
    }
}

bool StackPart::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers)
{
    const int index = indexAt(pos);
    if (button == Qt::LeftButton) {
        for (int i = 0; i < count(); ++i) {
            if (i != index && at(i)->hasSelection())
                at(i)->clearSelection();
        }
    }
    m_grab = index >= 0 && at(index)->mousePress(pos - offsetOf(index), button, modifiers)
                 ? at(index)
                 : nullptr;
    return m_grab != nullptr;
}

bool StackPart::mouseMove(QPointF pos, Qt::MouseButtons buttons)
{
    if (buttons == Qt::NoButton) {
        const int index = indexAt(pos);
        return index >= 0 && at(index)->mouseMove(pos - offsetOf(index), buttons);
    }
    const Row *row = m_grab ? rowOf(m_grab) : nullptr;
    return row && m_grab->mouseMove(pos - QPointF(0, row->top), buttons);
}

bool StackPart::mouseRelease(QPointF pos, Qt::MouseButton button)
{
    const Row *row = m_grab ? rowOf(m_grab) : nullptr;
    Block *grab = std::exchange(m_grab, nullptr);
    return row && grab->mouseRelease(pos - QPointF(0, row->top), button);
}

bool StackPart::mouseDoubleClick(QPointF pos, Qt::MouseButton button)
{
    const int index = indexAt(pos);
    return index >= 0 && at(index)->mouseDoubleClick(pos - offsetOf(index), button);
}

bool StackPart::wheel(QPointF pos, QPoint pixelDelta, QPoint angleDelta)
{
    const int index = indexAt(pos);
    return index >= 0 && at(index)->wheel(pos - offsetOf(index), pixelDelta, angleDelta);
}

Qt::CursorShape StackPart::cursorAt(QPointF pos) const
{
    const int index = indexAt(pos);
    return index >= 0 ? at(index)->cursorAt(pos - offsetOf(index)) : Qt::ArrowCursor;
}

QString StackPart::toolTipAt(QPointF pos) const
{
    const int index = indexAt(pos);
    return index >= 0 ? at(index)->toolTipAt(pos - offsetOf(index)) : QString();
}

bool StackPart::hasSelection() const
{
    return std::any_of(m_rows.begin(), m_rows.end(),
                       [](const Row &row) { return row.block->hasSelection(); });
}

void StackPart::clearSelection()
{
    for (const Row &row : m_rows)
        row.block->clearSelection();
}

void StackPart::selectAll()
{
    for (const Row &row : m_rows)
        row.block->selectAll();
}

QMimeData *StackPart::copySelection() const
{
    std::unique_ptr<QMimeData> all;
    for (const Row &row : m_rows) {
        std::unique_ptr<QMimeData> part(row.block->copySelection());
        if (!part)
            continue;
        if (!all) {
            all = std::move(part);
            continue;
        }
        all->setText(all->text() + QLatin1Char('\n') + part->text());
        all->setHtml(all->html() + part->html());
    }
    return all.release();
}

QString StackPart::plainText() const
{
    QString text;
    for (const Row &row : m_rows) {
        if (!text.isEmpty())
            text += QLatin1Char('\n');
        text += row.block->plainText();
    }
    return text;
}

void StackPart::setHighlights(const QList<std::pair<int, int>> &ranges, int current)
{
    m_hits.clear();
    qsizetype offset = 0;
    bool first = true;
    m_hits.resize(static_cast<size_t>(ranges.size()), {-1, -1});
    for (int row = 0; row < count(); ++row) {
        const qsizetype length = ranges.isEmpty() ? 0 : at(row)->plainText().size();
        if (!first)
            ++offset;
        first = first && length == 0;
        QList<std::pair<int, int>> own;
        int ownCurrent = -1;
        for (int i = 0; i < ranges.size(); ++i) {
            const auto [start, size] = ranges[i];
            if (start < offset || start >= offset + length)
                continue;
            if (i == current)
                ownCurrent = static_cast<int>(own.size());
            m_hits[static_cast<size_t>(i)] = {row, static_cast<int>(own.size())};
            own.append({static_cast<int>(start - offset), size});
        }
        at(row)->setHighlights(own, ownCurrent);
        offset += length;
    }
}

QRectF StackPart::highlightRect(int index) const
{
    if (index < 0 || index >= static_cast<int>(m_hits.size()))
        return {};
    const auto [row, own] = m_hits[static_cast<size_t>(index)];
    if (row < 0 || row >= count())
        return {};
    return at(row)->highlightRect(own).translated(offsetOf(row));
}

QRectF StackPart::anchorRect(const QString &name) const
{
    for (int i = 0; i < count(); ++i) {
        const QRectF rect = at(i)->anchorRect(name);
        if (!rect.isNull())
            return rect.translated(offsetOf(i));
    }
    return {};
}

void StackPart::themeChanged()
{
    for (const Row &row : m_rows)
        row.block->themeChanged();
}

QImage StackPart::imageAt(QPointF pos) const
{
    const int index = indexAt(pos);
    const auto *part = index >= 0 ? qobject_cast<const OutputPart *>(at(index)) : nullptr;
    return part ? part->imageAt(pos - offsetOf(index)) : QImage();
}

void StackPart::setViewport(qreal top, qreal height)
{
    for (const Row &row : m_rows) {
        auto *part = qobject_cast<OutputPart *>(row.block.get());
        const qreal from = std::max(0.0, top - row.top);
        const qreal to = std::min(row.height, top + height - row.top);
        if (part && to > from)
            part->setViewport(from, to - from);
    }
}

} // namespace farcell
