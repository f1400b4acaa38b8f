#pragma once

#include "core/base/ids.h"
#include "core/client/runstate.h"

#include <QString>

#include <optional>

class QWidget;

namespace farcell {

class CellEditor;
class NotebookDocument;
class RenderService;
class ThemeSource;
struct Language;

// Measures of the page, in device-independent pixels.
namespace RowMetrics {
constexpr int pageMargin = 16;  // left and right of the column
constexpr int maxColumn = 1200; // wider windows centre the column
constexpr int maxText = 940;    // a line of prose longer than this is hard to read
constexpr int gutter = 56;      // run button, count, fold triangle
constexpr int gap = 7;          // above and below each row's content
constexpr int boxPadY = 8;
constexpr int textInset = 20;  // text of code, prose and outputs starts on one line
constexpr int editorInset = 4; // editor's own margins fill the rest of textInset
constexpr int outputGap = 8;
constexpr int button = 26; // run button
constexpr int collapsedSource = 36;
constexpr int foldRow = 36;
constexpr int inputRow = 48;
constexpr int sideBySide = 720; // room for source and preview beside each other
constexpr int minPreview = 24;
constexpr int notePad = 12;
constexpr int statusLine = 15;
constexpr int placeholder = 24; // an empty text cell
} // namespace RowMetrics

// What the list knows about a cell beyond the document; outlives the row.
struct CellViewState
{
    CellRunState run;
    bool editing = false; // a text cell that shows its source
    bool outputsCollapsed = false;
    bool sourceCollapsed = false;
    int hiddenCells = 0;    // > 0: a folded heading
    bool isHeading = false; // has a fold triangle
    struct Input
    {
        QString prompt;
        bool password = false;
    };
    std::optional<Input> input;
    QString note; // Markdown below the outputs, never of the file: why a GPU's memory was full
};

// What rows ask of the list.
class RowHost
{
public:
    virtual ~RowHost() = default;
    [[nodiscard]] virtual CellEditor *acquireEditor(const CellId &id) = 0; // bound to the cell
    virtual void releaseEditor(CellEditor *editor) = 0;
    virtual void rowChanged(const CellId &id) = 0; // height may differ: lay out soon
    virtual void repaintRow(const CellId &id, const QRect &rowArea) = 0;
};

// Shared by all rows of a list. References outlive the rows.
struct RowContext
{
    NotebookDocument &document;
    ThemeSource &theme;
    RenderService &render;
    RowHost &host;
    QWidget *viewport = nullptr;
    const Language *language = nullptr; // of the kernel
    QString baseDirectory = {};
    QString notebook = {}; // a key of its own for each list
    int lineHeight = 19;   // of editors
    bool lineNumbers = false;
    bool wrapCode = false;
    bool readOnly = false;
};

} // namespace farcell
