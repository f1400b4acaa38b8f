#pragma once

#include "core/base/ids.h"

#include <QHash>
#include <QString>

#include <list>
#include <memory>
#include <vector>

class QsciScintillaBase;

namespace farcell {

struct Language;

// What an editor needs to show one cell: Scintilla's document (text, colours, lexer) and the view
// state that a document does not carry. The text here is a copy for display only; the truth is in
// NotebookDocument.
struct CellBuffer
{
    CellId cell;
    void *document = nullptr; // Scintilla's document, one reference held by the cache
    const Language *language = nullptr;
    bool stale = true; // the cell's text changed while no editor showed it

    long anchor = 0, caret = 0; // bytes
    int xOffset = 0;
    std::vector<int> foldedLines;
};

// The buffers of one cell list: made at first use, least recently used ones dropped. Undo lives in
// the notebook, so dropping a buffer loses nothing but folds.
// Scintilla crashes when a document outlives the last editor: the cache owns a hidden keeper.
// GUI thread. Not here: editors on screen (CellEditorPool).
class CellBufferCache
{
public:
    static constexpr int defaultCapacity = 400;

    explicit CellBufferCache(int capacity = defaultCapacity);
    ~CellBufferCache();
    CellBufferCache(const CellBufferCache &) = delete;
    CellBufferCache &operator=(const CellBufferCache &) = delete;

    // The buffer of a cell, with this text and lexer. `stale` text is loaded anew.
    CellBuffer &obtain(const CellId &id, const QString &text, const Language &language);
    [[nodiscard]] CellBuffer *find(const CellId &id);
    // The cell's text changed; the editor that shows it, if any, was told separately.
    void markStale(const CellId &id);
    void remove(const CellId &id);
    void clear();
    [[nodiscard]] int size() const { return static_cast<int>(m_buffers.size()); }

    // A buffer shown by an editor is never dropped.
    void pin(const CellId &id);
    void unpin(const CellId &id);

private:
    struct Entry;

    void load(CellBuffer &buffer, const QString &text, const Language &language);
    void evict();
    void release(CellBuffer &buffer);

    std::unique_ptr<QsciScintillaBase> m_keeper;
    void *m_idleDocument = nullptr; // the keeper's own document, shown while it works on none
    QHash<CellId, std::shared_ptr<Entry>> m_buffers;
    std::list<CellId> m_order; // least recently used first
    int m_capacity;
};

} // namespace farcell
