#pragma once

#include "core/base/result.h"
#include "core/notebook/notebookdocument.h"

#include <QDateTime>
#include <QIODevice>
#include <QString>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace farcell {

// Where an unsaved notebook came from.
struct RecoveryHead
{
    QString originalPath;    // empty for a notebook that was never saved
    QByteArray originalHash; // of the file when it was read or last saved; see notebookHash()
    QString title;           // what the tab was called
    QDateTime writtenAt;
};

namespace recovery {

// The notebook that the changes are changes of. `cells` names its cells, in order.
struct Base
{
    QString path;    // the file that holds it; empty: there is only the copy
    QByteArray hash; // of that file's content; empty: the copy is right however it reads
    QString copy;    // the name of a copy, or link, beside the recovery file; may be missing
    std::vector<CellId> cells;
};

// What is new of one cell.
struct CellChange
{
    CellId id;
    // Everything but the outputs, and those too where they still are the file's own text.
    std::optional<Cell> cell;
    int outputsFrom = -1; // these outputs, and whatever follows, are replaced; -1: none
    std::vector<Output> outputs;
    std::vector<std::pair<int, QString>> appended; // text at the end of a stream output
};

// What happened between two writes; applied wholly or not at all.
struct Batch
{
    RecoveryHead head;
    std::optional<Base> base; // starts anew: whatever batches said before counts no more
    std::vector<CellChange> cells;
    std::optional<std::vector<CellId>> order;
    std::optional<JsonText> metadata; // of the notebook
};

// A recovery file is a first line and then records: length, checksum, one batch. A record that
// was being written when the program died is left out, with all that follows.
[[nodiscard]] QByteArray firstLine();
[[nodiscard]] QByteArray encodeRecord(const Batch &batch);
// Calls `found` for each whole batch in turn; false when there is none.
bool readRecords(QIODevice &file, const std::function<void(Batch batch)> &found);
// The head of the last batch; reads little of the file.
[[nodiscard]] std::optional<RecoveryHead> lastHead(QIODevice &file);

} // namespace recovery
} // namespace farcell
