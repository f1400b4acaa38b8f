#pragma once

#include "core/base/result.h"
#include "core/notebook/notebookdocument.h"

#include <QByteArray>
#include <QString>

namespace farcell {

enum class ExportFormat
{
    Script,   // the code, as nbconvert's script exporter writes it; text cells as comments
    Markdown, // one file: images as data URLs
    Html      // one page that needs nothing else and runs no script
};

// The notebook as another kind of file, UTF-8. `title` is what an HTML page is called.
[[nodiscard]] Result<QByteArray> exportNotebook(const NotebookContent &content, ExportFormat format,
                                                const QString &title);

// The file name ending for such a file, with its dot: ".py" for a script of a Python notebook.
[[nodiscard]] QString exportSuffix(const NotebookContent &content, ExportFormat format);

} // namespace farcell
