#pragma once

#include "core/nbformat/notebookfile.h"
#include "core/notebook/notebookdocument.h"

#include <QByteArray>
#include <QString>

#include <utility>

namespace farcell::test {

// A small notebook with something put in: the source of its one cell, as JSON.
inline QByteArray notebookWith(const QByteArray &source, const QByteArray &more = {})
{
    return "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n"
           "   \"metadata\": {},\n   \"outputs\": [],\n   \"source\": " +
           source + "\n  }\n ],\n \"metadata\": {" + more +
           "},\n \"nbformat\": 4,\n \"nbformat_minor\": 4\n}\n";
}

// Writes the notebook after an edit of its first cell.
inline QByteArray edited(const QByteArray &bytes, const QString &source)
{
    Result<NotebookContent> content = readNotebook(bytes);
    if (!content)
        return content.error().message.toUtf8();
    NotebookDocument document;
    document.setContent(std::move(*content));
    document.setSource(document.cellAt(0).id, source);
    return writeNotebook(document.content());
}

} // namespace farcell::test
