#pragma once

#include "core/notebook/notebookdocument.h"

#include <QByteArray>
#include <QString>

namespace farcell::nbformat {

// What the notebook says about its language.
struct Language
{
    QString name;          // lower case: "python"
    QString suffix;        // ".py"
    QString commentPrefix; // "# "
};
[[nodiscard]] Language languageOf(const NotebookContent &content);

[[nodiscard]] QString toScript(const NotebookContent &content);
[[nodiscard]] QString toMarkdown(const NotebookContent &content);
[[nodiscard]] QString toHtml(const NotebookContent &content, const QString &title);

// IPython's own syntax (%magic, !command, help?) as plain Python calls of get_ipython().
[[nodiscard]] QString withoutMagics(const QString &source);

// Markdown as HTML in GitHub's dialect; raw HTML and dangerous links are left out.
[[nodiscard]] QString markdownToHtml(const QString &markdown);

// `![x](attachment:a.png)` with the picture itself as a data URL.
[[nodiscard]] QString withInlineAttachments(const Cell &cell);
// "data:image/png;base64,…", or empty if the output has no picture.
[[nodiscard]] QString pictureUrl(const MimeBundle &data);
[[nodiscard]] QString withoutTerminalCodes(QString text);

} // namespace farcell::nbformat
