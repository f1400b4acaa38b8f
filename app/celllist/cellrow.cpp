#include "app/celllist/cellrow.h"

#include "app/celllist/inputbox.h"
#include "app/editor/celleditor.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

namespace farcell {

namespace M = RowMetrics;

namespace {

constexpr int previewDelayMs = 120;

} // namespace

CellRow::CellRow(RowContext &context, CellId id, CellViewState &state)
    : m_context(context)
    , m_id(std::move(id))
    , m_state(state)
{
    m_previewTimer.setSingleShot(true);
    m_previewTimer.setInterval(previewDelayMs);
    connect(&m_previewTimer, &QTimer::timeout, this, [this] {
        m_textStale = true;
        m_context.host.rowChanged(m_id);
    });
}

CellRow::~CellRow()
{
    dropEditor();
}

const Cell *CellRow::cell() const
{
    return m_context.document.findCell(m_id);
}

bool CellRow::showsSource() const
{
    const Cell *c = cell();
    if (!c || m_state.sourceCollapsed)
        return false;
    return c->kind != CellKind::Markdown || m_state.editing;
}

bool CellRow::hasSelection() const
{
    return (m_text && m_text->hasSelection()) || (m_outputs && m_outputs->hasSelection()) ||
           (m_note && m_note->hasSelection());
}

void CellRow::watch(Block *block)
{
    connect(block, &Block::heightChanged, this, [this] { m_context.host.rowChanged(m_id); });
    connect(block, &Block::repaintNeeded, this, [this, block](const QRectF &area) {
        const QRect rect = blockRect(block);
        m_context.host.repaintRow(
            m_id, area.isNull()
                      ? rect
                      : area.translated(rect.topLeft()).toAlignedRect().intersected(rect));
    });
    connect(block, &Block::linkActivated, this, &CellRow::linkActivated);
    connect(block, &Block::contextMenuRequested, this, [this, block](QPointF pos, QPointF global) {
        emit blockMenuRequested(block, pos, global.toPoint());
    });
}

// --- content

void CellRow::syncBlocks()
{
    const Cell *c = cell();
    if (!c)
        return;
    if (c->kind == CellKind::Markdown) {
        m_outputs.reset();
        if (m_textStale)
            renderText();
    } else {
        m_text.reset();
    }
    if (c->kind == CellKind::Code && !c->outputs.isEmpty() && !m_outputs) {
        m_outputs = m_context.render.outputs(m_context.baseDirectory, m_context.notebook);
        watch(m_outputs.get());
        connect(m_outputs.get(), &OutputArea::openInTabRequested, this,
                &CellRow::openOutputRequested);
        connect(m_outputs.get(), &OutputArea::clearRequested, this,
                &CellRow::clearOutputsRequested);
        connect(m_outputs.get(), &OutputArea::collapsedChanged, this,
                &CellRow::outputsCollapsedChanged);
        m_outputs->setOutputs(c->outputs.items());
        m_outputs->setCollapsed(m_state.outputsCollapsed);
        m_dirtyOutput = m_streamIndex = -1;
        m_streamAdded = 0;
        applyHighlights();
    } else if (c->kind != CellKind::Code || c->outputs.isEmpty()) {
        m_outputs.reset();
    }
    syncInput();
    syncNote();
}

void CellRow::renderText()
{
    m_textStale = false;
    const Cell *c = cell();
    if (c->source.trimmed().isEmpty()) {
        m_text.reset();
        return;
    }
    m_text = m_context.render.markdown(c->source, c->attachments, m_context.baseDirectory,
                                       m_context.notebook);
    watch(m_text.get());
    applyHighlights();
}

void CellRow::syncInput()
{
    if (!m_state.input) {
        m_input.reset();
        return;
    }
    if (m_input)
        return;
    m_input = std::make_unique<InputBox>(m_context.theme, m_state.input->prompt,
                                         m_state.input->password, m_context.viewport);
    connect(m_input.get(), &InputBox::submitted, this, &CellRow::inputSubmitted);
    m_input->show();
    m_input->raise();
    m_input->setFocus();
}

void CellRow::syncNote()
{
    // Without the error it explains it would tell nothing.
    const bool isWanted = m_outputs && !m_state.note.isEmpty();
    if (!isWanted) {
        m_note.reset();
        m_noteShown.clear();
    } else if (m_noteShown != m_state.note) {
        m_noteShown = m_state.note;
        m_note = m_context.render.markdown(m_noteShown, {}, {});
        watch(m_note.get());
    }
}

void CellRow::cellChanged()
{
    m_textStale = true;
    updateLanguage();
    m_context.host.rowChanged(m_id);
}

void CellRow::sourceChanged()
{
    updateLanguage();
    const Cell *c = cell();
    if (c && c->kind == CellKind::Markdown)
        m_previewTimer.start();
}

void CellRow::updateLanguage()
{
    const Cell *c = cell();
    if (!m_editor || !c)
        return;
    if (c->kind == CellKind::Code)
        m_editor->setLanguage(languageOfCell(c->source, *m_context.language));
    else
        m_editor->setLanguage(c->kind == CellKind::Markdown ? markdownLanguage() : plainLanguage());
}

void CellRow::outputsChanged(int first)
{
    m_dirtyOutput = m_dirtyOutput < 0 ? first : std::min(m_dirtyOutput, first);
    m_context.host.rowChanged(m_id);
}

void CellRow::streamAppended(int index, int added)
{
    if (m_dirtyOutput < 0 && (m_streamIndex < 0 || m_streamIndex == index)) {
        m_streamIndex = index;
        m_streamAdded += added;
    } else {
        outputsChanged(m_streamIndex < 0 ? index : std::min(m_streamIndex, index));
    }
    m_context.host.rowChanged(m_id);
}

void CellRow::flushOutputs()
{
    const Cell *c = cell();
    const int first = std::exchange(m_dirtyOutput, -1);
    const int stream = std::exchange(m_streamIndex, -1);
    const int added = std::exchange(m_streamAdded, 0);
    if (!c || !m_outputs || c->outputs.isEmpty())
        return;
    if (first >= 0)
        m_outputs->updateOutputs(c->outputs.items(), stream < 0 ? first : std::min(first, stream));
    else if (stream >= 0 && stream < c->outputs.size())
        m_outputs->appendStream(c->outputs.items(), stream, added);
}

void CellRow::stateChanged()
{
    if (m_outputs)
        m_outputs->setCollapsed(m_state.outputsCollapsed);
    if (!showsSource())
        dropEditor();
    m_context.host.rowChanged(m_id);
}

void CellRow::baseDirectoryChanged()
{
    m_textStale = true;
    m_outputs.reset();
    m_context.host.rowChanged(m_id);
}

void CellRow::themeChanged()
{
    if (m_text)
        m_text->themeChanged();
    if (m_outputs)
        m_outputs->themeChanged();
    if (m_note)
        m_note->themeChanged();
    m_context.host.rowChanged(m_id);
}

// --- editor

void CellRow::ensureEditor()
{
    if (m_editor || !showsSource())
        return;
    m_editor = m_context.host.acquireEditor(m_id);
    const Cell *c = cell();
    m_editor->setWrap(c->kind != CellKind::Code || m_context.wrapCode);
    m_editor->setLineNumbers(c->kind == CellKind::Code && m_context.lineNumbers);
    m_editor->setEditable(c->kind != CellKind::Unknown && !m_context.readOnly);
    updateLanguage();
    applyHighlights();
}

void CellRow::dropEditor()
{
    if (m_editor)
        m_context.host.releaseEditor(std::exchange(m_editor, nullptr));
}

// --- queries

RowPart CellRow::partAt(QPoint pos) const
{
    const RowGeometry &g = m_geometry;
    if (g.foldRun.contains(pos))
        return RowPart::FoldRunButton;
    if (g.foldRow.contains(pos))
        return RowPart::FoldRow;
    if (g.runButton.adjusted(-3, -3, 3, 3).contains(pos))
        return RowPart::RunButton;
    if (g.foldTriangle.contains(pos))
        return RowPart::FoldTriangle;
    if (g.output.contains(pos) || g.note.contains(pos))
        return RowPart::Output;
    if (g.text.contains(pos))
        return RowPart::Text;
    if (g.box.contains(pos))
        return m_state.sourceCollapsed ? RowPart::CollapsedSource : RowPart::Box;
    const bool inGutter = pos.x() >= g.column.left() && pos.x() < g.column.left() + M::gutter;
    if (inGutter && !g.output.isNull() && pos.y() >= g.output.top())
        return RowPart::OutputGutter;
    if (inGutter)
        return RowPart::Gutter;
    return RowPart::None;
}

Block *CellRow::blockAt(QPoint pos, QPointF *inBlock) const
{
    Block *block = nullptr;
    if (m_outputs && m_geometry.output.contains(pos))
        block = m_outputs.get();
    else if (m_text && m_geometry.text.contains(pos))
        block = m_text.get();
    else if (m_note && m_geometry.note.contains(pos))
        block = m_note.get();
    if (block && inBlock)
        *inBlock = QPointF(pos - blockRect(block).topLeft());
    return block;
}

QRect CellRow::blockRect(const Block *block) const
{
    if (block == m_note.get() && block)
        return m_geometry.note;
    return block == m_outputs.get() ? m_geometry.output : m_geometry.text;
}

QRect CellRow::sourceLineRect(int position)
{
    const Cell *c = cell();
    if (!c || m_geometry.editor.isNull())
        return {0, M::gap, m_geometry.width, m_context.lineHeight};
    const int line = m_editor
                         ? m_editor->displayLineOf(position)
                         : static_cast<int>(QStringView(c->source).left(position).count(u'\n'));
    return {m_geometry.editor.left(), m_geometry.editor.top() + line * m_context.lineHeight,
            m_geometry.editor.width(), m_context.lineHeight};
}

// --- find

void CellRow::setHighlights(const QList<std::pair<int, int>> &inSource, int currentSource,
                            const QList<OutputHit> &inOutput, int currentOutput)
{
    m_highlights = {inSource, inOutput, currentSource, currentOutput};
    applyHighlights();
}

void CellRow::applyHighlights()
{
    if (m_editor)
        m_editor->setFindHits(m_highlights.source, m_highlights.currentSource);
    if (m_outputs)
        m_outputs->setHits(cell() ? cell()->outputs.items() : std::vector<Output>(),
                           m_highlights.output, m_highlights.currentOutput);
    if (!m_text)
        return;
    // Hits are places in the source; the n-th hit of a text is shown at its n-th place in the
    // rendered text.
    QList<std::pair<int, int>> shown;
    int current = -1;
    const QString plain = m_text->plainText();
    const QString source = cell() ? cell()->source : QString();
    qsizetype from = 0;
    for (qsizetype i = 0; i < m_highlights.source.size(); ++i) {
        const auto [position, length] = m_highlights.source[i];
        const qsizetype at = plain.indexOf(source.mid(position, length), from);
        if (at < 0)
            continue;
        if (i == m_highlights.currentSource)
            current = static_cast<int>(shown.size());
        shown.append({static_cast<int>(at), length});
        from = at + length;
    }
    m_text->setHighlights(shown, current);
}

QRect CellRow::highlightRect()
{
    if (m_highlights.currentOutput < 0)
        return m_highlights.currentSource < 0
                   ? QRect()
                   : sourceLineRect(m_highlights.source[m_highlights.currentSource].first);
    const QRectF rect = m_outputs ? m_outputs->highlightRect(m_highlights.currentOutput) : QRectF();
    return rect.isNull() ? QRect() : rect.toAlignedRect().translated(m_geometry.output.topLeft());
}

void CellRow::setAccessibleIndex(int index)
{
    const Cell *c = cell();
    if (!m_editor || !c)
        return;
    const QString kind = c->kind == CellKind::Markdown ? tr("text")
                         : c->kind == CellKind::Code   ? tr("code")
                                                       : tr("raw");
    m_editor->setAccessibleName(tr("Cell %1, %2").arg(index + 1).arg(kind));
}

} // namespace farcell
