#include "app/celllist/cellrow.h"
#include "app/celllist/inputbox.h"
#include "app/celllist/usagetext.h"
#include "app/editor/celleditor.h"
#include "core/notebook/notebookdocument.h"

#include <QtMath>

#include <algorithm>

namespace farcell {

namespace M = RowMetrics;

namespace {

constexpr int farAway = -20000;

int lineCount(const QString &source)
{
    return static_cast<int>(source.count(u'\n')) + 1;
}

QRect columnOf(int width)
{
    const int column = std::clamp(width - 2 * M::pageMargin, 200, M::maxColumn);
    return {std::max(M::pageMargin, (width - column) / 2), 0, column, 0};
}

} // namespace

int CellRow::sourceLines()
{
    if (m_editor)
        return m_editor->displayLines();
    return lineCount(cell()->source);
}

// --- layout

int CellRow::layout(int width)
{
    const Cell *c = cell();
    if (!c)
        return m_geometry.height;
    syncBlocks();
    m_geometry = {};
    m_geometry.width = width;
    m_geometry.column = columnOf(width);
    int y = M::gap;
    const bool rendered = c->kind == CellKind::Markdown && !m_state.editing;
    y = rendered ? layoutText(y) : layoutSource(y);
    y = layoutOutputs(y);
    const QRect &column = m_geometry.column;
    if (m_state.hiddenCells > 0) {
        m_geometry.foldRow =
            QRect(column.left() + M::gutter, y + 4, column.width() - M::gutter, M::foldRow - 4);
        m_geometry.foldRun =
            QRect(column.left() + (M::gutter - M::button) / 2 + 4,
                  m_geometry.foldRow.center().y() - M::button / 2 + 1, M::button, M::button);
        y += M::foldRow;
    }
    if (m_state.isHeading && rendered)
        m_geometry.foldTriangle =
            QRect(column.left() + M::gutter - 24, m_geometry.text.top() + 2, 24, 28);
    m_geometry.height = y + M::gap;
    layoutStatus();
    m_geometry.column.setHeight(m_geometry.height);
    return m_geometry.height;
}

// Lines of time and cost below the button, as many as the row has room for.
void CellRow::layoutStatus()
{
    if (m_geometry.runButton.isNull())
        return;
    const int top = m_geometry.runButton.bottom() + 3;
    const int room = m_geometry.height - M::gap + 2 - top;
    const int marks = m_state.run.usage ? int(usageMarks(*m_state.run.usage).size()) : 0;
    const int lines = std::min(1 + marks, room / M::statusLine);
    if (lines > 0)
        m_geometry.status = QRect(m_geometry.runButton.center().x() - M::gutter / 2, top,
                                  M::gutter + 1, lines * M::statusLine);
}

int CellRow::layoutSource(int y)
{
    const Cell *c = cell();
    const QRect &column = m_geometry.column;
    const int left = column.left() + M::gutter;
    const int width = column.width() - M::gutter;
    if (c->kind == CellKind::Code)
        m_geometry.runButton =
            QRect(column.left() + (M::gutter - M::button) / 2 + 4, y + 5, M::button, M::button);
    if (m_state.sourceCollapsed) {
        m_geometry.box = QRect(left, y, width, M::collapsedSource);
        return y + M::collapsedSource;
    }
    if (c->kind != CellKind::Markdown) {
        const QRect editor(left + M::editorInset, y + M::boxPadY, width - M::editorInset - 8, 0);
        if (m_editor && m_editor->width() != editor.width())
            m_editor->resize(editor.width(), std::max(m_editor->height(), m_context.lineHeight));
        const int height = sourceLines() * m_context.lineHeight;
        m_geometry.editor = editor.adjusted(0, 0, 0, height);
        m_geometry.box = QRect(left, y, width, height + 2 * M::boxPadY);
        return y + m_geometry.box.height();
    }
    // A text cell being edited: source and preview, beside each other where there is room.
    const bool beside = width >= M::sideBySide;
    const int half = beside ? width / 2 : width;
    QRect editor(left + M::textInset - 2, y + M::boxPadY, half - M::textInset - 6, 0);
    if (m_editor && m_editor->width() != editor.width())
        m_editor->resize(editor.width(), std::max(m_editor->height(), m_context.lineHeight));
    const int sourceHeight = std::max(3, sourceLines()) * m_context.lineHeight;
    editor.setHeight(sourceHeight);
    const int previewLeft = beside ? left + half + M::textInset : left + M::textInset;
    const int previewWidth = std::min(M::maxText, left + width - 12 - previewLeft);
    const int previewHeight = m_text ? qCeil(m_text->layout(previewWidth)) : M::minPreview;
    const int previewTop = beside ? y + M::boxPadY : y + sourceHeight + 2 * M::boxPadY + 1;
    m_geometry.editor = editor;
    m_geometry.text = QRect(previewLeft, previewTop, previewWidth, previewHeight);
    const int inner = beside ? std::max(sourceHeight, previewHeight)
                             : sourceHeight + previewHeight + 2 * M::boxPadY + 1;
    m_geometry.box = QRect(left, y, width, inner + 2 * M::boxPadY);
    return y + m_geometry.box.height();
}

int CellRow::layoutText(int y)
{
    const QRect &column = m_geometry.column;
    const int left = column.left() + M::gutter + M::textInset;
    const int width = std::min(M::maxText, column.right() - left - 8);
    const int height = m_text ? qCeil(m_text->layout(width)) : M::placeholder;
    m_geometry.text = QRect(left, y, width, std::max(height, M::placeholder));
    return y + m_geometry.text.height();
}

int CellRow::layoutOutputs(int y)
{
    const QRect &column = m_geometry.column;
    const int left = column.left() + M::gutter + M::textInset;
    const int width = column.right() - left - 8;
    if (m_outputs) {
        flushOutputs();
        y += M::outputGap;
        const int height = qCeil(m_outputs->layout(width));
        m_geometry.output = QRect(left, y, width, height);
        y += height;
    }
    if (m_note) {
        const int inner = std::min(width, M::maxText) - 2 * M::notePad;
        const int height = qCeil(m_note->layout(inner));
        m_geometry.note = QRect(left + M::notePad, y + M::notePad + 4, inner, height);
        y += height + 2 * M::notePad + 4;
    }
    if (m_input) {
        m_geometry.input = QRect(left, y + 8, std::min(width, 640), M::inputRow - 8);
        y += M::inputRow;
    }
    return y;
}

void CellRow::place(int top)
{
    if (m_editor)
        placeEditor(top);
    if (m_input)
        m_input->setGeometry(m_geometry.input.translated(0, top));
}

// A cell taller than the screen has an editor as tall as two screens, moved along with the part
// that is seen.
void CellRow::placeEditor(int top)
{
    const QRect full = m_geometry.editor.translated(0, top);
    const int viewHeight = m_context.viewport->height();
    const int line = m_context.lineHeight;
    QRect place = full;
    int first = 0;
    if (full.height() > 2 * viewHeight) {
        const int lines = viewHeight / line + 2;
        const int total = full.height() / line;
        first = std::clamp(-full.top() / line, 0, std::max(0, total - lines));
        place = QRect(full.left(), full.top() + first * line, full.width(), lines * line);
    }
    if (m_editor->geometry() != place)
        m_editor->setGeometry(place);
    m_editor->setFirstDisplayLine(first);
    if (m_editor->isHidden())
        m_editor->show();
}

void CellRow::hideWidgets()
{
    if (m_editor) {
        const int height = std::min(m_editor->height(), m_context.viewport->height());
        m_editor->setGeometry(m_editor->x(), farAway, m_editor->width(), std::max(height, 1));
        m_editor->show();
    }
    if (m_input)
        m_input->move(m_input->x(), farAway);
}

int estimateRowHeight(const Cell &cell, const CellViewState *state, const RowContext &context,
                      int width)
{
    const QRect column = columnOf(width);
    const int content = column.width() - M::gutter - M::textInset - 8;
    int height = 2 * M::gap;
    if (cell.kind == CellKind::Markdown) {
        height += std::max(M::placeholder, qCeil(RenderService::estimateMarkdown(
                                               cell.source, std::min(M::maxText, content))));
    } else if (state && state->sourceCollapsed) {
        height += M::collapsedSource;
    } else {
        height += lineCount(cell.source) * context.lineHeight + 2 * M::boxPadY;
    }
    if (cell.kind == CellKind::Code && !cell.outputs.isEmpty()) {
        const bool collapsed = state && state->outputsCollapsed;
        height += M::outputGap +
                  (collapsed ? M::placeholder
                             : qCeil(RenderService::estimateOutputs(cell.outputs, content)));
    }
    if (state && state->hiddenCells > 0)
        height += M::foldRow;
    return height;
}

} // namespace farcell
