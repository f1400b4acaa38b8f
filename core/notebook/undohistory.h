#pragma once

#include "core/notebook/cell.h"

#include <deque>
#include <optional>
#include <variant>
#include <vector>

namespace farcell {

// --- what a step of the history is made of. Each change but TextChange holds "the other state":
// applying it swaps that with the document's, so doing and undoing are the same.

struct TextChange
{
    CellId id;
    int position = 0;
    QString removed;
    QString added;
};

// Cells [first, first + count), held here while they are not in the document.
struct SpanChange
{
    int first = 0;
    int count = 0;
    std::vector<Cell> held;
};

struct OrderChange
{
    std::vector<CellId> order;
};

struct CellType
{
    CellKind kind = CellKind::Code;
    QString typeName;
};

struct RunResult
{
    OutputList outputs;
    std::optional<int> executionCount;
};

// The fields of a cell that a change touches; the others are not set.
struct FieldsChange
{
    CellId id;
    std::optional<CellType> type;
    std::optional<JsonText> metadata;
    std::optional<JsonText> attachments;
    std::optional<RunResult> result;
};

struct MetadataChange // of the notebook
{
    JsonText metadata;
};

using Change = std::variant<TextChange, SpanChange, OrderChange, FieldsChange, MetadataChange>;

struct UndoStep
{
    std::vector<Change> changes;
    quint64 state = 0;   // names the document's state after this step
    qsizetype bytes = 0; // an estimate of what it holds
};

// The one undo history of a document: steps of changes already made. Steps are dropped from the
// old end when they hold too much.
//
// Owned by NotebookDocument, which makes and reverts the changes.
class UndoHistory
{
public:
    void clear();
    // Adds a change to the open macro, to the step before it (typing), or as a step of its own.
    void push(Change change);
    void beginMacro() { ++m_macroDepth; }
    void endMacro();
    // What is typed from now on is a step of its own.
    void closeTyping() { m_typingOpen = false; }

    [[nodiscard]] bool canUndo() const { return !m_done.empty(); }
    [[nodiscard]] bool canRedo() const { return !m_undone.empty(); }
    // Moves the step to the other side; the caller reverts or makes its changes.
    [[nodiscard]] UndoStep &stepBack();
    [[nodiscard]] UndoStep &stepForward();

    // Equal numbers mean equal documents, as far as this history knows.
    [[nodiscard]] quint64 state() const
    {
        return m_done.empty() ? m_baseState : m_done.back().state;
    }

private:
    bool mergeTyping(const Change &change);
    void addStep(std::vector<Change> changes);
    void dropOldest();

    std::deque<UndoStep> m_done;
    std::vector<UndoStep> m_undone;
    std::vector<Change> m_macro;
    int m_macroDepth = 0;
    bool m_typingOpen = false;
    quint64 m_lastState = 0;
    quint64 m_baseState = 0;
    qsizetype m_bytes = 0;
};

} // namespace farcell
