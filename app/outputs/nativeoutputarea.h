#pragma once

#include "app/markdown/rendercontext.h"
#include "app/outputs/outputarea.h"

#include <memory>
#include <vector>

namespace farcell {

class ClampPart;
class NotePart;
class StackPart;

// The OutputArea that draws without a browser: a stack with one clamped part per output.
// GUI thread.
class NativeOutputArea : public OutputArea
{
    Q_OBJECT
public:
    NativeOutputArea(const RenderContext &context, QString baseDirectory, QString notebook);
    ~NativeOutputArea() override;

    void setOutputs(const std::vector<Output> &outputs) override;
    void updateOutputs(const std::vector<Output> &outputs, int first) override;
    void appendStream(const std::vector<Output> &outputs, int index, int added) override;
    void setHits(const std::vector<Output> &outputs, const QList<OutputHit> &hits,
                 int current) override;
    void setCollapsed(bool collapsed) override;
    void expand(qreal highest) override;
    void addActions(QMenu &menu, QPointF pos) override;
    [[nodiscard]] int fallbackCount() const override;

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
    [[nodiscard]] QRectF highlightRect(int index) const override;
    [[nodiscard]] QRectF anchorRect(const QString &name) const override;
    void themeChanged() override;

private:
    void addOutput(const Output &output, int index);
    void addNote();
    void addCopyActions(QMenu &menu, QPointF pos, int index);
    void addImageActions(QMenu &menu, QPointF pos, int index);
    [[nodiscard]] Block &shown() const;

    RenderContext m_context;
    QString m_baseDirectory;
    QString m_notebook;
    std::unique_ptr<StackPart> m_stack; // one row per output, and a note when there are too many
    std::unique_ptr<NotePart> m_hidden; // shown instead while collapsed
    std::vector<bool> m_fallbacks;
    int m_total = 0; // outputs of the cell, also those beyond the cap
    int m_cap;
    bool m_collapsed = false;
    std::vector<std::pair<int, int>> m_hits; // row of the stack, index of its highlight
    std::vector<Output> m_beyond;            // outputs not shown until asked for
};

} // namespace farcell
