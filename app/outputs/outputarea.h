#pragma once

#include "app/blocks/block.h"
#include "core/notebook/cell.h"

#include <memory>

class QMenu;

namespace farcell {

class ThemeSource;

// All outputs of one code cell, rendered natively: streams with terminal semantics, tracebacks,
// images, HTML, LaTeX, Markdown, JSON. Long output is clamped and scrolls inside.
// A place in the text of one output that was found; see searchableText().
struct OutputHit
{
    int output = 0;
    int position = 0, length = 0; // UTF-16, in searchableText()
    int fromEnd = 0;              // from the position to that text's end
};

class OutputArea : public Block
{
    Q_OBJECT
public:
    using Block::Block;

    virtual void setOutputs(const std::vector<Output> &outputs) = 0;
    // Outputs from `first` on are new or changed; those before are as they were.
    virtual void updateOutputs(const std::vector<Output> &outputs, int first) = 0;
    virtual void appendStream(const std::vector<Output> &outputs, int index, int added) = 0;
    // Marks what was found, wherever it is shown; highlightRect() tells where that is.
    virtual void setHits(const std::vector<Output> &outputs, const QList<OutputHit> &hits,
                         int current) = 0;
    virtual void setCollapsed(bool collapsed) = 0; // one quiet line "outputs hidden"
    // Shows all of what is clamped, unless it is higher than this. After layout().
    virtual void expand(qreal highest) = 0;
    // Adds "Copy", "Save image as…", "Open in tab", … for what is at `pos`.
    virtual void addActions(QMenu &menu, QPointF pos) = 0;

    // How many of the outputs could only be shown as a fallback (they need JavaScript).
    [[nodiscard]] virtual int fallbackCount() const = 0;

signals:
    void openInTabRequested(int output); // whole text or image of this output
    void clearRequested();
    void collapsedChanged(bool collapsed);
};

// Makes the blocks. Owns what they share: math engine thread, image decoder pool, caches.
// GUI thread; outlives every block it made.
class RenderService : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RenderService)

public:
    explicit RenderService(ThemeSource &theme, QObject *parent = nullptr);
    ~RenderService() override;

    // `baseDirectory`: for relative image paths; may be empty. `attachments`: JSON object or null.
    // `notebook`: any key; TeX macros and labels are shared by what has the same.
    std::unique_ptr<Block> markdown(const QString &source, const JsonText &attachments,
                                    const QString &baseDirectory, const QString &notebook = {});
    std::unique_ptr<OutputArea> outputs(const QString &baseDirectory, const QString &notebook = {});
    void forget(const QString &notebook);
    [[nodiscard]] bool isBusy() const; // pictures or formulas of what was painted are still made

    // Height guesses without rendering, for rows not yet seen.
    [[nodiscard]] static qreal estimateMarkdown(const QString &source, qreal width);
    [[nodiscard]] static qreal estimateOutputs(const OutputList &outputs, qreal width);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace farcell
