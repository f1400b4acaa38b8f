#pragma once

#include "core/base/ids.h"
#include "core/notebook/jsontext.h"

#include <QStringList>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace farcell {

enum class CellKind
{
    Code,
    Markdown,
    Raw,
    Unknown
};

// MIME type -> value, in the order of the file or message. Text values are JSON strings or lists
// of strings, binary ones base64 strings, +json ones any JSON.
struct MimeBundle
{
    std::vector<std::pair<QString, JsonText>> entries;

    [[nodiscard]] const JsonText *find(QStringView mime) const; // null if absent
    [[nodiscard]] bool isEmpty() const { return entries.empty(); }
    void set(const QString &mime, JsonText value); // replaces or appends
    friend bool operator==(const MimeBundle &a, const MimeBundle &b)
    {
        return a.entries == b.entries;
    }
};

enum class OutputKind
{
    Stream,
    DisplayData,
    ExecuteResult,
    Error,
    Unknown
};

// One output of a code cell, as nbformat 4 names its parts. Only the fields of its kind are set.
struct Output
{
    OutputKind kind = OutputKind::Unknown;
    QString streamName;                // Stream: "stdout", "stderr", "stdin"
    QString text;                      // Stream: what was written, control sequences and all
    MimeBundle data;                   // DisplayData, ExecuteResult
    JsonText metadata;                 // DisplayData, ExecuteResult: JSON object
    std::optional<int> executionCount; // ExecuteResult
    QString errorName, errorValue;     // Error
    QStringList traceback;             // Error: lines with ANSI colours
    QString displayId;                 // from transient.display_id; never saved
    JsonText origin; // the object in the file this was read from, unchanged since; else null
};

// Decodes one output object as nbformat 4 spells it; what is missing or odd stays empty.
[[nodiscard]] Output outputFromText(const JsonText &object);

// The outputs of one cell: decoded from the file's text at first use, copied on write.
class OutputList
{
public:
    OutputList() = default;
    explicit OutputList(std::vector<Output> outputs);
    static OutputList fromText(JsonText array); // the "outputs" array of a file, decoded lazily

    [[nodiscard]] bool isEmpty() const;
    [[nodiscard]] int size() const;
    [[nodiscard]] const std::vector<Output> &items() const; // decodes if needed
    [[nodiscard]] std::vector<Output> &edit();              // detaches and forgets the file's text
    [[nodiscard]] const JsonText &text() const; // file's text while untouched, else null
    // Bytes of text held; an estimate that costs nothing. For height estimates and budgets.
    [[nodiscard]] qsizetype byteSize() const;
    // The same list, not changed since one was copied from the other. Never decodes.
    [[nodiscard]] bool isSameAs(const OutputList &other) const;

private:
    struct Shared;
    const std::vector<Output> &decoded() const;
    std::shared_ptr<Shared> m_shared;
};

// The places a cell was read from; lets the writer keep every byte that was not edited.
struct CellOrigin;

// One cell, a value. The document owns the cells; everyone else reads them.
struct Cell
{
    CellId id; // unique in this process; the file's id is fileId
    CellKind kind = CellKind::Code;
    QString typeName;              // as in the file, kept for CellKind::Unknown
    std::optional<QString> fileId; // nbformat 4.5 "id", where the file has one
    QString source;
    JsonText metadata;    // JSON object, "{}" when empty
    JsonText attachments; // JSON object or null
    std::optional<int> executionCount;
    OutputList outputs;
    std::shared_ptr<const CellOrigin> origin; // null for a new cell
};

[[nodiscard]] CellId newCellId();  // unique in this process; any thread
[[nodiscard]] QString newFileId(); // eight random hex digits, as Jupyter makes them
// "code", "markdown", "raw"; the cell's own name for an unknown kind.
[[nodiscard]] QString typeNameOf(const Cell &cell);
[[nodiscard]] CellKind kindOfTypeName(QStringView name);

} // namespace farcell
