#pragma once

#include "app/recovery/recoverybatch.h"
#include "core/notebook/notebookdocument.h"

#include <QHash>
#include <QObject>
#include <QSet>

#include <limits>
#include <map>

namespace farcell {

// Which parts of a document were changed since its base, and which of them have not been written
// yet. Follows the document's signals; the document must outlive it.
// Not here: writing (RecoveryJournal).
class ChangedCells : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChangedCells)

public:
    explicit ChangedCells(NotebookDocument &document);

    void clear(); // the document is the base
    // The base becomes what the document was when saveStarted() was called last.
    void saveStarted();
    void saveFinished();

    // What was not written yet, and all that differs from the base (which is not set). Of very
    // long outputs a batch has a part only: then hasRest(), and takeNew() has more.
    [[nodiscard]] recovery::Batch takeNew();
    [[nodiscard]] recovery::Batch takeAll();
    [[nodiscard]] bool hasRest() const { return m_hasRest; }
    // Characters appended to outputs that still are in the document.
    [[nodiscard]] qint64 appended() const { return m_appended; }
    [[nodiscard]] std::vector<CellId> order() const;

signals:
    void changed();

private:
    static constexpr int none = std::numeric_limits<int>::max();
    struct Pending
    {
        bool fields = false;
        int outputsFrom = none;
        std::map<int, qsizetype> appended; // output -> characters at its end
    };
    Pending &touch(const CellId &id);
    void append(const CellId &id, int output, int added);
    [[nodiscard]] recovery::CellChange whole(const Cell &cell, Pending &rest);
    [[nodiscard]] recovery::CellChange part(const Cell &cell, const Pending &pending,
                                            Pending &rest);
    void forgetAppended(const CellId &id);

    NotebookDocument &m_document;
    QHash<CellId, Pending> m_pending;
    QSet<CellId> m_cells;     // changed since the base
    QSet<CellId> m_sinceSave; // … since saveStarted()
    QSet<CellId> m_known;     // wholly written since the file was begun
    QHash<CellId, qint64> m_appendedTo;
    qint64 m_appended = 0;
    qsizetype m_room = 0; // characters of outputs that the batch at hand still takes
    bool m_hasRest = false;
    bool m_order = false;
    bool m_metadata = false;
};

} // namespace farcell
