#pragma once

#include "core/notebook/cell.h"

namespace farcell {

// Which representation of an output is drawn, and whether that is less than its author meant.
struct MimeChoice
{
    QString mime;               // empty: nothing here can be drawn
    bool fallback = false;      // the richest form needs JavaScript or a format we cannot draw
    QString note;               // one sentence for the person when it is a fallback
    bool savedProgress = false; // a progress widget, shown as the text bar saved with it
};

// By JupyterLab's ranks (jupyter.md 7.1), among what is drawn without a browser.
[[nodiscard]] MimeChoice chooseMime(const MimeBundle &data);

// What an HTML output still shows when its scripts do not run.
enum class HtmlContent
{
    Static,      // scripts, if any, only add to what is there
    NeedsScript, // the scripts make the content
    Embedded,    // a frame, video or object
    Empty
};
[[nodiscard]] HtmlContent classifyHtml(const QString &html);

} // namespace farcell
