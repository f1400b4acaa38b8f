// The notebook reader and writer on any bytes: no crash, and what can be read comes back as it was.
#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace farcell;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArray bytes(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const Result<NotebookContent> content = readNotebook(bytes);
    if (!content)
        return 0;
    if (writeNotebook(*content) != bytes)
        std::abort(); // not byte for byte

    NotebookContent edited = *content;
    upgradeToV4(edited);
    for (Cell &cell : edited.cells) {
        (void)cell.outputs.items();
        (void)cell.metadata.toJson();
        cell.source += QStringLiteral("\nx");
        break; // one edited cell among untouched ones
    }
    const Result<NotebookContent> again = readNotebook(writeNotebook(edited));
    if (!again || again->cells.size() != edited.cells.size())
        std::abort(); // what was written cannot be read
    if (!readNotebook(serializeNotebook(edited)))
        std::abort();
    return 0;
}
