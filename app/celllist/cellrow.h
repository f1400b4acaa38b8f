#pragma once

#include "app/celllist/rowcontext.h"
#include "app/outputs/outputarea.h"

#include <QRect>
#include <QTimer>

#include <memory>

class QPainter;

namespace farcell {

class CellEditor;
class InputBox;

enum class RowPart
{
    None,
    Gutter, // drag handle
    RunButton,
    FoldTriangle,
    Box, // the code box beside the editor
    CollapsedSource,
    Text, // rendered Markdown
    Output,
    OutputGutter,
    FoldRow,
    FoldRunButton
};

// Where the parts of a row are, from the row's top left. Null rectangles: not there.
struct RowGeometry
{
    int width = 0, height = 0;
    QRect column, box, editor, text, output, input, note, foldRow, foldRun, runButton, foldTriangle,
        status;
};

// How a row looks just now.
struct RowLook
{
    bool current = false;
    bool selected = false; // one of several
    bool editMode = false;
    bool hovered = false;
    RowPart hoverPart = RowPart::None;
    qint64 now = 0; // ms since epoch, for the spinner and elapsed time
};

// One row on or near the screen: its blocks, and its editor while it has one. Made when the row
// comes near, dropped when it is far; everything worth keeping is in the document and in
// CellViewState. GUI thread, owned by the list.
class CellRow : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CellRow)

public:
    CellRow(RowContext &context, CellId id, CellViewState &state);
    ~CellRow() override;

    [[nodiscard]] const CellId &id() const { return m_id; }
    [[nodiscard]] const Cell *cell() const;
    [[nodiscard]] CellEditor *editor() const { return m_editor; }
    [[nodiscard]] OutputArea *outputs() const { return m_outputs.get(); }
    [[nodiscard]] Block *text() const { return m_text.get(); }
    [[nodiscard]] Block *note() const { return m_note.get(); }
    [[nodiscard]] const RowGeometry &geometry() const { return m_geometry; }
    [[nodiscard]] bool showsSource() const; // has room for an editor
    [[nodiscard]] bool hasSelection() const;

    int layout(int width); // returns the height
    void ensureEditor();
    void dropEditor();
    // Puts the widgets where the row is in the viewport now.
    void place(int top);
    void hideWidgets(); // the row is out of sight; a focused editor is moved away, never hidden
    void paint(QPainter &painter, const QRect &exposed, const RowLook &look);
    [[nodiscard]] RowPart partAt(QPoint pos) const;
    [[nodiscard]] Block *blockAt(QPoint pos, QPointF *inBlock) const;
    [[nodiscard]] QRect blockRect(const Block *block) const;

    // --- what changed
    void cellChanged();   // kind, metadata, count, attachments
    void sourceChanged(); // the preview follows after a moment
    void outputsChanged(int first);
    void streamAppended(int index, int added);
    void flushOutputs(); // once per frame
    void stateChanged();
    void baseDirectoryChanged();
    void themeChanged();
    void setHighlights(const QList<std::pair<int, int>> &inSource, int currentSource,
                       const QList<OutputHit> &inOutput, int currentOutput);
    // The current highlight within the row; null if it is not shown.
    [[nodiscard]] QRect highlightRect();
    // Y range of a UTF-16 position of the source within the row.
    [[nodiscard]] QRect sourceLineRect(int position);
    void setAccessibleIndex(int index);

signals:
    void linkActivated(const QUrl &url);
    void blockMenuRequested(farcell::Block *block, QPointF pos, const QPoint &global);
    void openOutputRequested(int output);
    void clearOutputsRequested();
    void outputsCollapsedChanged(bool collapsed);
    void inputSubmitted(const QString &value);

private:
    void renderText();
    void watch(Block *block);
    void updateLanguage();
    int sourceLines();
    void layoutStatus();
    int layoutSource(int y);
    int layoutText(int y);
    int layoutOutputs(int y);
    void syncBlocks();
    void syncInput();
    void syncNote();
    void applyHighlights();
    void placeEditor(int top);
    void paintBox(QPainter &painter, const RowLook &look) const;
    void paintSourceText(QPainter &painter, const QRect &exposed) const;
    void paintGutter(QPainter &painter, const RowLook &look) const;
    void paintRunButton(QPainter &painter, const RowLook &look) const;
    void paintNote(QPainter &painter, const QRect &exposed) const;
    void paintStatus(QPainter &painter, const RowLook &look) const;
    void paintFoldRow(QPainter &painter, const RowLook &look) const;
    void paintBlock(QPainter &painter, Block *block, const QRect &rect, const QRect &exposed) const;

    RowContext &m_context;
    CellId m_id;
    CellViewState &m_state;
    CellEditor *m_editor = nullptr;
    std::unique_ptr<Block> m_text;
    std::unique_ptr<OutputArea> m_outputs;
    std::unique_ptr<InputBox> m_input;
    std::unique_ptr<Block> m_note;
    QString m_noteShown;
    QTimer m_previewTimer;
    RowGeometry m_geometry;
    bool m_textStale = true;
    int m_dirtyOutput = -1; // first output that changed since the last frame
    int m_streamIndex = -1, m_streamAdded = 0;
    struct Highlights
    {
        QList<std::pair<int, int>> source;
        QList<OutputHit> output;
        int currentSource = -1, currentOutput = -1;
    } m_highlights;
};

// Height of a row that was never laid out, from its text alone.
[[nodiscard]] int estimateRowHeight(const Cell &cell, const CellViewState *state,
                                    const RowContext &context, int width);

} // namespace farcell
