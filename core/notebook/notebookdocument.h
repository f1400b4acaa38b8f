#pragma once

#include "core/base/result.h"
#include "core/notebook/cell.h"

#include <QObject>

#include <memory>
#include <span>
#include <vector>

namespace farcell {

struct FileStyle; // how the file is written (core/nbformat/filestyle.h)

// Everything of a notebook but its file name: what a reader returns and a writer takes.
struct NotebookContent
{
    int nbformat = 4;
    int nbformatMinor = 5;
    bool convertedFromV3 = false; // shown as v4; saved as v4 only after the person agreed
    JsonText metadata;            // JSON object
    std::vector<Cell> cells;
    std::shared_ptr<const FileStyle> style; // null: as nbformat writes
};

// The notebook being edited: an ordered list of cells and the only place their text, outputs and
// metadata live. Views and the kernel session read it and change it through the methods below;
// nobody keeps a second copy. Every change by a person is one step of one undo history, which
// covers text, structure, metadata and outputs; consecutive typing in a cell merges into one step.
//
// Not thread-safe: lives on the thread that created it.
// Not here: reading and writing files (nbformat), running cells (client/notebooksession).
class NotebookDocument : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NotebookDocument)

public:
    explicit NotebookDocument(QObject *parent = nullptr); // one empty code cell
    ~NotebookDocument() override;

    void setContent(NotebookContent content);      // replaces all, clears undo, unmodified
    [[nodiscard]] NotebookContent content() const; // cheap: cells are shared

    // --- reading
    [[nodiscard]] int cellCount() const;
    [[nodiscard]] const Cell &cellAt(int index) const;
    [[nodiscard]] const Cell *findCell(const CellId &id) const; // null if the cell is gone
    [[nodiscard]] int indexOf(const CellId &id) const;          // -1 if gone; O(1) amortised
    [[nodiscard]] const JsonText &metadata() const;
    [[nodiscard]] QString language() const;   // kernelspec/language_info, "python" when unknown
    [[nodiscard]] QString kernelName() const; // metadata.kernelspec.name, may be empty
    [[nodiscard]] bool isModified() const;
    [[nodiscard]] bool hasCellIds() const; // nbformat >= 4.5

    // --- editing by a person; each call is one undo step
    CellId insertCell(int index, CellKind kind, const QString &source = {});
    void insertCells(int index, std::vector<Cell> cells); // pasted: fresh ids, file ids kept unique
    void removeCells(std::span<const CellId> ids);
    void moveCells(std::span<const CellId> ids, int index); // index counted before the move
    // Replaces `length` UTF-16 units at `position` by `text`; consecutive typing merges.
    void editSource(const CellId &id, int position, int length, const QString &text);
    void setSource(const CellId &id, const QString &source); // minimal editSource
    void setKind(const CellId &id, CellKind kind);
    void splitCell(const CellId &id, std::span<const int> positions); // the first part keeps the id
    void mergeCells(std::span<const CellId> ids); // into the first, joined by "\n"
    void setCellMetadata(const CellId &id, const nlohmann::ordered_json &metadata);
    void setMetadata(const nlohmann::ordered_json &metadata);
    void setAttachments(const CellId &id, const JsonText &attachments);
    void clearOutputs(std::span<const CellId> ids); // and execution counts
    // Several calls as one step: beginMacro … endMacro (nest).
    void beginMacro();
    void endMacro();

    [[nodiscard]] bool canUndo() const;
    [[nodiscard]] bool canRedo() const;
    // The cell that changed, for the view to reveal; empty if nothing was done.
    CellId undo();
    CellId redo();

    // --- changes by the kernel: not undo steps of their own; running a cell again can be undone
    // through startOutputs(), which makes the replaced outputs one step.
    void startOutputs(const CellId &id); // clears outputs and count before a run, undoable
    void appendOutput(const CellId &id, const Output &output);
    void appendStreamText(const CellId &id, int outputIndex, const QString &text);
    void replaceOutput(const CellId &id, int outputIndex, const Output &output);
    void truncateOutputs(const CellId &id); // clear_output
    void setExecutionCount(const CellId &id, std::optional<int> count);
    // Metadata written by the program (execution times), merged; not an undo step.
    void mergeCellMetadata(const CellId &id, const nlohmann::ordered_json &patch);

    void markSaved();
    void markModified(); // there is something to save although nothing was edited: recovered
    // After the person agreed to save a v3 notebook as v4, or after "save as": takes the format
    // and file style of `content`, and each cell's origin and file id; nothing a person sees.
    void adoptFormat(const NotebookContent &content);
    [[nodiscard]] bool isConvertedFromV3() const;

signals:
    void cellsInserted(int first, int count);
    void cellsRemoved(int first, int count);
    void cellsMoved(); // any reordering: re-read the order
    void contentReset();
    void sourceEdited(const farcell::CellId &id, int position, int removed, int added);
    void outputsChanged(const farcell::CellId &id, int firstOutput); // from this output on
    void streamAppended(const farcell::CellId &id, int outputIndex, int added);
    void cellChanged(const farcell::CellId &id); // kind, metadata, count, attachments
    void metadataChanged();
    void modifiedChanged(bool modified);
    void undoChanged();

private:
    class Private;
    std::unique_ptr<Private> m_d;
};

} // namespace farcell
