#include "app/outputs/nativeoutputarea.h"

#include "app/outputs/clamppart.h"
#include "app/outputs/notepart.h"
#include "app/outputs/outputfactory.h"
#include "app/outputs/saveimage.h"
#include "app/outputs/stackpart.h"
#include "app/outputs/terminalblock.h"
#include "app/theme/theme.h"
#include "core/notebook/search.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>
#include <QMimeData>

#include <algorithm>

namespace farcell {

namespace {

constexpr int firstCap = 500; // outputs shown before the person asks for the rest
constexpr qreal spacing = 8;
constexpr qsizetype shortText = 100'000; // what escape sequences may take of what is shown
// More of a text than is ever shown, and little enough to look at in one turn of the event loop.
constexpr qsizetype longEnd = 6 * TerminalText::maxCharacters;

// The end of searchableText(), or all of it.
QString endOf(const Output &output)
{
    if (output.kind != OutputKind::Stream || output.text.size() <= longEnd)
        return searchableText(output);
    Output end;
    end.kind = OutputKind::Stream;
    end.text = output.text.right(longEnd);
    return searchableText(end);
}

} // namespace

NativeOutputArea::NativeOutputArea(const RenderContext &context, QString baseDirectory,
                                   QString notebook)
    : m_context(context)
    , m_baseDirectory(std::move(baseDirectory))
    , m_notebook(std::move(notebook))
    , m_stack(std::make_unique<StackPart>(spacing))
    , m_hidden(std::make_unique<NotePart>(context.theme, tr("Outputs hidden"), tr("Show")))
    , m_cap(firstCap)
{
    for (Block *block :
         {static_cast<Block *>(m_stack.get()), static_cast<Block *>(m_hidden.get())}) {
        connect(block, &Block::heightChanged, this, &Block::heightChanged);
        connect(block, &Block::repaintNeeded, this, &Block::repaintNeeded);
        connect(block, &Block::linkActivated, this, &Block::linkActivated);
    }
    connect(m_hidden.get(), &NotePart::activated, this, [this] {
        setCollapsed(false);
        emit collapsedChanged(false);
    });
}

NativeOutputArea::~NativeOutputArea() = default;

Block &NativeOutputArea::shown() const
{
    return m_collapsed ? static_cast<Block &>(*m_hidden) : static_cast<Block &>(*m_stack);
}

void NativeOutputArea::setOutputs(const std::vector<Output> &outputs)
{
    updateOutputs(outputs, 0);
}

void NativeOutputArea::updateOutputs(const std::vector<Output> &outputs, int first)
{
    const int size = static_cast<int>(outputs.size());
    first = std::clamp(first, 0, std::min(m_cap, static_cast<int>(m_fallbacks.size())));
    std::vector<bool> expanded; // kept for outputs that only change their content
    for (int i = first; i < static_cast<int>(m_fallbacks.size()); ++i) {
        const auto *clamp = qobject_cast<ClampPart *>(m_stack->at(i));
        expanded.push_back(clamp && clamp->isExpanded());
    }
    m_stack->truncate(first);
    m_fallbacks.resize(static_cast<size_t>(first));
    m_beyond.clear();
    m_total = size;
    for (int i = first; i < std::min(size, m_cap); ++i) {
        addOutput(outputs[static_cast<size_t>(i)], i);
        auto *clamp = qobject_cast<ClampPart *>(m_stack->at(i));
        if (clamp && static_cast<size_t>(i - first) < expanded.size() &&
            expanded[static_cast<size_t>(i - first)])
            clamp->setExpanded(true);
    }
    if (size > m_cap) {
        m_beyond.assign(outputs.begin() + m_cap, outputs.end());
        addNote();
    }
    emit heightChanged();
}

void NativeOutputArea::addOutput(const Output &output, int index)
{
    MadeOutput made = makeOutput(output, m_context, m_baseDirectory, m_notebook);
    m_fallbacks.push_back(made.fallback);
    const auto *part = qobject_cast<OutputPart *>(made.block.get());
    if (part && !part->isClampable()) {
        m_stack->add(std::move(made.block));
        return;
    }
    auto clamp = std::make_unique<ClampPart>(m_context.theme, std::move(made.block));
    connect(clamp.get(), &ClampPart::openInTabRequested, this,
            [this, index] { emit openInTabRequested(index); });
    m_stack->add(std::move(clamp));
}

void NativeOutputArea::addNote()
{
    const int rest = static_cast<int>(m_beyond.size());
    auto note = std::make_unique<NotePart>(
        m_context.theme, tr("%n more outputs are not shown", nullptr, rest), tr("Show all"));
    connect(
        note.get(), &NotePart::activated, this,
        [this] {
            // The note goes away with this, so leave its signal first.
            const int first = m_cap;
            m_stack->truncate(first);
            m_cap = m_total;
            const std::vector<Output> rest = std::exchange(m_beyond, {});
            for (size_t i = 0; i < rest.size(); ++i)
                addOutput(rest[i], first + static_cast<int>(i));
            emit heightChanged();
        },
        Qt::QueuedConnection);
    m_stack->add(std::move(note));
}

void NativeOutputArea::appendStream(const std::vector<Output> &outputs, int index, int added)
{
    auto *clamp = index < static_cast<int>(m_fallbacks.size())
                      ? qobject_cast<ClampPart *>(m_stack->at(index))
                      : nullptr;
    auto *terminal = clamp ? qobject_cast<TerminalBlock *>(&clamp->inner()) : nullptr;
    if (!terminal) {
        updateOutputs(outputs, index);
        return;
    }
    clamp->setFollowing(true);
    const QString &text = outputs[static_cast<size_t>(index)].text;
    terminal->append(QStringView(text).right(std::min<qsizetype>(added, text.size())));
}

void NativeOutputArea::setCollapsed(bool collapsed)
{
    if (m_collapsed == collapsed)
        return;
    m_collapsed = collapsed;
    emit heightChanged();
}

int NativeOutputArea::fallbackCount() const
{
    return static_cast<int>(std::count(m_fallbacks.begin(), m_fallbacks.end(), true));
}

void NativeOutputArea::addActions(QMenu &menu, QPointF pos)
{
    const int index = m_collapsed ? -1 : m_stack->indexAt(pos);
    const bool isOutput = index >= 0 && index < static_cast<int>(m_fallbacks.size());
    if (isOutput) {
        addCopyActions(menu, pos, index);
        addImageActions(menu, pos, index);
        menu.addAction(tr("Open in tab"), this, [this, index] { emit openInTabRequested(index); });
        if (auto *clamp = qobject_cast<ClampPart *>(m_stack->at(index)); clamp && clamp->isLong())
            menu.addAction(clamp->isExpanded() ? tr("Show less") : tr("Show all"), clamp,
                           [clamp] { clamp->setExpanded(!clamp->isExpanded()); });
        menu.addSeparator();
    }
    menu.addAction(m_collapsed ? tr("Show outputs") : tr("Hide outputs"), this, [this] {
        setCollapsed(!m_collapsed);
        emit collapsedChanged(m_collapsed);
    });
    menu.addAction(tr("Clear outputs"), this, &OutputArea::clearRequested);
}

void NativeOutputArea::addCopyActions(QMenu &menu, QPointF, int index)
{
    Block *block = m_stack->at(index);
    if (block->hasSelection())
        menu.addAction(tr("Copy"), this, [this] {
            if (QMimeData *data = copySelection())
                QGuiApplication::clipboard()->setMimeData(data);
        });
    if (block->plainText().isEmpty())
        return;
    menu.addAction(tr("Copy whole output"), block, [block] {
        auto *data = new QMimeData;
        data->setText(block->plainText());
        QGuiApplication::clipboard()->setMimeData(data);
    });
}

void NativeOutputArea::addImageActions(QMenu &menu, QPointF pos, int index)
{
    const auto *part = qobject_cast<OutputPart *>(m_stack->at(index));
    const QImage image = part ? part->imageAt(pos - m_stack->offsetOf(index)) : QImage();
    if (image.isNull())
        return;
    menu.addAction(tr("Copy image"), this,
                   [image] { QGuiApplication::clipboard()->setImage(image); });
    QString suffix;
    const QByteArray bytes = part->imageData(&suffix);
    menu.addAction(tr("Save image as…"), this,
                   [image, bytes, suffix] { saveImage(image, bytes, suffix); });
}

void NativeOutputArea::expand(qreal highest)
{
    for (int row = 0; row < m_stack->count(); ++row) {
        auto *clamp = qobject_cast<ClampPart *>(m_stack->at(row));
        if (clamp && clamp->innerHeight() <= highest)
            clamp->setExpanded(true);
    }
}

qreal NativeOutputArea::layout(qreal width)
{
    return shown().layout(width);
}

void NativeOutputArea::paint(QPainter &painter, const QRectF &exposed)
{
    shown().paint(painter, exposed);
}

bool NativeOutputArea::mousePress(QPointF pos, Qt::MouseButton button,
                                  Qt::KeyboardModifiers modifiers)
{
    return shown().mousePress(pos, button, modifiers);
}

bool NativeOutputArea::mouseMove(QPointF pos, Qt::MouseButtons buttons)
{
    return shown().mouseMove(pos, buttons);
}

bool NativeOutputArea::mouseRelease(QPointF pos, Qt::MouseButton button)
{
    return shown().mouseRelease(pos, button);
}

bool NativeOutputArea::mouseDoubleClick(QPointF pos, Qt::MouseButton button)
{
    return shown().mouseDoubleClick(pos, button);
}

bool NativeOutputArea::wheel(QPointF pos, QPoint pixelDelta, QPoint angleDelta)
{
    return shown().wheel(pos, pixelDelta, angleDelta);
}

Qt::CursorShape NativeOutputArea::cursorAt(QPointF pos) const
{
    return shown().cursorAt(pos);
}

QString NativeOutputArea::toolTipAt(QPointF pos) const
{
    return shown().toolTipAt(pos);
}

bool NativeOutputArea::hasSelection() const
{
    return shown().hasSelection();
}

void NativeOutputArea::clearSelection()
{
    shown().clearSelection();
}

void NativeOutputArea::selectAll()
{
    shown().selectAll();
}

QMimeData *NativeOutputArea::copySelection() const
{
    return shown().copySelection();
}

QString NativeOutputArea::plainText() const
{
    return m_stack->plainText();
}

// Where the n-th hit of an output is in what is shown of it: at the same place, or the n-th place
// with that text. What a program wrote over is not shown, and so has none.
void NativeOutputArea::setHits(const std::vector<Output> &outputs, const QList<OutputHit> &hits,
                               int current)
{
    m_hits.assign(static_cast<size_t>(hits.size()), {-1, -1});
    const int count =
        std::min(static_cast<int>(m_fallbacks.size()), static_cast<int>(outputs.size()));
    for (int row = 0, next = 0; row < count; ++row) {
        QList<std::pair<int, int>> shown;
        int shownCurrent = -1;
        while (next < hits.size() && hits[next].output < row)
            ++next;
        if (next < hits.size() && hits[next].output == row) {
            const QString text = endOf(outputs[static_cast<size_t>(row)]);
            const QString plain = m_stack->at(row)->plainText();
            qsizetype from = 0;
            // Of very long text only the end is shown.
            const qsizetype shift = std::max<qsizetype>(0, text.size() - plain.size());
            for (; next < hits.size() && hits[next].output == row; ++next) {
                const qsizetype position = text.size() - hits[next].fromEnd;
                if (position < 0)
                    continue;
                const int length = hits[next].length;
                const QStringView found = QStringView(text).mid(position, length);
                const auto isAt = [&](qsizetype place) {
                    return place >= from && QStringView(plain).mid(place, length) == found;
                };
                const qsizetype at = isAt(position)           ? position
                                     : isAt(position - shift) ? position - shift
                                     : shift > shortText      ? -1
                                                              : plain.indexOf(found, from);
                if (at < 0)
                    continue;
                if (next == current)
                    shownCurrent = static_cast<int>(shown.size());
                m_hits[static_cast<size_t>(next)] = {row, static_cast<int>(shown.size())};
                shown.append({static_cast<int>(at), length});
                from = at + length;
            }
        }
        m_stack->at(row)->setHighlights(shown, shownCurrent);
    }
}

QRectF NativeOutputArea::highlightRect(int index) const
{
    if (m_collapsed || index < 0 || index >= static_cast<int>(m_hits.size()))
        return {};
    const auto [row, own] = m_hits[static_cast<size_t>(index)];
    if (row < 0 || row >= m_stack->count())
        return {};
    const QRectF rect = m_stack->at(row)->highlightRect(own);
    return rect.isNull() ? rect : rect.translated(m_stack->offsetOf(row));
}

QRectF NativeOutputArea::anchorRect(const QString &name) const
{
    return m_collapsed ? QRectF() : m_stack->anchorRect(name);
}

void NativeOutputArea::themeChanged()
{
    m_stack->themeChanged();
    m_hidden->themeChanged();
}

} // namespace farcell
